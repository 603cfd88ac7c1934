"""The monthly statements of service credits [Procedure 10]: made once, decided by a manager, corrected by further lines.

`make_statements` reads all logs outside of the writing transaction, then writes lines, proposals and their mails in one.
What turns out after that is a correction in the next statement; an approved one is changed by a manager's word alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal

from sqlalchemy import Connection

from maildesk.desk.arrears import Counted
from maildesk.desk.calendar import Calendar
from maildesk.desk.notices import Notice, Recipient
from maildesk.desk.obey import Refusal
from maildesk.desk.statement import (
    APPROVED,
    CORRECTION,
    DECISIONS,
    OPEN,
    PROPOSED,
    Entry,
    Statement,
    correction,
    first_day,
    given,
    moneys,
    month_after,
)
from maildesk.desk.token import Purpose
from maildesk.log import log
from maildesk.office import Office
from maildesk.read.mail import Attachment
from maildesk.report.credits import as_csv, facts
from maildesk.steps.credit_hours import count, fee_of, new_entries
from maildesk.steps.post import Cause, post
from maildesk.store import credits as ledger
from maildesk.store import tickets


def month_due(calendar: Calendar, last: str, now: datetime) -> str | None:
    """The next month whose statements are to be made at ``now``; ``last``: the newest that were made, "" for none.

    A month's statements are due as the first business day of the next one begins.
    """
    today = calendar.local_date(now)
    newest = month_after(f"{today:%Y-%m}", -1)
    if now < _made_at(calendar, today.replace(day=1)):
        newest = month_after(newest, -1)
    wanted = month_after(last) if last else newest
    return wanted if wanted <= newest else None


def next_statements(transaction: Connection, office: Office, now: datetime) -> datetime:
    """When the next statements are due (UTC); now, where they are."""
    calendar, last = office.policy.calendar, ledger.last_month(transaction)
    if month_due(calendar, last, now) is not None:
        return now
    return _made_at(calendar, first_day(month_after(last, 2)))


def _made_at(calendar: Calendar, begun: date) -> datetime:
    """The opening of a month's first business day; of a firm that never works, its first moment."""
    first = begun if calendar.is_business_day(begun) else calendar.next_business_day(begun)
    spans = calendar.spans(first)
    return spans[0][0] if spans else calendar.at(begun, time.min)


def make_statements(office: Office, now: datetime) -> list[Notice]:
    """Make the statements that are due, month by month.  Returns the notices that were posted.

    Cheap where nothing is due; any number of daemons may call it, and after a crash it is simply called again.
    """
    posted: list[Notice] = []
    while True:
        with office.database.reading() as transaction:
            last = ledger.last_month(transaction)
            month = month_due(office.policy.calendar, last, now)
            if month is None:
                return posted
            counted = count(transaction, office, month, now)
        with office.database.writing() as transaction:
            if ledger.take_month(transaction, last, month, office.policy.version):
                posted += _propose_all(transaction, office, counted, month, now)


def statements(transaction: Connection, office: Office, month: str, now: datetime) -> list[Statement]:
    """Each contract's statement of a month; of one that is not made yet what it would be as things stand."""
    made = ledger.last_month(transaction)
    entries: list[Entry] = []
    if month > made:
        counted = count(transaction, office, month, now)
        entries = new_entries(transaction, office, counted, month, now)
    contracts = sorted({*ledger.contracts(transaction, month), *(entry.contract for entry in entries)})
    return [_statement(transaction, office, contract, month, entries) for contract in contracts]


def decide_statement(
    transaction: Connection,
    office: Office,
    contract: str,
    month: str,
    actor: str,
    verdict: str,
    now: datetime,
    reason: str = "",
) -> Statement | Refusal:
    """Approve or refuse a proposal; ``verdict`` is ``approved`` or ``refused``, ``actor`` an address.

    An approval is for good; a refused statement may be corrected and then approved.
    """
    contract = _number(office, contract)
    refusal = _not_his(office, actor)
    if refusal:
        return refusal
    found = _statement(transaction, office, contract, month)
    if found.state in (OPEN, APPROVED):
        words = "was never proposed" if found.state == OPEN else "is approved already"
        return Refusal(f"the statement of {contract or 'no contract'} for {month} {words}", _remedy(found.state, month))
    entry = _decision(found, verdict, actor, now, reason)
    if not ledger.decide(transaction, entry):
        return Refusal(f"the statement of {contract} for {month} was approved just now")
    return replace(found, decisions=(*found.decisions, entry))


def correct_statement(
    transaction: Connection,
    office: Office,
    contract: str,
    month: str,
    ticket: int,
    hours: Decimal,
    actor: str,
    reason: str,
    now: datetime,
) -> Entry | Refusal:
    """A manager's correction of a ticket's hours of a month, more or less; the desk corrects them no more by itself.

    It stands in the month's own statement until that is approved, then in the next one that is not.
    """
    contract = _number(office, contract)
    refusal = _not_his(office, actor) or _unknown(transaction, office, contract, ticket)
    if refusal:
        return refusal
    stands_in = month
    while _statement(transaction, office, contract, stands_in).state == APPROVED:
        stands_in = month_after(stands_in)
    so_far = given(ledger.of_month(transaction, contract, month))
    fee, rules = fee_of(office, contract, month), office.policy.credits
    entry = correction(contract, stands_in, ticket, month, hours, fee, rules, so_far, actor, now, reason)
    ledger.append(transaction, [entry])
    return entry


def _propose_all(transaction: Connection, office: Office, counted: Counted, month: str, now: datetime) -> list[Notice]:
    ledger.append(transaction, new_entries(transaction, office, counted, month, now))
    posted: list[Notice] = []
    for contract in ledger.contracts(transaction, month):
        found = _statement(transaction, office, contract, month)
        proposal = _decision(found, PROPOSED, "desk", now, f"by the rules {office.policy.version}")
        if found.entries and ledger.decide(transaction, proposal):
            posted += _tell(transaction, office, replace(found, decisions=(proposal,)), now)
            log.info("credits proposed", contract=contract, month=month, amount=moneys(found.amounts))
    return posted


# --- the statement and its mail


def _statement(
    transaction: Connection, office: Office, contract: str, month: str, more: Sequence[Entry] = ()
) -> Statement:
    stored = ledger.statement(transaction, contract, month)
    entries = [e for e in stored if e.kind not in DECISIONS] + [e for e in more if e.contract == contract]
    organisation = office.register.numbered(contract, first_day(month)) if contract else None
    return Statement(
        contract=contract,
        organisation=organisation.organisation if organisation else "",
        month=month,
        fee=fee_of(office, contract, month),
        rules=office.policy.credits,
        entries=tuple(sorted(entries, key=lambda entry: entry.kind == CORRECTION)),
        decisions=tuple(entry for entry in stored if entry.kind in DECISIONS),
        subjects=ledger.subjects(transaction, sorted({entry.ticket for entry in entries if entry.ticket})),
    )


def _number(office: Office, contract: str) -> str:
    """A contract as the register writes it, however it was typed."""
    row = office.register.numbered(contract, date.max) if contract else None
    return row.number if row else contract


def _decision(found: Statement, kind: str, actor: str, now: datetime, words: str) -> Entry:
    told = f"{moneys(found.amounts) or 'no money'} for {found.hours:f} h" + (f"; {words}" if words else "")
    return Entry(found.contract, found.month, kind, actor, now, told, hours=found.hours)


def _not_his(office: Office, actor: str) -> Refusal | None:
    role = office.policy.credits.approver
    if any(actor.lower() in map(str.lower, person.addresses) for person in office.policy.in_role(role)):
        return None
    return Refusal(f"{actor} may not decide on service credits", f"who may has the role {role} (credits.approver)")


def _unknown(transaction: Connection, office: Office, contract: str, ticket: int) -> Refusal | None:
    found = tickets.get(transaction, ticket)
    name = office.policy.number(ticket)
    if found is None:
        return Refusal(f"there is no ticket {name}")
    if (found.contract or "") != contract:
        return Refusal(f"{name} is of {found.contract or 'no contract'}, not of {contract or 'none'}")
    return None


def _remedy(state: str, month: str) -> str:
    if state == APPROVED:
        return "what was wrong with it is mended by a correction, which stands in the next statement"
    return f"`maildesk report credits {month}` shows what there is"


def _tell(transaction: Connection, office: Office, found: Statement, now: datetime) -> list[Notice]:
    """The proposal to each of those who may approve it, with its CSV; sent when it may reach him."""
    told = facts(found, office.policy.number)
    table = as_csv([found], office.policy.number).encode()
    name = f"credits-{found.contract or 'no-contract'}-{found.month}.csv"
    enclosed = (Attachment(name, "text/csv", "file", len(table), octets=table),)
    notices = [
        Notice(
            "credit-statement",
            Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF),
            0,
            f"credit-statement:{found.contract}:{found.month}:{person.address.lower()}",
            told,
            urgent=False,
            not_before=person.reachable(now),
        )
        for person in office.policy.in_role(office.policy.credits.approver)
    ]
    post(transaction, office, notices, Cause(enclosed=enclosed), now)
    if not notices:
        log.warning("nobody approves credits", contract=found.contract, month=found.month)
    return notices
