"""Step 1: bytes become facts.  Pure, without the database, so that no lock is held while a mail is read."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from hashlib import sha256

from maildesk.desk.token import Signer
from maildesk.firm import People
from maildesk.read.classify import Verdict, classify
from maildesk.read.contact import Contact, read_contact
from maildesk.read.mail import Mail
from maildesk.read.parse import read_mail
from maildesk.read.reply import own_text
from maildesk.read.thread import Clues, clues, is_own
from maildesk.settings.model import Intake
from maildesk.store.inbound import Waiting

OUR_CLOCK = ("smtp", "lmtp")  # sources whose mails were received by our own intake
_SECOND_FIELD = re.compile(rb"\n(?![ \t])")
_LONGEST_RECEIVED = 4096  # octets of the Received that our intake writes


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as read: its facts, its kind, its clues, and the key by which its copies are known."""

    waiting: Waiting
    mail: Mail
    verdict: Verdict
    clues: Clues
    content_key: str  # "" where only identical bytes can be the same mail
    contact: Contact  # of the whole text, as a new ticket takes it
    own: str  # only what is plainly its writer's: what he commands or speaks for is read from it

    @property
    def our_clock(self) -> bool:
        """Whether our own clock, not a mailbox's, says when it was received."""
        return self.waiting.envelope.source in OUR_CLOCK

    @property
    def bytes_key(self) -> str:
        """The same for identical bytes; the Received that our own intake wrote on top does not count."""
        octets = self.waiting.octets
        if self.our_clock:
            octets = octets[_end_of_first_field(octets) :]
        return f"bytes:{sha256(octets).hexdigest()}"


def read(waiting: Waiting, signer: Signer, people: People, prefix: str, intake: Intake) -> Reading:
    """Read one received mail."""
    mail = read_mail(waiting.octets)
    key = content_key(mail)
    mail = without_banners(from_form(mail, intake.forms), intake.banners)
    own = is_own(mail, signer)
    verdict = classify(mail, waiting.envelope, own=own, desk=signer.desk, forced=waiting.forced)
    if waiting.forced and mail.sender and mail.sender.key == signer.desk.lower():
        mail = replace(mail, from_=())  # who wrote it nobody knows, and the desk is not its own requester
    found = clues(mail, waiting.envelope, signer, prefix, addresses_of(mail, people))
    contact = read_contact(mail, mail.text)
    return Reading(waiting, mail, verdict, found, key, contact, own_text(mail.text, mail.html))


def from_form(mail: Mail, forms: Collection[str]) -> Mail:
    """A mail of one of the firm's own web forms is its visitor's, whose address is its single Reply-To."""
    sender = mail.sender
    if sender is None or len(mail.reply_to) != 1 or sender.key not in (form.lower() for form in forms):
        return mail
    return replace(mail, from_=mail.reply_to)


def without_banners(mail: Mail, banners: Collection[str]) -> Mail:
    """A mail without the lines that the firm's own mail system puts into strangers' mail."""
    text = mail.text
    for banner in banners:
        text = text.replace(banner, "")
    return mail if text == mail.text else replace(mail, text=text.strip())


def addresses_of(mail: Mail, people: People) -> tuple[str, ...]:
    """Every address of the person in From: those of the settings, or the one he writes from."""
    if mail.sender is None:
        return ()
    person = people.at(mail.sender.address)
    return person.addresses if person else (mail.sender.address,)


def _end_of_first_field(octets: bytes) -> int:
    """Where the second header field begins: behind the first line that is not followed by a continuation."""
    found = _SECOND_FIELD.search(octets, 0, _LONGEST_RECEIVED)
    return found.end() if found else 0


def content_key(mail: Mail) -> str:
    """The same for every copy of a mail, whatever way it came (mail-rules, "Same mail again")."""
    if not mail.message_id and not mail.date:
        return ""
    digest = sha256()
    sender = mail.sender.key if mail.sender else ""
    date = mail.date.isoformat() if mail.date else ""
    for part in (sender, date, mail.message_id, mail.subject, " ".join(mail.text.split())):
        digest.update(part.encode("utf-8", "replace") + b"\0")
    for attachment in mail.attachments:
        digest.update(sha256(attachment.octets).digest())
    return digest.hexdigest()
