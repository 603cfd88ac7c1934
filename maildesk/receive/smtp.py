"""The way in by SMTP and LMTP: binds the address and runs the connections in a thread and an event loop of its own.

The sessions are `maildesk.receive.smtp_session`, the only other file here that is asynchronous.  It starts whole or
not at all: an address or a certificate that cannot be used is an `IntakeError` of `SmtpIntake.start`.
"""

import asyncio
import errno
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from maildesk.receive.group import GroupCommit
from maildesk.receive.incoming import Accept
from maildesk.receive.limits import OctetBudget, PeerLimits
from maildesk.receive.smtp_reception import Reception
from maildesk.receive.smtp_session import LmtpSession, Session
from maildesk.settings.model import SmtpIn

HELD_OCTETS = (
    64 * 1024 * 1024
)  # of mail in memory at once, beyond the first 64 KiB of each; at least two of the largest
BACKLOG = 512
SOCKET_MODE = 0o660  # of a UNIX socket: whoever may write to it is trusted
UNIX = "unix:"
_REMEDIES = {
    errno.EADDRINUSE: "another program listens there, perhaps another desk: end it, or write another port",
    errno.EACCES: "this user may not: write a port above 1023, or a path in a folder of his own",
    errno.EADDRNOTAVAIL: "this machine has no such address: write one that it has, like 127.0.0.1",
    errno.ENOENT: "make the folder first",
}

log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class IntakeError(Exception):
    """The intake cannot start; the text says why, for the operator."""


class SmtpIntake:
    """Takes mail on one address.  ``clock`` gives the time of a mail, UTC."""

    def __init__(self, settings: SmtpIn, desk_address: str, accept: Accept, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._desk_address = desk_address
        self._clock = clock
        self._group = GroupCommit(accept, _not_kept)
        self._bound: Future[str] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_within: asyncio.Future[float] | None = None
        self._thread = threading.Thread(target=self._run, name="smtp-in", daemon=True)

    def start(self) -> None:
        """Listen; return once connections are taken.  `IntakeError`: the address or the certificate cannot be used."""
        logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)  # aiosmtpd's own: it holds the text of mails
        self._tls = _tls_context(self._settings)
        self._thread.start()
        self._bound.result()
        self._group.start()

    @property
    def address(self) -> str:
        """Where it really listens: ``host:port``, ``[::1]:port`` or ``unix:/path``.  Only after `start`."""
        return self._bound.result(0)

    @property
    def alive(self) -> bool:
        """Whether mail can come in: the event loop and the committing thread run."""
        return self._thread.is_alive() and self._group.alive

    def stop(self, timeout: float = 5) -> None:
        """Stop listening, send idle peers away with 421, answer the mails in the act of commit, end.

        It takes ``timeout`` seconds at most and a little, even if ``accept`` hangs: what that holds then gets 421.
        """
        if self._thread.is_alive() and self._loop:
            with suppress(RuntimeError):  # the loop ended by itself in this moment
                self._loop.call_soon_threadsafe(self._ask_to_stop, timeout)
            self._thread.join(timeout + 1)
        self._group.stop(timeout=1)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            if not self._bound.done():
                self._bound.set_exception(IntakeError("no event loop could be made"))

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_broken)
        self._stop_within = self._loop.create_future()
        reception = self._reception()
        try:
            server = await self._listen(reception)
        except (OSError, OverflowError, ValueError) as fault:
            self._bound.set_exception(IntakeError(_cannot_listen(self._settings.listen, fault)))
            return
        self._bound.set_result(_address_of(server.sockets[0]))
        timeout = await self._stop_within
        server.close()
        _remove_socket(self.address)
        await reception.dismiss(timeout)

    def _reception(self) -> Reception:
        settings = self._settings
        return Reception(
            settings=settings,
            desk_address=self._desk_address,
            # A name of its own: an MTA that is greeted with its own name takes that for a loop.
            hostname="maildesk." + self._desk_address.rpartition("@")[2],
            clock=self._clock,
            tls=self._tls,
            limits=PeerLimits(settings.connections, settings.connections_per_peer, settings.messages_per_minute),
            budget=OctetBudget(max(HELD_OCTETS, 2 * settings.max_message_bytes)),
            group=self._group,
        )

    async def _listen(self, reception: Reception) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        listen = self._settings.listen or ""

        def session() -> Session:
            return LmtpSession(reception) if reception.lmtp else Session(reception)

        if not listen.startswith(UNIX):
            host, _, port = listen.rpartition(":")
            return await loop.create_server(session, host.strip("[]") or None, int(port), backlog=BACKLOG)
        path = listen.removeprefix(UNIX)
        _refuse_live_socket(path)
        server = await loop.create_unix_server(session, path, backlog=BACKLOG)
        _open_to_group(path)
        return server

    def _ask_to_stop(self, timeout: float) -> None:
        if self._stop_within and not self._stop_within.done():
            self._stop_within.set_result(timeout)


def _address_of(listener: socket.socket) -> str:
    name = listener.getsockname()
    if isinstance(name, str):
        return UNIX + name
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"


def _refuse_live_socket(path: str) -> None:
    """Asyncio removes a socket of that name, whoever serves it: ask first whether somebody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        if probe.connect_ex(path) == 0:
            raise OSError("another process serves this socket")


def _open_to_group(path: str) -> None:
    Path(path).chmod(SOCKET_MODE)


def _remove_socket(address: str) -> None:
    if address.startswith(UNIX):
        Path(address.removeprefix(UNIX)).unlink(missing_ok=True)


def _cannot_listen(listen: str | None, fault: Exception) -> str:
    """Why, in words and with a remedy; asyncio's own would say the address again."""
    number = fault.errno if isinstance(fault, OSError) and type(fault) is not socket.gaierror else None
    reason = os.strerror(number) if number else str(fault)
    remedy = _REMEDIES.get(number or 0, "write another address")
    return f"receive.smtp.listen: cannot listen on {listen}: {reason}; {remedy}"


def _tls_context(settings: SmtpIn) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as fault:  # ssl.SSLError is one
        raise IntakeError(f"cannot use the certificate {settings.tls_certificate}: {fault}") from fault
    return context


def _not_kept(fault: Exception, mails: int) -> None:
    log.error("mail not kept", mails=mails, fault=type(fault).__name__, exc_info=fault)


def _broken(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A broken connection is the peer's business; asyncio would print the innards of the session with it."""
    fault = context.get("exception")
    log.debug("smtp connection broken", what=context["message"], fault=type(fault).__name__)
