"""Who is connected, and what all connections share.

It lets in and counts; what is said to a peer is `maildesk.receive.smtp_session`.  Used on the intake's event loop only.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Protocol

from maildesk.receive import smtp_policy as policy
from maildesk.receive.group import GroupCommit
from maildesk.receive.limits import OctetBudget, PeerLimits
from maildesk.settings.model import SmtpIn

LAST_WORD = 0.5  # seconds that all have to take it as the intake ends


class Guest(Protocol):
    """A connection, as far as it must be known here; an empty ``peer`` is one of the UNIX socket."""

    peer: str
    trusted: bool

    def dismiss(self) -> None:
        """Send it away, now or once the mail in the act of commit is answered."""

    def give_up(self) -> None:
        """Send it away now: its mail is not kept yet, and its sender keeps it."""

    def abort(self) -> None:
        """Cut it."""


@dataclass
class Reception:
    """The place that connections come to."""

    settings: SmtpIn
    desk_address: str
    hostname: str
    clock: Callable[[], datetime]
    tls: ssl.SSLContext | None
    limits: PeerLimits
    budget: OctetBudget
    group: GroupCommit
    sessions: set[Guest] = field(default_factory=set)
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False

    @property
    def lmtp(self) -> bool:
        """Whether LMTP is spoken here."""
        return self.settings.protocol == "lmtp"

    def enter(self, session: Guest) -> str:
        """Count a session in; return the reply that refuses it, or an empty string."""
        if self.stopping:
            return policy.STOPPING
        refusal = "" if session.trusted else self.limits.enter(session.peer)
        if refusal:
            return policy.GREETED_AWAY.format(refusal)
        self.sessions.add(session)
        return ""

    def leave(self, session: Guest) -> None:
        """Count a session out."""
        self.sessions.remove(session)
        if not session.trusted:
            self.limits.leave(session.peer)
        if not self.sessions:
            self.empty.set()

    def trusts(self, peer: str) -> bool:
        """Whether a peer is ours: in one of the trusted networks, or on the UNIX socket (an empty ``peer``)."""
        if not peer:
            return True
        address = ip_address(peer)
        return any(address in network for network in self.settings.trusted)

    async def dismiss(self, within: float) -> None:
        """Send everybody away; whose mail is not committed ``within`` seconds is told to keep it."""
        self.stopping = True
        self.empty.clear()
        for session in tuple(self.sessions):
            session.dismiss()
        await self._all_gone(within)
        for session in tuple(self.sessions):
            session.give_up()
        await self._all_gone(LAST_WORD)
        for session in tuple(self.sessions):
            session.abort()

    async def _all_gone(self, within: float) -> None:
        if self.sessions:
            await asyncio.wait([asyncio.ensure_future(self.empty.wait())], timeout=within)
