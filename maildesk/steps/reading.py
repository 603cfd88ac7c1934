"""Step 1: bytes become facts.  Pure, without the database, so that no lock is held while a mail is read."""

import re
from dataclasses import dataclass
from hashlib import sha256

from maildesk.desk.token import Signer
from maildesk.firm import People
from maildesk.read.classify import Verdict, classify
from maildesk.read.mail import Mail
from maildesk.read.parse import read_mail
from maildesk.read.thread import Clues, clues, is_own
from maildesk.store.inbound import Waiting

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as read: its facts, its kind, its clues, and the key by which its copies are known."""

    waiting: Waiting
    mail: Mail
    verdict: Verdict
    clues: Clues
    content_key: str  # "" where only identical bytes can be the same mail


def read(waiting: Waiting, signer: Signer, people: People, prefix: str) -> Reading:
    """Read one received mail."""
    mail = read_mail(waiting.octets)
    own = is_own(mail, signer)
    verdict = classify(mail, waiting.envelope, own=own, desk=signer.desk)
    found = clues(mail, waiting.envelope, signer, prefix, addresses_of(mail, people))
    return Reading(waiting, mail, verdict, found, content_key(mail))


def addresses_of(mail: Mail, people: People) -> tuple[str, ...]:
    """Every address of the person in From: those of the settings, or the one he writes from."""
    if mail.sender is None:
        return ()
    person = people.at(mail.sender.address)
    return person.addresses if person else (mail.sender.address,)


def content_key(mail: Mail) -> str:
    """The same for every copy of a mail, whatever way it came (mail-rules, "Same mail again")."""
    if not mail.message_id and not mail.date:
        return ""
    digest = sha256()
    sender = mail.sender.key if mail.sender else ""
    date = mail.date.isoformat() if mail.date else ""
    for part in (sender, date, mail.message_id, mail.subject, _SPACE.sub(" ", mail.text).strip()):
        digest.update(part.encode("utf-8", "replace") + b"\0")
    for attachment in mail.attachments:
        digest.update(sha256(attachment.octets).digest())
    return digest.hexdigest()
