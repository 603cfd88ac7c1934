"""Faults of what the firm wrote, settings and register alike: where, what is wrong and what would be right."""

from dataclasses import dataclass

Name = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; lines count from 1, 0 is the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, or worth a warning: ``name`` is dotted or a column, empty for the file as a whole."""

    place: Place
    name: str
    wrong: str
    right: str

    def __str__(self) -> str:
        said = f"{self.wrong}; {self.right}" if self.right else self.wrong
        return f"{self.place}: {self.name}: {said}" if self.name else f"{self.place}: {said}"


class SettingsError(Exception):
    """The settings or the register cannot be used; ``faults`` are all that is wrong with them, in order."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def failure(place: Place, wrong: str, right: str) -> SettingsError:
    """A file that is wrong as a whole."""
    return SettingsError((Fault(place, "", wrong, right),))


def dotted(name: Name) -> str:
    """``("receive", "imap", 0, "host")`` as ``receive.imap[0].host``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in name).removeprefix(".")
