"""One attempt to hand a mail to the relay, over a connection that is kept open.

smtplib greets, secures and reads the replies; the transaction is ours: MAIL, RCPT and DATA in one packet where the
relay takes that (RFC 2920), one recipient, a reply judged by its code and its step (`maildesk.send.outcome`).
Refused here: a mail or an address that could be read as more than one, TLS that proves nothing, a password in
plain text to another machine, and any second attempt after a mail was handed over.
"""

import base64
import ipaddress
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

from maildesk.send.outcome import GO_ON, Outcome, State, Step, closed, fault_of, judge, judge_end, lost

KEPT_SECONDS = 30  # an idle connection older than this is not trusted to be alive
QUIT_SECONDS = 1  # how long an answer to our good-bye is waited for
BLOCK_OCTETS = 1 << 18  # the timeout counts for each block of a mail (RFC 5321 §4.5.3.2.5), not for 30 MB at once


class RelaySettings(Protocol):
    """The part of the settings' ``send`` that a relay needs; ``timeout`` in seconds, for each wait."""

    @property
    def host(self) -> str | None: ...  # noqa: D102
    @property
    def port(self) -> int: ...  # noqa: D102
    @property
    def security(self) -> str: ...  # noqa: D102 - none, starttls or tls
    @property
    def user(self) -> str | None: ...  # noqa: D102
    @property
    def timeout(self) -> int: ...  # noqa: D102


class _Letter(NamedTuple):
    reverse_path: str
    recipient: str
    octets: bytes


class Relay:
    """A relay, spoken to by one thread.  ``clock`` gives seconds that never go back."""

    def __init__(
        self, settings: RelaySettings, password: str = "", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._password = password
        self._clock = clock
        self._server: smtplib.SMTP | None = None
        self._used_at = 0.0
        self._own_name: str | None = None  # found once, as it may ask the DNS

    def deliver(self, reverse_path: str, recipient: str, octets: bytes) -> Outcome:
        """One attempt; `maildesk.send.outcome.Courier` says the rest."""
        fault = fault_of(reverse_path, recipient, octets)
        if fault:
            return fault
        letter = _Letter(reverse_path, recipient, octets)
        server = self._kept()
        if server:
            outcome = self._attempt(server, letter)
            if outcome.connected:
                return outcome
            # The relay had closed the idle connection, or forgotten who we are; it has taken nothing yet.
            self.close()
        opened = self._open()
        return opened if isinstance(opened, Outcome) else self._attempt(opened, letter)

    def close(self) -> None:
        """Say good-bye, without waiting long for an answer."""
        server, self._server = self._server, None
        if not server:
            return
        if server.sock:
            server.sock.settimeout(QUIT_SECONDS)
            with suppress(OSError):
                server.quit()
        server.close()

    # -- opening ------------------------------------------------------------------------------------------------

    def _kept(self) -> smtplib.SMTP | None:
        if self._server and self._clock() - self._used_at > KEPT_SECONDS:
            self.close()
        return self._server

    def _open(self) -> smtplib.SMTP | Outcome:
        """A fresh connection, secured and logged in; or why there is none."""
        try:
            self._server = server = self._connect()
            refusal = self._secure(server) or self._log_in(server)
        except (OSError, UnicodeError) as error:  # every error of smtplib, ssl and the resolver; a name without IDNA
            refusal = self._unreachable(error)
        if refusal is None:
            return server
        self._drop()
        return refusal

    def _connect(self) -> smtplib.SMTP:
        settings, host = self._settings, self._settings.host or ""
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, settings.port, self._own_name, timeout=settings.timeout, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, settings.port, self._own_name, timeout=settings.timeout)
        self._own_name = server.local_hostname
        # The end of a mail must not wait for the relay's acknowledgement of its middle.
        _socket(server).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server

    def _secure(self, server: smtplib.SMTP) -> Outcome | None:
        server.ehlo_or_helo_if_needed()
        if self._settings.security != "starttls":
            return None
        if not server.has_extn("starttls"):
            return closed("the relay offers no STARTTLS, and nothing is sent in plain text", alarming=True)
        server.starttls(context=ssl.create_default_context())
        server.ehlo_or_helo_if_needed()
        return None

    def _log_in(self, server: smtplib.SMTP) -> Outcome | None:
        user, password = self._settings.user, self._password
        if not user:
            return None
        if self._settings.security == "none" and not _on_this_machine(_socket(server)):
            return closed("a password is not sent in plain text to another machine: set send.security", alarming=True)
        offered = server.esmtp_features.get("auth", "").upper().split()
        lines = _log_in_lines(offered, user, password)
        if not lines:
            return closed(f"the relay offers no log-in by PLAIN or LOGIN, only: {' '.join(offered)}", alarming=True)
        for line in lines:
            code, words = server.docmd(line)
            if code != 334:  # noqa: PLR2004 - RFC 4954 §4: go on
                break
        return judge(Step.LOGIN, code, _without_secrets(words, user, password))

    def _unreachable(self, error: OSError | UnicodeError) -> Outcome:
        if isinstance(error, smtplib.SMTPResponseException):
            return judge(Step.LOGIN, error.smtp_code, error.smtp_error) or closed("an answer without sense")
        reason = getattr(error, "verify_message", "") or _reason(error)
        text = f"{self._settings.host}:{self._settings.port} cannot be used: {reason}"
        return closed(text, alarming=isinstance(error, ssl.SSLCertVerificationError | UnicodeError))

    # -- one transaction ----------------------------------------------------------------------------------------

    def _attempt(self, server: smtplib.SMTP, letter: _Letter) -> Outcome:
        if not letter.octets.isascii() and not server.has_extn("8bitmime"):
            # RFC 6152 §3: 8-bit text may not go where it was not offered, and no repeat will change that.
            return Outcome(State.FAILED, text="the mail is 8-bit, and the relay takes only 7-bit mail")
        outcome = self._announce(server, letter) or self._hand_over(server, letter.octets)
        self._used_at = self._clock()
        return outcome

    def _announce(self, server: smtplib.SMTP, letter: _Letter) -> Outcome | None:
        """MAIL, RCPT and DATA; None: the relay waits for the mail."""
        pipelined = server.has_extn("pipelining")
        commands = _commands(server, letter)
        refusal, step, code = None, Step.MAIL, 0
        try:
            if pipelined:
                server.send("".join(commands.values()))
            for step, command in commands.items():
                if refusal and not pipelined:
                    break
                if not pipelined:
                    server.send(command)
                code, words = server.getreply()
                refusal = refusal or judge(step, code, words)
        except OSError as error:
            self._drop()
            return refusal or lost(step, _reason(error))
        if refusal:
            self._recover(server, refusal, awaits_mail=code == GO_ON)
        return refusal

    def _hand_over(self, server: smtplib.SMTP, octets: bytes) -> Outcome:
        """The mail itself; from the moment when its end is sent only the relay knows what became of it."""
        mail = memoryview(_dotted(octets))
        try:
            for start in range(0, len(mail), BLOCK_OCTETS):
                server.send(mail[start : start + BLOCK_OCTETS])
        except OSError as error:  # the last octet was not sent, so the relay cannot have the whole mail
            self._drop()
            return lost(Step.DATA, _reason(error))
        try:
            outcome = judge_end(*server.getreply())
        except OSError as error:
            outcome = lost(Step.END, _reason(error))
        if outcome.state is State.UNKNOWN:
            self._drop()
        return outcome

    def _recover(self, server: smtplib.SMTP, refusal: Outcome, *, awaits_mail: bool) -> None:
        """After a refusal: bring the connection to where the next MAIL may come, or drop it."""
        code = refusal.code or 0
        if not 400 <= code < 600:  # noqa: PLR2004 - neither refused nor accepted: out of step
            self._drop()
            return
        try:
            if awaits_mail:  # RFC 2920 §3.1: DATA was taken though nobody was; a lone dot ends it
                server.send(".\r\n")
                server.getreply()
            kept = server.rset()[0] == 250  # noqa: PLR2004 - RFC 5321 §4.3.2
        except OSError:
            kept = False
        if not kept:
            self._drop()

    def _drop(self) -> None:
        """Let go of a connection that is not worth a good-bye."""
        server, self._server = self._server, None
        if server:
            server.close()


def _commands(server: smtplib.SMTP, letter: _Letter) -> dict[Step, str]:
    size = f" SIZE={len(letter.octets)}" if server.has_extn("size") else ""  # RFC 1870 §3
    body = "" if letter.octets.isascii() else " BODY=8BITMIME"  # RFC 6152 §2
    return {
        Step.MAIL: f"MAIL FROM:<{letter.reverse_path}>{size}{body}\r\n",
        Step.RCPT: f"RCPT TO:<{letter.recipient}>\r\n",
        Step.DATA: "DATA\r\n",
    }


def _dotted(octets: bytes) -> bytes:
    """The mail as it goes over the line: dots doubled (RFC 5321 §4.5.2) and its end marked."""
    stuffed = octets.replace(b"\r\n.", b"\r\n..")
    first = b"." if octets.startswith(b".") else b""
    end = b".\r\n" if octets.endswith(b"\r\n") or not octets else b"\r\n.\r\n"
    return b"".join((first, stuffed, end))


def _log_in_lines(offered: list[str], user: str, password: str) -> tuple[str, ...]:
    """What to say to log in: PLAIN (RFC 4616) before the older LOGIN; nothing if neither is offered."""
    if "PLAIN" in offered:
        return (f"AUTH PLAIN {_base64(_plain(user, password))}",)
    if "LOGIN" in offered:
        return ("AUTH LOGIN", _base64(user), _base64(password))
    return ()


def _without_secrets(words: bytes, user: str, password: str) -> str:
    """The relay's words, even if it repeats what it was told."""
    text = words.decode("utf-8", "replace")
    for secret in filter(None, (_base64(_plain(user, password)), _base64(password), password)):
        text = text.replace(secret, "***")
    return text


def _plain(user: str, password: str) -> str:
    return f"\0{user}\0{password}"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _socket(server: smtplib.SMTP) -> socket.socket:
    if server.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is closed")
    return server.sock


def _on_this_machine(sock: socket.socket) -> bool:
    return ipaddress.ip_address(sock.getpeername()[0]).is_loopback


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", "") or str(error)
