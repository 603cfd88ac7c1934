"""Which ticket a mail belongs to: the clues that the mail itself carries (mail-rules, "Which ticket").

What is signed is verified here; what is not is only something to look up.  The subject's words are no clue,
and an id that looks signed but is not ours is an id like any other.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from maildesk.desk.token import Purpose, SignedId, Signer
from maildesk.read.classify import LOOP_FIELD
from maildesk.read.mail import Envelope, Mail

MAX_MESSAGE_IDS = 200
_MAX_ADDRESSES = 50


@dataclass(frozen=True, slots=True)
class Clues:
    """What a mail says of its ticket, strongest first; each may be missing.

    ``reply_address`` and ``signed_id`` are verified for an address of the From person.  ``message_ids`` are for
    the store's lookup, newest first.  ``tag`` counts only for requester, participant or staff of that ticket.
    """

    reply_address: SignedId | None = None
    signed_id: SignedId | None = None
    message_ids: tuple[str, ...] = ()
    tag: int | None = None

    @property
    def proof(self) -> SignedId | None:
        """The strongest verified clue."""
        return self.reply_address or self.signed_id

    @property
    def proofs(self) -> tuple[SignedId, ...]:
        """Every verified clue, the strongest first."""
        return tuple(clue for clue in (self.reply_address, self.signed_id) if clue)


def clues(mail: Mail, envelope: Envelope, signer: Signer, prefix: str, addresses: Sequence[str]) -> Clues:
    """The clues of a mail.  ``addresses``: every address of the person in From; ``prefix``: of the ticket number."""
    message_ids = _message_ids(mail)
    persons = addresses[:_MAX_ADDRESSES]
    signed = (signer.verify_message_id(message_id, persons) for message_id in message_ids)
    tag = subject_tag(mail.subject, prefix)
    address = _signed_address(mail, envelope, signer, persons)
    goes_with = address is not None and _goes_with(address, tag, is_answer=bool(message_ids))
    return Clues(
        reply_address=address if goes_with else None,
        signed_id=next((found for found in signed if found), None),
        message_ids=message_ids,
        tag=tag,
    )


def subject_tag(subject: str, prefix: str) -> int | None:
    """The ticket of the first ``[CB-1042]`` in a subject; the number alone, without brackets, says nothing."""
    found = re.search(rf"\[{re.escape(prefix)}-([1-9][0-9]{{0,11}})\]", subject, re.ASCII | re.IGNORECASE)
    return int(found[1]) if found else None


def is_own(mail: Mail, signer: Signer) -> bool:
    """Whether the mail is one of ours that came back.

    Its Message-ID is a signed id for an address in its To.  Some relays replace Message-ID: then it is From the
    desk, bears the desk's loop mark, and its References begin with such an id.  Without the mark it would be
    the answer of a colleague who writes from the desk's own mailbox: his References begin with our id as well.
    """
    recipients = [address.address for address in mail.to[:_MAX_ADDRESSES]]
    if mail.message_id and signer.verify_message_id(mail.message_id, recipients):
        return True
    desk = signer.desk.lower()
    marked = any(value.strip(" <>").lower() == desk for value in mail.values(LOOP_FIELD))
    if not marked or mail.sender is None or mail.sender.key != desk:
        return False
    return any(signer.verify_message_id(first, recipients) for first in mail.references[:1])


def _message_ids(mail: Mail) -> tuple[str, ...]:
    """The ids that the mail answers, newest first: In-Reply-To, then References from the last.

    Of very many the newest are kept, and the oldest, which in every mail of a thread of ours is signed.
    """
    found = tuple(dict.fromkeys([*mail.in_reply_to, *reversed(mail.references)]))
    return found if len(found) <= MAX_MESSAGE_IDS else (*found[: MAX_MESSAGE_IDS - 1], found[-1])


def _signed_address(mail: Mail, envelope: Envelope, signer: Signer, persons: Sequence[str]) -> SignedId | None:
    """The first signed reply address that the mail was sent to; the path that only takes reports is none."""
    for address in recipients(mail, envelope):
        signed = signer.verify_address(address, persons)
        if signed and signed.purpose is not Purpose.BOUNCE:
            return signed
    return None


def staff_ids(mail: Mail, envelope: Envelope, signer: Signer, addresses: Sequence[str]) -> dict[str, int]:
    """Every signed id for staff that a mail carries, made for its writer (``addresses``), and the ticket of each.

    Message-IDs and reply addresses alike, in lower case without brackets.
    """
    persons = addresses[:_MAX_ADDRESSES]
    ids = {each.strip("<> ").lower(): signer.verify_message_id(each, persons) for each in _message_ids(mail)}
    paths = {each.lower(): signer.verify_address(each, persons) for each in recipients(mail, envelope)}
    found = (ids | paths).items()
    return {each: signed.ticket for each, signed in found if signed and signed.purpose is Purpose.STAFF}


def recipients(mail: Mail, envelope: Envelope) -> Iterable[str]:
    """Every address that the mail was sent to: the forward-paths, and what To and Cc name (all that IMAP has)."""
    yield from envelope.forward_paths
    for address in (*mail.to, *mail.cc):
        yield address.address


def _goes_with(address: SignedId, tag: int | None, *, is_answer: bool) -> bool:
    """Address books remember old reply addresses: something else in the mail must speak of an old mail too.

    A tag that names another ticket speaks against the address, not for it.
    """
    return is_answer or address.purpose is Purpose.ACTION or tag == address.ticket
