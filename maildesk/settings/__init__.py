"""settings.yaml: read whole, laid over the shipped file, checked whole.  It refuses what it does not know.

`load` raises `SettingsError` with all faults at once, each with file, line, dotted name, what is wrong and what would
be right.  Nothing here opens a socket or a database, and no secret is read before `secret` is called.
"""

import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from maildesk.faults import Fault, Name, SettingsError, dotted
from maildesk.settings.check import Finding, contradictions, doubts
from maildesk.settings.file import Data, Tree, merge, read, without_nulls
from maildesk.settings.model import Settings
from maildesk.settings.types import WEEKDAYS, shown
from maildesk.shipped import shipped

__all__ = ["Fault", "SecretError", "Settings", "SettingsError", "load", "secret"]

_DAYS = re.compile(rf"({'|'.join(WEEKDAYS)})-({'|'.join(WEEKDAYS)})")
_SECRET_LIMIT: Final = 65_536  # octets; a password or a token, not a database
_OFTEN_MEANT = {
    "password": "password_file",
    "imap": "receive.imap",
    "smtp": "receive.smtp",
    "listen": "receive.smtp.listen",
}


class SecretError(Exception):
    """A secret cannot be had; the text says where it was looked for and never what was found."""


def load(path: Path | None) -> Settings:
    """The firm's settings over the shipped ones; None: the shipped ones alone.

    Relative paths in them mean the folder of ``path``, or the current one where there is none.
    Raises SettingsError.
    """
    below = spread_week(read(shipped("settings.yaml")))
    tree = merge(below, spread_week(read(path))) if path else below
    base = path.absolute().parent if path else Path.cwd()
    settings, faults = _checked(tree, below.data, base)
    if faults:
        raise SettingsError(tuple(sorted(faults, key=lambda fault: (fault.place.file, fault.place.line))))
    settings._warnings = tuple(_placed(doubt, tree) for doubt in doubts(settings))  # noqa: SLF001 (its maker)
    return settings


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


def _checked(tree: Tree, below: Data, base: Path) -> tuple[Settings, list[Fault]]:
    """The settings and all faults; what is faulty has the shipped value, so that the rest is looked at too."""
    data = without_nulls(tree.data)
    try:
        settings, errors = Settings.model_validate(data, context={"base": base}), []
    except ValidationError as failed:
        errors = failed.errors(include_url=False)
        settings = Settings.model_validate(_repaired(data, errors, without_nulls(below)), context={"base": base})
    faults = [*tree.faults, *(_placed(_finding(error, tree), tree) for error in errors)]
    tainted = {str(error["loc"][0]) for error in errors if error["type"] != "extra_forbidden"}
    return settings, faults + [_placed(finding, tree) for finding in contradictions(settings, tainted)]


def _repaired(data: Data, errors: list[ErrorDetails], below: Data) -> Data:
    """The data without unknown names, and with the shipped section wherever one is faulty."""
    faulty = {error["loc"][0] for error in errors if error["type"] != "extra_forbidden"}
    for error in errors:
        if error["type"] == "extra_forbidden" and error["loc"][0] not in faulty:
            _forget(data, error["loc"])
    return {name: data[name] for name in below if name in data} | {
        name: below[name] for name in below if name in faulty
    }


def _forget(data: Any, name: Name) -> None:
    for part in name[:-1]:
        data = data[part]
    del data[name[-1]]


def _placed(finding: Finding, tree: Tree) -> Fault:
    return Fault(tree.place(finding.name), dotted(finding.name), finding.wrong, finding.right)


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
            wrong, right = "is not known", _nearest(name)
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
    noun, right = wanted.get(kind, (kind.replace("_", " "), "see the shipped settings.yaml"))
    return f"{shown(value)} is no {noun}", right


def _nearest(name: Name) -> str:
    known = _fields(Settings, name[:-1])
    if close := get_close_matches(str(name[-1]), known, n=1):
        return f"did you mean {close[0]}?"
    if (meant := _OFTEN_MEANT.get(str(name[-1]))) and (len(name) == 1 or meant in known):
        return f"did you mean {meant}?"
    return f"known here are {', '.join(known)}"


def _fields(kind: Any, name: Name) -> list[str]:
    """The names that a section may have: ``kind`` is its type's annotation, ``name`` the way down from there."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _fields(kind.model_fields[str(name[0])].annotation, name[1:]) if name else list(kind.model_fields)
    inner = [argument for argument in get_args(kind) if argument not in (..., str, type(None))]
    return _fields(inner[0], name[1:]) if inner else []
