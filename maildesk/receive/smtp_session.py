"""One SMTP or LMTP connection (RFC 5321, RFC 2033): the protocol is aiosmtpd's, the decisions are ours.

A mail is acknowledged after ``accept`` has committed it and never before; whatever goes wrong on our side is 4xx
without a word about why.  It offers no AUTH, relays nothing and takes mail for the desk and its postmaster only.

Of aiosmtpd 1.4 it relies on: the ``smtp_*`` methods, ``push``, ``session``, ``envelope``, ``handle_exception``,
the hook ``handle_EHLO``, and of what is private there on ``_reader``, ``_create_envelope``,
``_handler_coroutine`` and ``_tls_protocol``.
"""

import asyncio
import collections
import secrets
from ipaddress import ip_address
from math import inf
from sys import maxsize
from typing import Any

import aiosmtpd.smtp
import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, TLSSetupException, syntax

from maildesk.read.mail import Envelope
from maildesk.receive import smtp_policy as policy
from maildesk.receive.data import NO_ROOM, DataOctets
from maildesk.receive.incoming import Incoming
from maildesk.receive.limits import SMALL
from maildesk.receive.smtp_reception import Reception

SESSION_LENGTH = 12  # times ``idle_timeout``: how long a stranger's session may last
MOST_ERRORS = 20  # of a stranger, before he is sent away
MOST_REPLIES = 1000  # to a stranger between two mails that were kept
LAST_WORD = 1.0  # seconds that a peer has to take his last reply
YIELD_EVERY = 20  # replies, after which the other sessions get their turn: pipelined commands come by the thousand

log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Session(SMTP):
    """One connection.  Everything here runs on the intake's event loop."""

    line_length_limit = 65_536  # octets of a command that are read before it is refused; DATA knows no lines
    command_size_limit = 2048  # octets; RFC 5321 §4.5.3.1.4 asks for 512, long return paths need more

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self.command_size_limits = collections.defaultdict(lambda: self.command_size_limit)
        super().__init__(
            _Hooks(),
            data_size_limit=reception.settings.max_message_bytes,
            enable_SMTPUTF8=True,
            hostname=reception.hostname,
            ident="LMTP maildesk" if reception.lmtp else "ESMTP maildesk",
            tls_context=reception.tls,
            timeout=_NEVER,
            loop=asyncio.get_running_loop(),
        )
        self.peer = ""
        self.trusted = False
        self._wire: asyncio.WriteTransport | None = None  # below TLS
        self._entered = False
        self._began = self._heard = self.loop.time()
        self._watch: asyncio.TimerHandle | None = None
        self._data: DataOctets | None = None
        self._data_came: asyncio.Future[None] | None = None
        self._committing = False
        self._errors = 0
        self._replies = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let a peer in, or send him away; called again when TLS has begun."""
        if self._entered:
            super().connection_made(transport)
            return
        self._wire = transport if isinstance(transport, asyncio.WriteTransport) else None
        self.peer = _peer_of(transport)
        self.trusted = self._reception.trusts(self.peer)
        refusal = self._reception.enter(self)
        if refusal:
            log.info("smtp connection refused", peer=self.peer, reply=refusal)
            self._say_and_close(transport, refusal)
            return
        self._entered = True
        self._watch_silence()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection, and with it what was not committed yet."""
        if not self._entered:
            return
        self._entered = False
        if self._watch:
            self._watch.cancel()
        self._reception.leave(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Take octets: of a mail where one is under way, else of commands."""
        self._heard = self.loop.time()
        if self._data is None or self._data_came is None or self._data_came.done():
            super().data_received(data)
            return
        rest = self._data.feed(data)
        if rest is not None:
            self._data_came.set_result(None)
            super().data_received(rest)

    def dismiss(self) -> None:
        """The server stops: say so now, or let the mail in the act of commit be answered first."""
        if not self._committing:
            self._goodbye(policy.STOPPING)

    def give_up(self) -> None:
        """The server ends, and the mail is not committed: 4xx, and should it be kept yet, the next copy is known as one."""
        self._goodbye(policy.STOPPING)

    def abort(self) -> None:
        """Cut the connection."""
        if self._handler_coroutine:
            self._handler_coroutine.cancel()
        if self._wire:
            self._wire.abort()

    def _watch_silence(self) -> None:
        """Look, each time it could be due, whether the peer has been silent or a stranger here for too long."""
        idle = self._reception.settings.idle_timeout
        now = self.loop.time()
        if self._committing:  # it is our turn, not his
            self._watch = self.loop.call_later(idle, self._watch_silence)
            return
        silent_until = self._heard + idle
        stay_until = inf if self.trusted else self._began + SESSION_LENGTH * idle
        if min(silent_until, stay_until) <= now:
            self._goodbye(policy.IDLE if silent_until <= now else policy.TOO_LONG)
            return
        self._watch = self.loop.call_at(min(silent_until, stay_until), self._watch_silence)

    def _goodbye(self, reply: str) -> None:
        """Reply a last time and close; commands that wait are not carried out."""
        log.info("smtp peer sent away", peer=self.peer, reply=reply)
        if self._handler_coroutine:
            self._handler_coroutine.cancel()
        if self.transport:
            self._say_and_close(self.transport, reply)

    def _say_and_close(self, transport: asyncio.BaseTransport, reply: str) -> None:
        """Send a last reply.  A peer who does not read it, or does not end TLS, has a second for that."""
        if not isinstance(transport, asyncio.WriteTransport) or transport.is_closing():
            return
        transport.write(reply.encode() + b"\r\n")
        transport.close()
        self.loop.call_later(LAST_WORD, self.abort)

    async def push(self, status: str | bytes) -> None:
        """Send a reply; nothing of a command that a text repeats can add a line to it.  Octets are sent as they are."""
        octets = status if isinstance(status, bytes) else _printable(status).encode()
        self._replies += 1
        self._errors += octets.startswith(b"5")
        await super().push(octets)
        if not self.trusted and self._errors > MOST_ERRORS:
            self._goodbye(policy.TOO_MANY_ERRORS)
        elif not self.trusted and self._replies > MOST_REPLIES:
            self._goodbye(policy.TOO_MANY_COMMANDS)
        if self._replies % YIELD_EVERY == 0:
            await asyncio.sleep(0)

    async def handle_exception(self, error: Exception) -> str:
        """Say that the trouble is ours, and no more (aiosmtpd would answer 500 with the error's text)."""
        if isinstance(error, TLSSetupException):
            log.info("smtp peer failed to begin TLS", peer=self.peer)
        else:
            log.error("smtp session failed", peer=self.peer, fault=type(error).__name__, exc_info=error)
        return policy.TROUBLE

    @syntax("MAIL FROM: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        """Begin a mail."""
        await self.push(self._mail(arg))

    @syntax("RCPT TO: <address>")
    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Name a recipient."""
        await self.push(self._rcpt(arg))

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take a mail; answer it once it is committed, by LMTP once for each recipient (RFC 2033 §4.2)."""
        refusal = self._refuse_data(arg)
        if refusal:
            await self.push(refusal)
            return
        replies = len(self._envelope.rcpt_tos) if self._reception.lmtp else 1
        data = DataOctets(self._reception.settings.max_message_bytes, self._reception.budget)
        try:
            reply = await self._take(data)
            for _ in range(replies):
                await self.push(reply)
        finally:
            self.envelope = self._create_envelope()
            self._data = None
            self._committing = False
            data.release()
        self._heard = self.loop.time()
        if self._reception.stopping:
            self._goodbye(policy.STOPPING)

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        """Begin TLS, once."""
        if self._tls_protocol:
            await self.push(policy.TLS_ALREADY)
            return
        await super().smtp_STARTTLS(arg or "")

    @syntax("VRFY <address>")
    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: ARG002, N802
        """Tell nobody which addresses there are (RFC 5321 §7.3)."""
        await self.push(policy.CANNOT_VERIFY)

    async def smtp_EXPN(self, arg: str | None) -> None:  # noqa: ARG002, N802
        """Expand nothing."""
        await self.push(policy.NOT_OFFERED)

    async def smtp_AUTH(self, arg: str | None) -> None:  # noqa: ARG002, N802
        """Know nobody by a password."""
        await self.push(policy.NOT_OFFERED)

    @property
    def _envelope(self) -> aiosmtpd.smtp.Envelope:
        if self.envelope is None:
            self.envelope = self._create_envelope()
        return self.envelope

    @property
    def _greeted(self) -> bool:
        return bool(self.session and self.session.host_name)

    def _mail(self, arg: str | None) -> str:
        if not self._greeted:
            return policy.NEED_HELO
        if self._envelope.mail_from is not None:
            return policy.NESTED_MAIL
        command = policy.read_mail_command(arg, self._reception.settings.max_message_bytes)
        if isinstance(command, str):
            return command
        if command.size > SMALL + self._reception.budget.free:
            return NO_ROOM
        if not self.trusted and not self._reception.limits.may_mail(self.peer, self.loop.time()):
            return policy.TOO_MANY_MAILS
        self._envelope.mail_from = command.reverse_path
        self._envelope.smtp_utf8 = command.smtputf8
        return policy.OK_MAIL

    def _rcpt(self, arg: str | None) -> str:
        if self._envelope.mail_from is None:
            return policy.NEED_MAIL
        path, refusal = policy.read_rcpt_command(arg)
        if refusal:
            return refusal
        if not policy.is_ours(path, self._reception.desk_address):
            return policy.NOT_OURS
        if len(self._envelope.rcpt_tos) >= policy.MOST_RECIPIENTS:
            return policy.TOO_MANY_RECIPIENTS
        self._envelope.rcpt_tos.append(path)
        return policy.OK_RCPT

    def _refuse_data(self, arg: str | None) -> str:
        if self._envelope.mail_from is None:
            return policy.NEED_MAIL
        if not self._envelope.rcpt_tos:
            return policy.NEED_RCPT
        return "501 5.5.4 Syntax: DATA" if arg else ""

    async def _take(self, data: DataOctets) -> str:
        """Receive the mail and have it committed; return the reply to it."""
        await self._receive(data)
        self._committing = True
        try:
            return await self._keep(data)
        except Exception as fault:  # noqa: BLE001 (the one guard: whatever goes wrong in keeping a mail is our trouble)
            log.warning("mail deferred", peer=self.peer, fault=type(fault).__name__)
            return policy.TROUBLE

    async def _keep(self, data: DataOctets) -> str:
        incoming = self._incoming(data.mail())
        if data.refusal:
            log.info("mail refused", peer=self.peer, reply=data.refusal)
            return data.refusal
        mail = await asyncio.wrap_future(self._reception.group.put(incoming))
        self._replies = 0
        log.info("mail received", mail=mail, peer=self.peer, octets=len(incoming.octets))
        return policy.KEPT.format(mail)

    async def _receive(self, data: DataOctets) -> None:
        """Turn the octets of the connection to ``data`` until the mail is whole."""
        # What came in one segment with DATA is in the reader.  With an octet of ours behind it, read() never waits.
        self._reader.feed_data(b"\n")
        early = (await self._reader.read(maxsize))[:-1]
        self._data = data
        self._data_came = self.loop.create_future()
        self.data_received(early)
        await self.push(policy.GO_AHEAD)
        await self._data_came

    def _incoming(self, octets: bytes) -> Incoming:
        at = self._reception.clock()
        lmtp, utf8 = self._reception.lmtp, self._envelope.smtp_utf8
        extended = bool(self.session and self.session.extended_smtp)
        protocol = policy.protocol_name(lmtp=lmtp, extended=extended, tls=bool(self._tls_protocol), smtputf8=utf8)
        helo = (self.session and self.session.host_name) or ""
        host, unique = self._reception.hostname, secrets.token_hex(6)
        trace = policy.received_field(helo=helo, peer=self.peer, host=host, protocol=protocol, mail_id=unique, at=at)
        envelope = Envelope(
            source="lmtp" if lmtp else "smtp",
            received_at=at,
            reverse_path=self._envelope.mail_from,
            forward_paths=tuple(self._envelope.rcpt_tos),
            peer=self.peer,
            peer_trusted=self.trusted,
        )
        return Incoming(trace + octets, envelope)


class LmtpSession(Session, LMTP):
    """The same by LMTP: LHLO instead of EHLO."""


_NEVER = 365 * 86_400  # seconds; aiosmtpd's own timer closes without a word and knows nothing of DATA or commits


class _Hooks:
    """What aiosmtpd asks the handler of its events."""

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self,
        server: Session,  # noqa: ARG002
        session: Any,
        envelope: Any,  # noqa: ARG002
        hostname: str,
        replies: list[str],
    ) -> list[bytes]:
        """Offer what we have, all lines at once: aiosmtpd sends each by itself."""
        session.host_name = hostname
        offered = [reply for reply in replies if not reply.startswith("250-AUTH")]
        return ["\r\n".join([*offered[:-1], "250-PIPELINING", offered[-1]]).encode()]


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(each if each.isprintable() else "?" for each in text)


def _peer_of(transport: asyncio.BaseTransport) -> str:
    """The IP address of the peer, an IPv4 one behind a dual socket as such; empty on a UNIX socket."""
    name = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return ""
    address = ip_address(str(name[0]).partition("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)
