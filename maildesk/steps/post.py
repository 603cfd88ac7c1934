"""Step 4: notices become finished mail in the outbox, in the transaction of what they tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from maildesk.desk.notices import ANSWERS, Notice
from maildesk.desk.tell import alert
from maildesk.desk.token import RANDOM_OCTETS, Purpose
from maildesk.log import log
from maildesk.office import Office
from maildesk.read.mail import Attachment, Mail
from maildesk.store import outbox, tickets
from maildesk.store.outbox import Finished
from maildesk.write.compose import ComposeError, Letter, compose

PASS_ON_OCTETS = 10 * 1024 * 1024  # of attachments with one notice; more is listed and stays with the desk
ENCLOSING = frozenset({"new-ticket", "joined", "credit-statement", "answer", "workaround", "resolved"})
REFERENCES = 20  # ids copied from the mail answered; more helps no client


@dataclass(frozen=True, slots=True)
class Cause:
    """The mail that the notices tell of: its ids make the thread, its attachments go to staff."""

    inbound: int | None = None
    mail: Mail | None = None
    enclosed: tuple[Attachment, ...] = ()
    of: Mail | None = None  # the mail of our own people that ordered it, which no customer sees


def post(transaction: Connection, office: Office, notices: Sequence[Notice], cause: Cause, now: datetime) -> None:
    """Queue a finished mail for each notice, one after the other; what was told before is not told again."""
    said = [cause.mail.message_id] if cause.mail else []
    for notice in notices:
        mail = _finished(transaction, office, notice, cause, now)
        if mail and outbox.queue(transaction, mail, now) and mail.ticket:
            said.append(mail.message_id)
    if ticket := next((notice.ticket for notice in notices if notice.ticket), None):  # of one call: of one ticket
        tickets.know_messages(transaction, said, ticket)


def _finished(transaction: Connection, office: Office, notice: Notice, cause: Cause, now: datetime) -> Finished | None:
    rendered = office.renderer.render(notice)
    if rendered.fault:
        _tell_of_template(transaction, office, notice, rendered.fault, now)
    address, ticket = notice.recipient.address, notice.ticket
    message_id = office.signer.message_id(notice.recipient.purpose, ticket, address, office.entropy(RANDOM_OCTETS))
    letter = Letter(
        from_name=office.settings.desk.name,
        from_address=office.address,
        to_name=notice.recipient.name if notice.recipient.purpose is Purpose.STAFF else "",  # a stranger chose his own
        to_address=address,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        message_id=message_id,
        in_reply_to=(cause.mail.message_id,) if cause.mail and cause.mail.message_id else (),
        references=_references(office, notice, cause.mail),
        reply_to=_reply_to(office, notice),
        auto_submitted="auto-replied" if notice.name in ANSWERS else "auto-generated",
        date=now,
        loop_mark=office.address,
        attachments=cause.enclosed if notice.name in ENCLOSING else (),
    )
    try:
        octets = compose(letter)
    except ComposeError as fault:
        log.error("notice cannot be composed", notice=notice.name, recipient=address, ticket=ticket, fault=str(fault))
        return None
    return Finished(
        dedup=notice.key,
        notice=notice.name,
        recipient=address,
        reverse_path=_reverse_path(office, notice),
        message_id=message_id,
        subject=rendered.subject,
        octets=octets,
        ticket=ticket or None,
        inbound=cause.inbound,
        urgency=0 if notice.urgent else 1,
        held=notice.held,
        step=notice.step,
        due_at=notice.due_at,
        not_before=notice.not_before,
    )


def _references(office: Office, notice: Notice, mail: Mail | None) -> tuple[str, ...]:
    """First an id of ticket and recipient, since some relays replace our Message-ID; then the thread of the mail answered."""
    if not notice.ticket:
        return ()
    address = notice.recipient.address
    constant = sha256(f"thread|{notice.ticket}|{address.lower()}".encode()).digest()[:RANDOM_OCTETS]
    thread = office.signer.message_id(notice.recipient.purpose, notice.ticket, address, constant)
    if mail is None or notice.recipient.purpose is Purpose.STAFF:
        return (thread,)
    answered = (*mail.references, *mail.in_reply_to, *((mail.message_id,) if mail.message_id else ()))
    return (thread, *[id_ for id_ in dict.fromkeys(answered) if id_ != thread][-REFERENCES:])


def _reply_to(office: Office, notice: Notice) -> str:
    """The signed reply address, where our mailbox has sub-addresses; else answers are known by their References."""
    if office.settings.send.return_path != "signed" or not notice.ticket:
        return ""
    return office.signer.address(notice.recipient.purpose, notice.ticket, notice.recipient.address)


def _reverse_path(office: Office, notice: Notice) -> str:
    return_path = office.settings.send.return_path
    if return_path == "signed":
        return office.signer.address(Purpose.BOUNCE, notice.ticket, notice.recipient.address)
    return return_path or ""


def _tell_of_template(transaction: Connection, office: Office, notice: Notice, fault: str, now: datetime) -> None:
    """A broken template costs no mail, but the operator hears of it once a day."""
    log.error("template broken", notice=notice.name, fault=fault)
    if notice.name == "alert":
        return
    key = f"template:{notice.name}:{now.date().isoformat()}"
    lines = (f"Template of {notice.name}: {fault}", "Its mails go out in the built-in plain text.")
    notices = alert(office.policy, key, "A mail template is broken", lines, "Mend it; `maildesk check` tells where.")
    post(transaction, office, notices, Cause(), now)
