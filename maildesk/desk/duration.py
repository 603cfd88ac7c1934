"""Amounts of time that keep their unit: ``24 hours`` is not ``24 business hours`` [Procedure 3, 4, 5].

A business day is worth what the firm's hours say, so an amount is never turned into seconds here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_WRITTEN = re.compile(r"(\d{1,6}) +((?:business +)?)(minute|hour|day)s?", re.IGNORECASE | re.ASCII)


class Unit(StrEnum):
    """What an amount counts: round the clock, or in business time."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    BUSINESS_MINUTES = "business minutes"
    BUSINESS_HOURS = "business hours"
    BUSINESS_DAYS = "business days"

    @property
    def business(self) -> bool:
        """Whether it passes only while the firm works."""
        return self.value.startswith("business ")


@dataclass(frozen=True, slots=True)
class Duration:
    """A whole amount of a unit; it reads and writes as ``4 business hours``, ``1 day``."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.removesuffix('s') if self.amount == 1 else self.unit}"

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Reads ``24 hours`` or ``1 business day``; raises ValueError with what would be right."""
        found = _WRITTEN.fullmatch(text.strip())
        if not found:
            raise ValueError(f'"{text}" is no amount of time with a unit; write like 24 hours or 5 business days')
        amount, business, unit = found.groups()
        return cls(int(amount), Unit(f"{'business ' if business else ''}{unit.lower()}s"))
