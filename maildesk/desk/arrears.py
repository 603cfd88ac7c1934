"""What the ledger of credits lacks, or has too much of, once the logs say more than they did [Procedure 10].

It takes nothing of what a manager has approved or corrected: that is for his word alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from maildesk.desk.credit import THIRD_PARTY, Hour, total
from maildesk.desk.statement import Entry


@dataclass(frozen=True, slots=True)
class Counted:
    """What the logs say now: each ticket's contract ("" none), its hours by month, and which a third party is at fault for."""

    contracts: Mapping[int, str]
    hours: Mapping[tuple[int, str], Sequence[Hour]]  # by ticket and month
    excused: frozenset[int]


@dataclass(frozen=True, slots=True)
class Stated:
    """What the ledger says of one ticket's hours of one month."""

    entries: tuple[Entry, ...] = ()
    approved: frozenset[str] = frozenset()  # contracts under which some of it stands in an approved statement

    @property
    def by_manager(self) -> bool:
        """Whether a manager has corrected it."""
        return any(entry.actor != "desk" for entry in self.entries)

    @property
    def hours(self) -> dict[str, Decimal]:
        """Under each contract."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            sums[entry.contract] += entry.hours
        return dict(sums)


def differences(
    counted: Counted, stated: Stated, ticket: int, month: str, *, same_rules: bool
) -> list[tuple[str, Decimal]]:
    """Contracts, each with hours to add or take away.

    Where the rules have changed since, the hours are what was stated: later changes neither add nor remove any.
    """
    contract, before = counted.contracts[ticket], stated.hours
    if stated.by_manager or stated.approved - {"", contract}:
        return []
    entitled = total(counted.hours.get((ticket, month), ())) if same_rules else sum(before.values(), Decimal(0))
    wanted = {**dict.fromkeys(before, Decimal(0)), contract: Decimal(0) if ticket in counted.excused else entitled}
    found = [(whose, hours - before.get(whose, Decimal(0))) for whose, hours in sorted(wanted.items())]
    return [(whose, more) for whose, more in found if more > 0 or (more < 0 and whose not in stated.approved)]


def reason(counted: Counted, ticket: int, hours: Decimal) -> str:
    """Why there is a difference, in words."""
    if ticket in counted.excused:
        return f"cause: {THIRD_PARTY}"
    return "found after the statement was made" if hours > 0 else "its contract or its log says otherwise now"
