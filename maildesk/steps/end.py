"""What became of a mail, as it is written down with it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class End:
    """What became of a mail."""

    state: str  # done, held, waits
    reason: str
    ticket: int | None = None
    duplicate_of: int | None = None
    explanation: tuple[str, ...] = ()
