"""The hours that the logs give, as entries of the ledger: a month's lines, and corrections of earlier months [Procedure 10]."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from maildesk.desk.arrears import Counted, Stated, differences, reason
from maildesk.desk.calendar import Calendar
from maildesk.desk.credit import Hour, accrued, runs
from maildesk.desk.statement import APPROVED, Entry, Fee, correction, first_day, given, lines, month_after
from maildesk.log import log
from maildesk.office import Office
from maildesk.store import credits as ledger

LATE_MONTHS = 12  # so far back a statement corrects what turned out later


def count(transaction: Connection, office: Office, month: str, now: datetime) -> Counted:
    """Read the logs of all tickets that may have hours of a month, or whose earlier hours may have changed in it."""
    calendar = office.policy.calendar
    start, end = _begins(calendar, month), min(_begins(calendar, month_after(month)), now)
    contracts: dict[int, str] = {}
    hours: dict[tuple[int, str], Sequence[Hour]] = {}
    excused = set()
    for found in ledger.logs(transaction, start, end):
        if not found.events:
            log.error("log cannot be read", ticket=found.ticket)
        counted = accrued(found.events, office.policy, end)
        contracts[found.ticket] = found.contract
        hours |= {(found.ticket, of): those for of, those in counted.months().items()}
        if counted.excused:
            excused.add(found.ticket)
    return Counted(contracts, hours, frozenset(excused))


def _begins(calendar: Calendar, month: str) -> datetime:
    return calendar.at(first_day(month), datetime.min.time())


def new_entries(transaction: Connection, office: Office, counted: Counted, month: str, now: datetime) -> list[Entry]:
    """The lines of a month, and the corrections of earlier ones."""
    by_contract: dict[str, dict[int, Sequence[Hour]]] = defaultdict(dict)
    for (ticket, of), hours in counted.hours.items():
        if of == month:
            by_contract[counted.contracts[ticket]][ticket] = hours
    made: list[Entry] = []
    for contract, tickets_ in sorted(by_contract.items()):
        so_far = given(ledger.of_month(transaction, contract, month))
        fee = fee_of(office, contract, month)
        entries = lines(contract, month, tickets_, fee, office.policy.credits, so_far, now)
        made += [_derived(entry, tickets_[entry.ticket or 0], office) for entry in entries]
    return made + _corrections(transaction, office, counted, month, now)


def _derived(entry: Entry, hours: Iterable[Hour], office: Office) -> Entry:
    words = tuple(line.words for line in runs(hours, office.policy.calendar))
    return replace(entry, derivation=words)


def _corrections(transaction: Connection, office: Office, counted: Counted, month: str, now: datetime) -> list[Entry]:
    """What the ledger lacks or has too much of earlier months; each correction counts for the cap of the next."""
    since = month_after(month, -LATE_MONTHS)
    stated = _stated(transaction, since)
    same_rules = _same_rules(transaction, office, since, month)
    asked = {*stated, *counted.hours}
    made: list[Entry] = []
    for ticket, of in sorted(key for key in asked if since <= key[1] < month and key[0] in counted.contracts):
        for contract, hours in differences(
            counted, stated.get((ticket, of), Stated()), ticket, of, same_rules=of in same_rules
        ):
            booked = [*ledger.of_month(transaction, contract, of), *(e for e in made if _same(e, contract, of))]
            fee, rules, why = fee_of(office, contract, of), office.policy.credits, reason(counted, ticket, hours)
            made.append(correction(contract, month, ticket, of, hours, fee, rules, given(booked), "desk", now, why))
    return made


def _same(entry: Entry, contract: str, of: str) -> bool:
    return (entry.contract, entry.of_month) == (contract, of)


def _stated(transaction: Connection, since: str) -> dict[tuple[int, str], Stated]:
    decided = ledger.decisions_since(transaction, since)
    approved = {(entry.contract, entry.month) for entry in decided if entry.kind == APPROVED}
    grouped: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    for entry in ledger.stated_since(transaction, since):
        grouped[entry.ticket or 0, entry.of_month].append(entry)
    return {
        key: Stated(tuple(entries), frozenset(e.contract for e in entries if (e.contract, e.month) in approved))
        for key, entries in grouped.items()
    }


def _same_rules(transaction: Connection, office: Office, since: str, month: str) -> set[str]:
    """The months whose statements were made by the rules of today, or before there were any statements."""
    months, version = [], office.policy.version
    while since < month:
        months.append(since)
        since = month_after(since)
    return {of for of in months if ledger.rules_of(transaction, of) in ("", version)}


def fee_of(office: Office, contract: str, month: str) -> Fee:
    """The contract's fee on the month's first day."""
    day = first_day(month)
    row = office.register.numbered(contract, day) if contract else None
    return Fee(row.monthly_fee, row.currency) if row and row.valid(day) else Fee()
