"""A relay that does what a test tells it to: takes mail, refuses it, falls silent or hangs up, where it is told.

    with Relay(pipelining=True) as relay:
        relay.rule("RCPT", "550 5.1.1 no such user", match="bob@", times=1)
        relay.rule("END", Do.TAKE_AND_DROP)        # the mail is ours, and the sender never hears of it
        ... send to 127.0.0.1, relay.port ...
        relay.mails, relay.lines, relay.log_ins

Places of a rule: CONNECT (the greeting), EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA, CONTENT (after 354, before the
mail is read; nothing is answered there), END (after the final dot), RSET, NOOP, QUIT.  The first rule that matches is carried out; without one the relay takes everything.  `stop` and `start`
make an outage: the port stays the same.  For many mails there is `tests.rig.sink`.
"""

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self

from tests.rig.ports import HOST

_CONNECTION_SECONDS = 30  # longer than any test's own timeout
_DEFAULTS = {"MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "RSET": "250 2.0.0 ok", "NOOP": "250 2.0.0 ok"}


class Do(Enum):
    """What a rule may do instead of answering."""

    DROP = auto()  # hang up
    SILENCE = auto()  # say nothing, and stay
    TAKE_AND_DROP = auto()  # END only: keep the mail, hang up without a word
    TAKE_AND_SILENCE = auto()  # END only: keep the mail, say nothing


@dataclass(slots=True)
class Rule:
    """``do`` at ``on`` for lines that hold ``match`` (the recipient's path at DATA and END), ``times`` times."""

    on: str
    do: str | Do  # a reply line (several with "\r\n"), or what to do instead
    match: str = ""
    times: int | None = None
    hold: threading.Event | None = None  # not before this is set

    def applies(self, on: str, line: str) -> bool:
        return self.on == on and self.match in line and self.times != 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the relay took (said 250 to, or was told to take)."""

    reverse_path: str
    recipients: tuple[str, ...]
    octets: bytes
    secured: bool
    user: str


@dataclass(slots=True)
class _Dialogue:
    sock: socket.socket
    buffer: bytes = b""
    secured: bool = False
    user: str = ""
    reverse_path: str | None = None
    recipients: list[str] = field(default_factory=list)
    taken: int = 0


class _HangUpError(Exception):
    pass


class Relay:
    """See the module; ``users`` (name to password) makes it want a log-in before MAIL."""

    def __init__(
        self,
        *,
        pipelining: bool = True,
        users: Mapping[str, str] | None = None,
        mechanisms: Iterable[str] = ("PLAIN", "LOGIN"),
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        extensions: Iterable[str] = ("SIZE 33554432", "8BITMIME", "ENHANCEDSTATUSCODES"),
        per_connection: int | None = None,
        port: int = 0,
    ) -> None:
        self.port = port
        self.mails: list[Taken] = []
        self.lines: list[str] = []  # every command line in the order of arrival, its verb in capitals
        self.chunks: list[bytes] = []  # what came in one piece before DATA was answered
        self.log_ins: list[tuple[str, bool]] = []  # user, right or not
        self.connections = 0
        self._rules: list[Rule] = []
        self._pipelining, self._users, self._mechanisms = pipelining, users, tuple(mechanisms)
        self._starttls, self._tls, self._extensions = starttls, tls, tuple(extensions)
        self._per_connection = per_connection
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def rule(
        self, on: str, do: str | Do, match: str = "", times: int | None = None, hold: threading.Event | None = None
    ) -> Rule:
        """Add a rule; the first added that matches counts."""
        added = Rule(on, do, match, times, hold)
        with self._lock:
            self._rules.append(added)
        return added

    def forget_rules(self) -> None:
        """Take everything again."""
        with self._lock:
            self._rules.clear()

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._listener = socket.create_server((HOST, self.port))
        self.port = self._listener.getsockname()[1]
        self._thread(self._accept, self._listener)

    def stop(self) -> None:
        """Hang up on everybody and stop listening."""
        if self._listener:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(_CONNECTION_SECONDS)
        self._threads.clear()

    def hang_up(self) -> None:
        """Close every connection, as an idle timeout would; the clients have the end of file when this returns."""
        with self._lock:
            connections = list(self._open)
        for sock in connections:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- one connection ------------------------------------------------------------------------------------------

    def _thread(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                sock.settimeout(_CONNECTION_SECONDS)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self.connections += 1
                    self._open.add(sock)
                self._thread(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        dialogue = _Dialogue(sock)
        try:
            if self._tls:
                dialogue.sock, dialogue.secured = self._tls.wrap_socket(sock, server_side=True), True
            self._say(dialogue, "CONNECT", "", "220 relay.test ESMTP")
            while True:
                self._command(dialogue, self._line(dialogue))
        except (OSError, _HangUpError):
            pass
        finally:
            with self._lock:
                self._open.discard(sock)
            dialogue.sock.close()

    def _command(self, dialogue: _Dialogue, line: str) -> None:
        verb, _, rest = line.partition(" ")
        verb = verb.upper()
        with self._lock:
            self.lines.append(f"{verb} {rest}".rstrip())
        special: dict[str, Callable[[_Dialogue, str], None]]
        special = {"EHLO": self._ehlo, "STARTTLS": self._secure, "AUTH": self._auth, "MAIL": self._mail}
        special |= {"RCPT": self._rcpt, "DATA": self._data, "QUIT": self._quit, "RSET": self._reset}
        if verb in special:
            special[verb](dialogue, rest)
        else:
            self._say(dialogue, verb, line, _DEFAULTS.get(verb, "502 5.5.2 what?"))

    def _ehlo(self, dialogue: _Dialogue, rest: str) -> None:
        offers = ["relay.test", *self._extensions]
        offers += ["PIPELINING"] if self._pipelining else []
        offers += ["STARTTLS"] if self._starttls and not dialogue.secured else []
        offers += [f"AUTH {' '.join(self._mechanisms)}"] if self._users is not None else []
        reply = "".join(f"250-{offer}\r\n" for offer in offers[:-1]) + f"250 {offers[-1]}"
        self._say(dialogue, "EHLO", rest, reply)

    def _secure(self, dialogue: _Dialogue, rest: str) -> None:
        if not self._starttls:
            raise _HangUpError
        if self._say(dialogue, "STARTTLS", rest, "220 2.0.0 go ahead"):
            dialogue.sock, dialogue.secured = self._starttls.wrap_socket(dialogue.sock, server_side=True), True
            dialogue.buffer = b""

    def _auth(self, dialogue: _Dialogue, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        if mechanism == "PLAIN":
            user, password = base64.b64decode(initial).decode().split("\0")[1:]
        else:
            user, password = (self._challenge(dialogue, prompt) for prompt in ("Username:", "Password:"))
        right = (self._users or {}).get(user) == password
        reply = "235 2.7.0 welcome" if right else "535 5.7.8 wrong user or password"
        with self._lock:
            self.log_ins.append((user, right))
        if self._say(dialogue, "AUTH", rest, reply) and right:
            dialogue.user = user

    def _challenge(self, dialogue: _Dialogue, prompt: str) -> str:
        self._send(dialogue, f"334 {base64.b64encode(prompt.encode()).decode()}")
        return base64.b64decode(self._line(dialogue)).decode()

    def _mail(self, dialogue: _Dialogue, rest: str) -> None:
        if self._per_connection is not None and dialogue.taken >= self._per_connection:
            self._send(dialogue, "421 4.7.0 enough on this connection")
            raise _HangUpError
        want = self._users is not None and not dialogue.user
        reply = "530 5.7.0 log in first" if want else _DEFAULTS["MAIL"]
        if self._say(dialogue, "MAIL", rest, reply):
            dialogue.reverse_path, dialogue.recipients = _path(rest), []

    def _rcpt(self, dialogue: _Dialogue, rest: str) -> None:
        reply = _DEFAULTS["RCPT"] if dialogue.reverse_path is not None else "503 5.5.1 MAIL first"
        if self._say(dialogue, "RCPT", rest, reply):
            dialogue.recipients.append(_path(rest))

    def _data(self, dialogue: _Dialogue, rest: str) -> None:
        names = " ".join((*dialogue.recipients, rest))
        reply = "354 go on" if dialogue.recipients else "554 5.5.1 no valid recipients"
        if self._say(dialogue, "DATA", names, reply, goes_on="354"):
            if self._rule("CONTENT", names):
                raise _HangUpError
            octets = self._content(dialogue)
            taken = (dialogue.reverse_path or "", tuple(dialogue.recipients), octets, dialogue.secured, dialogue.user)
            if self._say(dialogue, "END", names, "250 2.0.0 taken", taken=Taken(*taken)):
                dialogue.taken += 1
            dialogue.reverse_path, dialogue.recipients = None, []

    def _reset(self, dialogue: _Dialogue, rest: str) -> None:
        dialogue.reverse_path, dialogue.recipients = None, []
        self._say(dialogue, "RSET", rest, _DEFAULTS["RSET"])

    def _quit(self, dialogue: _Dialogue, rest: str) -> None:
        self._say(dialogue, "QUIT", rest, "221 2.0.0 bye")
        raise _HangUpError

    # -- answers -------------------------------------------------------------------------------------------------

    def _say(
        self, dialogue: _Dialogue, on: str, line: str, reply: str, *, taken: Taken | None = None, goes_on: str = "2"
    ) -> bool:
        """Answer by rule or with ``reply``; True if the answer was the good one.  A mail is kept before it is told."""
        rule = self._rule(on, line)
        if rule and rule.hold:
            rule.hold.wait(_CONNECTION_SECONDS)
        do = rule.do if rule else reply
        good = isinstance(do, str) and do.startswith(goes_on)
        if taken and (good or do in (Do.TAKE_AND_DROP, Do.TAKE_AND_SILENCE)):
            with self._lock:
                self.mails.append(taken)
        if isinstance(do, str):
            self._send(dialogue, do)
            if do.startswith("421"):
                raise _HangUpError
            return good
        if do in (Do.SILENCE, Do.TAKE_AND_SILENCE):
            while dialogue.sock.recv(65536):
                pass
        raise _HangUpError

    def _rule(self, on: str, line: str) -> Rule | None:
        with self._lock:
            rule = next((rule for rule in self._rules if rule.applies(on, line)), None)
            if rule and rule.times:
                rule.times -= 1
            return rule

    def _send(self, dialogue: _Dialogue, reply: str) -> None:
        dialogue.sock.sendall(reply.encode() + b"\r\n")

    def _line(self, dialogue: _Dialogue) -> str:
        while b"\r\n" not in dialogue.buffer:
            chunk = self._read(dialogue)
            with self._lock:
                self.chunks.append(chunk)
        line, _, dialogue.buffer = dialogue.buffer.partition(b"\r\n")
        return line.decode("ascii")

    def _content(self, dialogue: _Dialogue) -> bytes:
        content, start = bytearray(b"\r\n" + dialogue.buffer), 0
        while (end := content.find(b"\r\n.\r\n", start)) < 0:
            start = max(0, len(content) - 4)
            dialogue.buffer = b""
            content += self._read(dialogue)
        dialogue.buffer = bytes(content[end + 5 :])
        return bytes(content[: end + 2]).replace(b"\r\n..", b"\r\n.")[2:]

    def _read(self, dialogue: _Dialogue) -> bytes:
        chunk = dialogue.sock.recv(65536)
        if not chunk:
            raise _HangUpError
        dialogue.buffer += chunk
        return chunk


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """What ``starttls`` and ``tls`` want, from PEM files."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def _path(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
