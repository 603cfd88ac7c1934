"""What hours of credit are worth, and a contract's statement of a month [Procedure 10].

Money is decimal and rounded half-up once a line; a cap never gives a cent more than its share of the fee.  Ledger
entries are facts of the past: what turns out later is a further entry, never a changed one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from maildesk.desk.credit import Hour, total, written
from maildesk.desk.policy import CreditRules

LINE, CORRECTION, PROPOSED, APPROVED, REFUSED = "line", "correction", "proposed", "approved", "refused"
DECISIONS = (PROPOSED, APPROVED, REFUSED)
OPEN = "not yet proposed"  # the state of a month that has no statement so far
_CENT, _NONE, _PERCENT = Decimal("0.01"), Decimal(0), Decimal(100)


@dataclass(frozen=True, slots=True)
class Fee:
    """A contract's monthly fee on a month's first day; ``amount`` None: not known."""

    amount: Decimal | None = None
    currency: str = ""

    def cap(self, rules: CreditRules) -> Decimal:
        """The most that a month may give, never rounded up."""
        return ((self.amount or _NONE) * rules.cap_percent / _PERCENT).quantize(_CENT, ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger.  ``of_month``: the month that the hours are of; ``month``: the statement that they stand in.

    ``uncut`` is what they would be worth without the cap, ``amount`` what they are; None: no fee was known.
    """

    contract: str
    month: str
    kind: str  # line, correction, proposed, approved, refused
    actor: str  # an address, or "desk"
    at: datetime  # UTC
    words: str = ""  # the arithmetic, or why
    ticket: int | None = None
    of_month: str = ""
    hours: Decimal = _NONE
    fee: Decimal | None = None
    uncut: Decimal | None = None
    amount: Decimal | None = None
    currency: str = ""
    derivation: tuple[str, ...] = ()  # how the ticket came by the hours


@dataclass(frozen=True, slots=True)
class Statement:
    """A contract's month: its lines and corrections, and what was decided of it."""

    contract: str  # "": tickets of no contract
    organisation: str
    month: str
    fee: Fee
    rules: CreditRules
    entries: tuple[Entry, ...] = ()
    decisions: tuple[Entry, ...] = ()
    subjects: Mapping[int, str] | None = None  # of the tickets; strangers' text

    @property
    def state(self) -> str:
        """What became of it: an approval is for good."""
        kinds = [entry.kind for entry in self.decisions]
        return APPROVED if APPROVED in kinds else kinds[-1] if kinds else OPEN

    @property
    def hours(self) -> Decimal:
        """Of all its entries."""
        return sum((entry.hours for entry in self.entries), _NONE)

    @property
    def amounts(self) -> dict[str, Decimal]:
        """What it comes to in each currency."""
        return _by_currency(self.entries, "amount")

    @property
    def cut(self) -> dict[str, Decimal]:
        """What the cap took."""
        uncut = _by_currency(self.entries, "uncut")
        return {key: uncut[key] - given for key, given in self.amounts.items() if uncut[key] != given}

    @property
    def unpriced(self) -> Decimal:
        """Hours for which no fee was known."""
        return sum((entry.hours for entry in self.entries if entry.amount is None), _NONE)


@dataclass(frozen=True, slots=True)
class Given:
    """What the ledger has given for a contract's hours of one month so far."""

    uncut: Decimal = _NONE
    amount: Decimal = _NONE


def given(entries: Iterable[Entry]) -> Given:
    """The sum of ledger entries."""
    found = list(entries)
    return Given(
        sum((entry.uncut or _NONE for entry in found), _NONE), sum((entry.amount or _NONE for entry in found), _NONE)
    )


def first_day(month: str) -> date:
    """The first day of a month like 2026-11.  Raises ValueError for anything else."""
    day = date.fromisoformat(f"{month}-01")
    if f"{day:%Y-%m}" != month:
        raise ValueError(f"{month} is no month")
    return day


def month_after(month: str, step: int = 1) -> str:
    """The month ``step`` months later."""
    day = first_day(month)
    count = day.year * 12 + day.month - 1 + step
    return f"{count // 12:04}-{count % 12 + 1:02}"


def lines(
    contract: str,
    month: str,
    tickets: Mapping[int, Sequence[Hour]],
    fee: Fee,
    rules: CreditRules,
    so_far: Given,
    now: datetime,
) -> list[Entry]:
    """A line for each ticket with hours of the month; the cap leaves the oldest hours and cuts the newest.

    ``so_far``: what a manager's corrections have given of the month already.
    """
    left = max(fee.cap(rules) - so_far.amount, _NONE)
    kept = _oldest_first(tickets, (fee.amount or _NONE) * rules.percent_per_hour / _PERCENT, left)
    made = []
    for ticket, hours in sorted(tickets.items(), key=lambda item: (item[1][0].at, item[0])):
        entry = _entry(contract, month, LINE, ticket, month, total(hours), fee, rules, "desk", now)
        if entry.uncut is not None:
            exact = kept[ticket]
            amount = min(entry.uncut if exact is None else _rounded(exact), left)
            left -= amount
            entry = _with_amount(entry, amount, rules)
        made.append(entry)
    return made


def correction(
    contract: str,
    month: str,
    ticket: int,
    of_month: str,
    hours: Decimal,
    fee: Fee,
    rules: CreditRules,
    so_far: Given,
    actor: str,
    now: datetime,
    reason: str,
) -> Entry:
    """Hours more or less for a month whose lines stand already, by the cap of that month.

    What is taken away is first what the cap had cut.
    """
    entry = _entry(contract, month, CORRECTION, ticket, of_month, hours, fee, rules, actor, now)
    if entry.uncut is not None:
        cap = fee.cap(rules)
        amount = min(max(so_far.uncut + entry.uncut, _NONE), cap) - so_far.amount
        bounds = sorted((_NONE, entry.uncut))
        entry = _with_amount(entry, min(max(amount, bounds[0]), bounds[1]), rules)
    return replace(entry, words=f"{entry.words}; {reason}" if reason else entry.words)


def money(amount: Decimal, currency: str = "") -> str:
    """``1,200.00 GBP``."""
    return f"{amount:,.2f} {currency}".rstrip()


def moneys(amounts: Mapping[str, Decimal]) -> str:
    """Sums of several currencies, ``36.00 GBP + 20.00 EUR``; "" for none."""
    return " + ".join(money(amount, currency) for currency, amount in amounts.items())


def number(value: Decimal) -> str:
    """A decimal without needless zeros: ``1``, ``0.5``, ``25``."""
    return f"{value.normalize():f}"


def _entry(
    contract: str,
    month: str,
    kind: str,
    ticket: int,
    of_month: str,
    hours: Decimal,
    fee: Fee,
    rules: CreditRules,
    actor: str,
    now: datetime,
) -> Entry:
    """An entry with its arithmetic and without what the cap does to it."""
    amount_of = f"{written(hours)} h" + (f" of {of_month}" if of_month != month else "")
    if fee.amount is None:
        words = f"{amount_of}, without money: no monthly fee is known for {first_day(of_month).isoformat()}"
        return Entry(contract, month, kind, actor, now, words, ticket, of_month, hours)
    uncut = _rounded(hours * fee.amount * rules.percent_per_hour / _PERCENT)
    share = f"{number(rules.percent_per_hour)} % of {money(fee.amount, fee.currency)}"
    words = f"{amount_of} x {share} = {money(uncut)}"
    return Entry(
        contract, month, kind, actor, now, words, ticket, of_month, hours, fee.amount, uncut, uncut, fee.currency
    )


def _with_amount(entry: Entry, amount: Decimal, rules: CreditRules) -> Entry:
    if amount == entry.uncut:
        return entry
    by_cap = f"cut to {money(amount)} by the cap of {number(rules.cap_percent)} % for {entry.of_month}"
    why = by_cap if entry.hours > 0 else f"of which {money(amount)} had been given"
    return replace(entry, words=f"{entry.words}, {why}", amount=amount)


def _oldest_first(tickets: Mapping[int, Sequence[Hour]], value: Decimal, left: Decimal) -> dict[int, Decimal | None]:
    """What the cap leaves of each ticket's hours; None: all of it."""
    kept: dict[int, Decimal] = defaultdict(Decimal)
    cut = set()
    for _, ticket, worth in sorted(
        (hour.at, ticket, hour.amount * value) for ticket, all_ in tickets.items() for hour in all_
    ):
        kept[ticket] += min(worth, left)
        if worth > left:
            cut.add(ticket)
        left -= min(worth, left)
    return {ticket: kept[ticket] if ticket in cut else None for ticket in tickets}


def _by_currency(entries: Iterable[Entry], name: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.amount is not None:
            sums[entry.currency] += getattr(entry, name)
    return dict(sums)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
