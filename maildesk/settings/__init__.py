"""settings.yaml: read whole, laid over the shipped file, checked whole.  It refuses what it does not know.

`load` raises `SettingsError` with all faults at once, each with file, line, dotted name, what is wrong and what would
be right.  Nothing here opens a socket or a database, and no secret is read before `secret` is called.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from maildesk.faults import Fault, Name, Place, SettingsError, dotted
from maildesk.settings.check import Finding, borrowed_name, contradictions, doubts, hangs_on
from maildesk.settings.file import Data, Tree, merge, read, without_nulls
from maildesk.settings.mend import mended
from maildesk.settings.model import Settings
from maildesk.settings.names import is_of_new, nearest, new_ones
from maildesk.settings.types import WEEKDAYS, shown
from maildesk.shipped import shipped

__all__ = ["Examined", "Fault", "SecretError", "Settings", "SettingsError", "examine", "load", "secret"]

_DAYS = re.compile(rf"({'|'.join(WEEKDAYS)})-({'|'.join(WEEKDAYS)})")
_SECRET_LIMIT: Final = 65_536  # octets; a password or a token, not a database


@dataclass(frozen=True, slots=True)
class Examined:
    """Settings with their faults; ``tainted`` names have the shipped value, because the firm's is faulty."""

    settings: Settings
    faults: tuple[Fault, ...]
    tainted: frozenset[Name]


class SecretError(Exception):
    """A secret cannot be had; the text says where it was looked for and never what was found."""


def load(path: Path | None) -> Settings:
    """The firm's settings over the shipped ones; None: the shipped ones alone.

    Relative paths in them mean the folder of ``path``, or the current one where there is none.
    Raises SettingsError.
    """
    examined = examine(path)
    if examined.faults:
        raise SettingsError(examined.faults)
    return examined.settings


def examine(path: Path | None) -> Examined:
    """The same with all faults, for who wants to look at the rest too.  Raises SettingsError where there is no YAML."""
    below = spread_week(read(shipped("settings.yaml")))
    tree = merge(below, spread_week(read(path))) if path else below
    examined = _checked(tree, below, path.absolute().parent if path else Path.cwd())
    borrowed = path and tree.place(("desk", "name")).file != str(path)
    found = [*(borrowed_name(examined.settings, below.data) if borrowed else ()), *doubts(examined.settings)]
    heard = [doubt for doubt in found if not hangs_on(dotted(doubt.name), examined.tainted)]
    examined.settings._warnings = tuple(_doubt(doubt, tree, path) for doubt in heard)  # noqa: SLF001 (its maker)
    return examined


def secret(source: str) -> SecretStr:
    """What a ``password_file`` setting stands for: the file's text without the line's end, or a variable's value.

    Raises SecretError where there is none.
    """
    variable = source.removeprefix("env:")
    value = _file_text(Path(source)) if variable == source else os.environ.get(variable, "")
    if not value:
        raise SecretError(f"the secret in {source} is empty or not there; put it there, readable by maildesk alone")
    return SecretStr(value)


def spread_week(tree: Tree) -> Tree:
    """Writes ``mon-fri`` in `hours.week` as five days, so that a firm's ``fri`` or ``mon-sat`` replaces day by day."""
    week = tree.data["hours"].get("week") if isinstance(tree.data.get("hours"), dict) else None
    if not isinstance(week, dict):
        return tree
    spread: Data = {}
    for key, spans in week.items():
        place = tree.places["hours", "week", key]
        for day in _days(key):
            if day in spread:
                tree.faults.append(Fault(place, f"hours.week.{key}", f"{day} stands twice", "write each day once"))
            spread[day] = spans
            tree.places["hours", "week", day] = place
            if day != key:
                tree.written["hours", "week", day] = ("hours", "week", key)
    tree.data["hours"]["week"] = spread
    return tree


def _days(key: str) -> tuple[str, ...]:
    found = _DAYS.fullmatch(key)
    if not found:
        return (key,)
    first, last = WEEKDAYS.index(found[1]), WEEKDAYS.index(found[2])
    return WEEKDAYS[first : last + 1] if first <= last else (*WEEKDAYS[first:], *WEEKDAYS[: last + 1])


def _file_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            octets = file.read(_SECRET_LIMIT + 1)
        text = octets.decode()
    except OSError as fault:
        raise SecretError(f"{path} cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError:
        raise SecretError(f"{path} is no text in UTF-8") from None  # the cause would quote the octets
    if len(octets) > _SECRET_LIMIT:
        raise SecretError(f"{path} is longer than {_SECRET_LIMIT} octets: that is no password")
    return text.removesuffix("\n").removesuffix("\r")


def _checked(tree: Tree, below: Tree, base: Path) -> Examined:
    """The settings and all faults; what is faulty has the shipped value, so that the rest is looked at too."""
    data = without_nulls(tree.data)
    try:
        settings, errors, tainted = Settings.model_validate(data, context={"base": base}), [], set[Name]()
    except ValidationError as failed:
        errors = failed.errors(include_url=False)
        settings, tainted = mended(data, [(error["loc"], error["type"]) for error in errors], below.data, base)
    found = [
        *new_ones(errors, below.data),
        *(_finding(error, tree) for error in errors if not is_of_new(error, below.data)),
    ]
    faults = [*tree.faults, *(_placed(finding, tree) for finding in [*found, *contradictions(settings, tainted)])]
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: (fault.place.file, fault.place.line))
    return Examined(settings, tuple(ordered), frozenset(tainted))


def _placed(finding: Finding, tree: Tree) -> Fault:
    return Fault(tree.place(finding.name), dotted(tree.as_written(finding.name)), finding.wrong, finding.right)


def _doubt(doubt: Finding, tree: Tree, path: Path | None) -> Fault:
    """A doubt about what the firm left out stands in its own file: nobody edits the shipped one."""
    placed = _placed(doubt, tree)
    if path is None or placed.place.file == str(path):
        return placed
    return Fault(Place(str(path)), placed.name, f"your file lacks it: {placed.wrong}", placed.right)


def _finding(error: ErrorDetails, tree: Tree) -> Finding:
    """What pydantic found, in words for who wrote the file."""
    name: Name = tuple(error["loc"])
    value, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "value_error":
            wrong, _, right = str(context["error"]).partition("; ")
        case "missing" if name in tree.places:
            wrong, right = "cannot be null", "write a value, or take the line away to keep the shipped one"
        case "missing":
            wrong, right = "is missing", "write it"
        case "extra_forbidden":
            wrong, right = "is not known", nearest(name)
        case "literal_error":
            wrong, right = f"{shown(value)} is not possible", f"write {context['expected']}".replace("'", "")
        case "greater_than_equal":
            wrong, right = f"{shown(value)} is too small", f"write at least {context['ge']}"
        case "less_than_equal":
            wrong, right = f"{shown(value)} is too large", f"write at most {context['le']}"
        case "too_short" | "string_too_short":
            wrong, right = "is empty", "write it"
        case kind:
            wrong, right = _wrong_kind(kind, value)
    return Finding(name, wrong, right)


def _wrong_kind(kind: str, value: Any) -> tuple[str, str]:
    wanted = {
        "int_type": ("whole number", "write digits alone, like 25"),
        "bool_type": ("choice", "write true or false"),
        "tuple_type": ("list", "write [one, two] or lines that begin with -"),
        "dict_type": ("map", "write names and values below it"),
        "model_type": ("map", "write names and values below it"),
        "decimal_parsing": ("number", "write like 25 or 0.5"),
        "decimal_type": ("number", "write like 25 or 0.5"),
    }
    if kind == "model_type" and ":" in str(value):
        return f"{shown(value)} is no map", "write a space after each colon"
    noun, right = wanted.get(kind, (kind.replace("_", " "), "see the shipped settings.yaml"))
    return f"{shown(value)} is no {noun}", right
