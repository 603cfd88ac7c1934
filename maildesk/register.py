"""The register of contracts: whom the firm owes its service, read from a CSV file.

Columns: number, organisation, domains, and if the firm has them monthly fee, currency, valid from, valid to, partner
addresses, shared (``yes``: whoever it covers takes part in its tickets as he writes to them).  A number may stand in several rows whose times do not overlap: one contract, renewed at another fee.
Reading refuses the whole file where anything in it is wrong, and names everything that is.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from maildesk.faults import Fault, Place, SettingsError, failure

_NEEDED: Final = ("number", "organisation", "domains")
_COLUMNS: Final = (*_NEEDED, "monthly fee", "currency", "valid from", "valid to", "partner addresses", "shared")
_LABELS: Final = 21  # as many as _DOMAIN takes
_DOMAIN: Final = re.compile(r"([a-z0-9_-]{1,63}\.){1,20}[a-z0-9-]{2,63}")
_ADDRESS: Final = re.compile(r"[^\s@<>,;]{1,64}@([a-z0-9_-]{1,63}\.){1,20}[a-z0-9-]{2,63}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FEE: Final = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contract:
    """A row of the register.  ``monthly_fee`` None: not known.  Days None: without an end on that side; both count."""

    number: str
    organisation: str
    domains: frozenset[str] = frozenset()
    monthly_fee: Decimal | None = None
    currency: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    partners: tuple[str, ...] = ()
    shared: bool = False  # whoever it covers may take part in its tickets

    def valid(self, day: date) -> bool:
        """Whether it stands on that day of the firm's zone; its last day belongs to it."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Register:
    """All contracts, in the order of the file; looked up for each mail, so by index."""

    contracts: tuple[Contract, ...] = ()
    _rows: dict[str, list[Contract]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _numbers: dict[str, dict[str, None]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for contract in self.contracts:
            self._rows.setdefault(_key(contract.number), []).append(contract)
            for whose in (*contract.domains, *contract.partners):
                self._numbers.setdefault(whose, {})[_key(contract.number)] = None

    def numbered(self, number: str, day: date) -> Contract | None:
        """The contract of that number as it stands on the day, or its latest row where none does; None: unknown.

        Spaces, dashes and case do not count: people write ``cb 2041`` for ``CB-2041``.
        """
        rows = self._rows.get(_key(number), ())
        valid = next((row for row in rows if row.valid(day)), None)
        return valid or max(rows, key=lambda row: row.valid_to or date.max, default=None)

    def of(self, address: str, day: date) -> tuple[Contract, ...]:
        """The contracts that cover an address, one row each as in `numbered`; valid ones alone where there are any.

        An address is covered if it is a partner's, or if its domain or one above it stands in `domains`.
        """
        found = [number for whose in _whose(address) for number in self._numbers.get(whose, ())]
        rows = [row for number in dict.fromkeys(found) if (row := self.numbered(number, day))]
        return tuple(row for row in rows if row.valid(day)) or tuple(rows)

    def knows(self, address: str, day: date) -> bool:
        """Whether the address belongs to a contract that is valid on the day."""
        return any(contract.valid(day) for contract in self.of(address, day))

    def shares(self, contract: str, address: str, day: date) -> bool:
        """Whether the register lets the address take part in the contract's tickets: it is shared, valid, and covers it."""
        row = self.numbered(contract, day) if contract else None
        return row is not None and row.shared and row.valid(day) and row in self.of(address, day)


def read_register(path: Path) -> Register:
    """Reads contracts.csv.  Raises SettingsError with every fault, its line and its column."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise failure(Place(str(path)), f"cannot be read: {fault.strerror}", "write its path to contracts") from fault
    except UnicodeDecodeError as fault:
        raise failure(Place(str(path)), "is no text in UTF-8", "save it as CSV in UTF-8") from fault
    return parse_register(text, str(path))


def parse_register(text: str, file: str) -> Register:
    """Reads the text of a register, named ``file`` in faults.  Commas or semicolons, as the first line has them."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
    reading = _Reading(file)
    try:
        columns = reading.columns(next(reader, []))
        start = reader.line_num + 1
        for cells in reader:
            reading.row(start, columns, cells)
            start = reader.line_num + 1
    except csv.Error as fault:
        raise failure(Place(file, reader.line_num), f"is no CSV: {fault}", "close each quote that is opened") from fault
    if reading.faults:
        raise SettingsError(tuple(reading.faults))
    return Register(tuple(reading.contracts))


@dataclass(slots=True)
class _Reading:
    """What a file has given so far."""

    file: str
    contracts: list[Contract] = field(default_factory=list)
    lines: dict[str, list[tuple[Contract, int]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def columns(self, header: list[str]) -> list[str]:
        """The names of the columns, as `_COLUMNS` writes them.  Raises SettingsError: without them no row can be read."""
        place = Place(self.file, 1)
        names = [" ".join(re.split(r"[\s_-]+", name.strip().lower())) for name in header]
        for name in names:
            if name not in _COLUMNS:
                close = get_close_matches(name, _COLUMNS, n=1)
                right = f"did you mean {close[0]}?" if close else f"known are {', '.join(_COLUMNS)}"
                self.faults.append(Fault(place, name or "(empty)", "is no known column", right))
            elif names.count(name) > 1:
                self.faults.append(Fault(place, name, "stands twice", "keep one column of each name"))
        for name in _NEEDED:
            if name not in names:
                self.faults.append(Fault(place, name, "is missing", "write the names of the columns in the first line"))
        if self.faults:
            raise SettingsError(tuple(dict.fromkeys(self.faults)))
        return names

    def row(self, line: int, columns: list[str], cells: list[str]) -> None:
        """Takes one row, which begins in ``line``; an empty one is nothing."""
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            return
        place = Place(self.file, line)
        if len(cells) > len(columns):
            wrong = f"has {len(cells)} cells for {len(columns)} columns"
            self.faults.append(Fault(place, "", wrong, "put a cell that holds the delimiter into quotes"))
            return
        named = dict.fromkeys(_COLUMNS, "") | dict(zip(columns, cells, strict=False))
        faults = [Fault(place, column, wrong, right) for column, wrong, right in _wrong(named)]
        if faults:
            self.faults.extend(faults)
            return
        contract = _contract(named)
        if (other := self._overlapping(contract)) is not None:
            wrong = f"{contract.number} also stands in line {other} for some of the same days"
            self.faults.append(
                Fault(place, "number", wrong, "write one row for each time, with valid from and valid to")
            )
        self.contracts.append(contract)
        self.lines.setdefault(_key(contract.number), []).append((contract, line))

    def _overlapping(self, contract: Contract) -> int | None:
        rows = self.lines.get(_key(contract.number), ())
        return next((line for other, line in rows if _overlap(other, contract)), None)


def _wrong(cells: Cells) -> Iterator[tuple[str, str, str]]:
    for column in ("number", "organisation"):
        if not cells[column]:
            yield column, "is empty", "write it"
    if not cells["domains"] and not cells["partner addresses"]:
        yield "domains", "is empty", "write the domains its people write from, like acme.example"
    for domain in _several(cells["domains"]):
        if not _DOMAIN.fullmatch(domain):
            yield "domains", f'"{domain}" is no domain', "write like acme.example, several with spaces between"
    for address in _several(cells["partner addresses"]):
        if not _ADDRESS.fullmatch(address):
            yield "partner addresses", f'"{address}" is no mail address', "write like bob@acme.example"
    if cells["shared"].lower() not in ("", "yes", "no"):
        yield "shared", f'"{cells["shared"]}" is neither yes nor no', "write yes where its people share their tickets"
    yield from _wrong_money(cells)
    yield from _wrong_days(cells)


def _wrong_money(cells: Cells) -> Iterator[tuple[str, str, str]]:
    fee, currency = cells["monthly fee"], cells["currency"]
    if fee and not _FEE.fullmatch(fee):
        yield "monthly fee", f'"{fee}" is no amount', "write like 1250.00, without a sign or commas"
    if currency and not _CURRENCY.fullmatch(currency):
        yield "currency", f'"{currency}" is no currency', "write like GBP"
    if fee and not currency:
        yield "currency", "is empty", "write the currency of the monthly fee, like GBP"


def _wrong_days(cells: Cells) -> Iterator[tuple[str, str, str]]:
    for column in ("valid from", "valid to"):
        if cells[column] and not _day(cells[column]):
            yield column, f'"{cells[column]}" is no day', "write like 2026-12-31"
    start, end = _day(cells["valid from"]), _day(cells["valid to"])
    if start and end and start > end:
        yield "valid to", f"{end} is before valid from, {start}", "write the last day of the contract"


def _contract(cells: Cells) -> Contract:
    return Contract(
        number=cells["number"],
        organisation=cells["organisation"],
        domains=frozenset(_several(cells["domains"])),
        monthly_fee=Decimal(cells["monthly fee"]) if cells["monthly fee"] else None,
        currency=cells["currency"],
        valid_from=_day(cells["valid from"]),
        valid_to=_day(cells["valid to"]),
        partners=tuple(_several(cells["partner addresses"])),
        shared=cells["shared"].lower() == "yes",
    )


def _several(cell: str) -> list[str]:
    return [part.lower() for part in re.split(r"[\s,;]+", cell) if part]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _key(number: str) -> str:
    return "".join(letter for letter in number.casefold() if letter.isalnum())


def _whose(address: str) -> list[str]:
    """What may stand in the register for an address: itself, its domain, and each domain above that."""
    address = address.lower()
    labels = address.rpartition("@")[2].split(".")[-_LABELS:]
    return [address, *(".".join(labels[at:]) for at in range(len(labels)))]


def _overlap(one: Contract, other: Contract) -> bool:
    starts_in_time = (one.valid_from or date.min) <= (other.valid_to or date.max)
    return starts_in_time and (other.valid_from or date.min) <= (one.valid_to or date.max)
