"""What stands behind a mail of our own people, and the code by which they confirm what has too little behind it.

The code goes to the writer's first address only, is good for 60 minutes, once, for one stored mail, and is read from
his own new text: a quote of ours confirms nothing (mail-rules, "Authority").
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.desk.notices import Notice, Recipient
from maildesk.desk.notices_confirming import Confirmation
from maildesk.desk.policy import Person
from maildesk.desk.tell import alert
from maildesk.desk.token import Purpose, base32
from maildesk.office import Office
from maildesk.read.thread import staff_ids
from maildesk.read.trust import NO_BORDER, Authority
from maildesk.steps.reading import Reading
from maildesk.store import bookmarks, confirmations

MOST_AN_HOUR = 3  # codes to one person
HOUR = timedelta(hours=1)
CODE_OCTETS, CODE_LENGTH = 10, 12  # 60 bits for 60 minutes
LONGEST_TEXT = 200_000  # characters that are looked through for a code
_CONFIRM = re.compile(r"#? ?confirm:? ([a-z2-7]{12})\.?", re.IGNORECASE | re.ASCII)


def backing(
    transaction: Connection, office: Office, reading: Reading, authority: Authority, person: Person, now: datetime
) -> Authority:
    """The authority with what is known of the signed ids that the mail carries.

    An id of another ticket than the one that the mail joins says nothing about that one.  Where outsiders are among
    the mail's own recipients, its ids are burned for every later mail, not for this one.
    """
    envelope = reading.waiting.envelope
    carried = staff_ids(reading.mail, envelope, office.signer, person.addresses)
    proof = reading.clues.proof
    fitting = [signed for signed, ticket in carried.items() if proof and ticket == proof.ticket]
    burned = confirmations.burned_among(transaction, fitting)
    if outsiders(office, reading):
        confirmations.burn(transaction, carried, reading.waiting.id, now)
    is_fitting = authority.addressed and proof is not None and authority.ticket == proof.ticket
    return replace(authority, addressed=is_fitting, burned=bool(fitting) and len(burned) == len(fitting))


def outsiders(office: Office, reading: Reading) -> tuple[str, ...]:
    """Whoever is in To or Cc of a mail and neither of the firm nor the desk."""
    listed = [address.key for address in (*reading.mail.to, *reading.mail.cc)]
    return tuple(each for each in listed if office.people.at(each) is None and not _is_ours(office, each))


def border_believed(transaction: Connection, office: Office) -> bool:
    """Whether a border is set, and ``check --border`` has seen it remove a forged field, or the operator states it."""
    trust = office.settings.trust
    if trust.border == NO_BORDER:
        return False
    return trust.border_stated or bool(bookmarks.get(transaction, bookmarks.border(trust.border)))


def ask_confirmation(
    transaction: Connection,
    office: Office,
    reading: Reading,
    ticket_number: int,
    lines: Sequence[str],
    person: Person,
    now: datetime,
    why: str = "",
) -> list[Notice]:
    """The notice with the code; nothing while one for this mail is good, and an alert for a person's fourth in an hour.

    ``ticket_number``: 0 for none.  The mail is kept, and nothing else of it is done.
    """
    inbound = reading.waiting.id
    if confirmations.is_asked(transaction, inbound, now):
        return []
    if confirmations.asked_since(transaction, person.address, now - HOUR) >= MOST_AN_HOUR:
        return _too_many(office, reading, person, now)
    code = base32(office.entropy(CODE_OCTETS))[:CODE_LENGTH]
    asked = confirmations.ask(transaction, code, inbound, person.address, now)
    sender = reading.mail.sender
    facts = Confirmation(
        number=office.policy.number(ticket_number) if ticket_number else "",
        subject=reading.mail.subject,
        lines=tuple(lines),
        code=code,
        until=now + confirmations.GOOD_FOR,
        author=sender.address if sender else "",
        received_at=reading.waiting.envelope.received_at,
        why=why,
    )
    recipient = Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF)
    return [Notice("confirmation", recipient, ticket_number, f"confirmation:{inbound}:{asked}", facts)]


def take_confirmation(
    transaction: Connection, office: Office, reading: Reading, person: Person, now: datetime
) -> int | None:
    """The stored mail that this one confirms by its code, which is used up by it; None where it confirms nothing.

    A robot's mail confirms nothing, and a code confirms only for whom it was given to.
    """
    if not reading.verdict.kind.answered or office.people.at(person.address) is None:
        return None
    codes = [code for line in reading.own[:LONGEST_TEXT].splitlines() if (code := confirmed_code(line))]
    taken = (confirmations.take(transaction, code, person.address, now) for code in codes[:MOST_AN_HOUR])
    return next((inbound for inbound in taken if inbound is not None), None)


def confirmed_code(line: str) -> str | None:
    """The code of a line ``confirm CODE``, wholly; `read_orders` takes this as a parser."""
    found = _CONFIRM.fullmatch(" ".join(line.split()))
    return found[1].lower() if found else None


def _is_ours(office: Office, address: str) -> bool:
    """The desk's mailbox, or a sub-address of it."""
    local, _, domain = office.address.lower().rpartition("@")
    name, _, host = address.rpartition("@")
    return host == domain and (name == local or name.startswith(f"{local}+"))


def _too_many(office: Office, reading: Reading, person: Person, now: datetime) -> list[Notice]:
    key = f"confirmations:{person.address.lower()}:{now:%Y-%m-%dT%H}"
    lines = (
        f"{person.address} was asked {MOST_AN_HOUR} times within an hour to confirm what a mail in his name asks for.",
        f"Mail {reading.waiting.id} is kept; nothing of it is done, and he is not asked again in this hour.",
    )
    remedy = f"Ask him whether he wrote them; `maildesk mail explain {reading.waiting.id}` shows what it lacks."
    return alert(office.policy, key, "Mails in the name of one of us lack authority", lines, remedy)
