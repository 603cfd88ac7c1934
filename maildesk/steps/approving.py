"""A manager decides on service credits by answering the statement: ``approve`` or ``refuse: reason`` [Procedure 10].

The statement is known by the mail that is answered, which must have gone to him who writes; what stands behind his
mail is judged as for every order that costs money: the border vouches for it, or he confirms it by a code.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from maildesk.desk.authority import Level, judge
from maildesk.desk.notices import Notice, Recipient
from maildesk.desk.notices_orders import Order, Transcript
from maildesk.desk.obey import Refusal
from maildesk.desk.policy import Person
from maildesk.desk.statement import APPROVED, REFUSED, moneys
from maildesk.desk.token import Purpose
from maildesk.office import Office
from maildesk.read import trust
from maildesk.read.trust import Standing
from maildesk.steps.confirming import ask_confirmation, border_believed
from maildesk.steps.end import End
from maildesk.steps.post import Cause, post
from maildesk.steps.reading import Reading
from maildesk.steps.statements import decide_statement
from maildesk.store import outbox

MOST_IDS = 20  # of the mails that one answers
_REFUSE = re.compile(r"refuse: ?(\S.{0,500})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Decision:
    """What he writes of which statement."""

    contract: str
    month: str
    verdict: str  # "" where his first line is no decision
    reason: str
    line: str


def approve_by_mail(
    transaction: Connection, office: Office, reading: Reading, person: Person, now: datetime, *, confirmed: bool = False
) -> End | None:
    """Decide on the statement that the mail answers; None where it answers none.  ``confirmed``: by its code."""
    decision = _decision(transaction, reading, person)
    if decision is None:
        return None
    name = f"credits of {decision.contract or 'no contract'}, {decision.month}"
    if not decision.verdict:
        wrong = Order(decision.line or "(no text)", done=False, why="it decides nothing", right="approve")
        return _tell(transaction, office, reading, person, name, wrong, now)
    found = trust.authority(
        reading.mail,
        reading.waiting.envelope,
        reading.clues,
        role=Standing.MANAGER,
        border=office.settings.trust.border,
    )
    judged = judge([Level.OWN_AND_PASSED], found, border=border_believed(transaction, office))
    if not (confirmed or judged.allowed):
        lines = [f"{decision.line} ({name})"]
        notices = ask_confirmation(transaction, office, reading, 0, lines, person, now, judged.why)
        post(transaction, office, notices, Cause(reading.waiting.id, reading.mail), now)
        said = f"authority: {found.summary}; {judged.why}"
        return End("held", f"{person.address} is asked to confirm: {decision.line}", explanation=(said,))
    return _decide(transaction, office, reading, person, decision, name, now)


def _decision(transaction: Connection, reading: Reading, person: Person) -> Decision | None:
    for message_id in reading.clues.message_ids[:MOST_IDS]:
        row = outbox.by_message_id(transaction, message_id)
        if row is None or row.notice != "credit-statement" or row.recipient.lower() != person.address.lower():
            continue
        _, contract, month, _ = row.dedup.split(":", 3)
        line = " ".join(next((each for each in reading.own.splitlines() if each.strip()), "")[:600].split())
        refused = _REFUSE.fullmatch(line.removeprefix("#"))
        if refused:
            return Decision(contract, month, REFUSED, refused[1], line)
        approves = line.removeprefix("#").casefold().rstrip(".") == "approve"
        return Decision(contract, month, APPROVED if approves else "", "", line)
    return None


def _decide(
    transaction: Connection,
    office: Office,
    reading: Reading,
    person: Person,
    decision: Decision,
    name: str,
    now: datetime,
) -> End:
    actor = person.address.lower()
    made = decide_statement(
        transaction, office, decision.contract, decision.month, actor, decision.verdict, now, decision.reason
    )
    if isinstance(made, Refusal):
        order = Order(decision.line, done=False, why=made.reason, right=made.remedy)
    else:
        order = Order(f"{decision.verdict}: {moneys(made.amounts) or 'no money'}", done=True)
    return _tell(transaction, office, reading, person, name, order, now)


def _tell(
    transaction: Connection, office: Office, reading: Reading, person: Person, name: str, order: Order, now: datetime
) -> End:
    to = Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF)
    facts = Transcript(name, reading.mail.subject, (order,), obeyed=order.done)
    notice = Notice("transcript", to, 0, f"transcript:{reading.waiting.id}", facts)
    post(transaction, office, [notice], Cause(reading.waiting.id, reading.mail), now)
    done = order.line if order.done else f"nothing was done: {order.why}"
    return End("done", f"{done}, on {name}")
