"""What every way in hands over: the bytes of a mail, its envelope, and where in a mailbox it lay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from maildesk.read.mail import Envelope


@dataclass(frozen=True, slots=True)
class Incoming:
    """A mail as it came in.  ``mailbox``, ``uidvalidity`` and ``uid`` are its IMAP cursor, unset for SMTP and LMTP."""

    octets: bytes = field(repr=False)
    envelope: Envelope
    mailbox: str | None = None
    uidvalidity: int | None = None
    uid: int | None = None


Accept = Callable[[Sequence[Incoming]], Sequence[int]]
"""Commits all of the mails in one transaction, or raises and has kept none.  It blocks: never call it on an event loop.

Returns the ids of the mails, in order; of those with a cursor none, since they may have been kept before."""
