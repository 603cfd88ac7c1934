"""A command that was not obeyed: why, and what would be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command was not obeyed, and what would be: nothing was changed by it."""

    reason: str
    remedy: str = ""
