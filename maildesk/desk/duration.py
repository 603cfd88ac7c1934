"""Amounts of time that keep their unit: ``24 hours`` is not ``24 business hours`` [Procedure 3, 4, 5].

A business day is worth what the firm's hours say, so nothing here has a length without being told that.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
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

    def length(self, business_day: timedelta) -> timedelta:
        """How much one of it is, of its own kind of time; ``business_day`` is what the firm's hours make of a day."""
        match self:
            case Unit.MINUTES | Unit.BUSINESS_MINUTES:
                return timedelta(minutes=1)
            case Unit.HOURS | Unit.BUSINESS_HOURS:
                return timedelta(hours=1)
            case Unit.DAYS:
                return timedelta(days=1)
            case Unit.BUSINESS_DAYS:
                return business_day


@dataclass(frozen=True, slots=True)
class Duration:
    """A whole amount of a unit; it reads and writes as ``4 business hours``, ``1 day``."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.removesuffix('s') if self.amount == 1 else self.unit}"

    def length(self, business_day: timedelta) -> timedelta:
        """How much it is, of its own kind of time, where a business day is worth ``business_day`` of business time."""
        return self.amount * self.unit.length(business_day)

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Reads ``24 hours`` or ``1 business day``; raises ValueError with what would be right."""
        found = _WRITTEN.fullmatch(text.strip())
        if not found:
            raise ValueError(f'"{text}" is no amount of time with a unit; write like 24 hours or 5 business days')
        amount, business, unit = found.groups()
        return cls(int(amount), Unit(f"{'business ' if business else ''}{unit.lower()}s"))
