"""Names that nobody knows, and what was perhaps meant: closed sections and maps whose keys the firm chooses.  Pure."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from maildesk.faults import Name, dotted
from maildesk.settings.check import Finding
from maildesk.settings.file import Data
from maildesk.settings.model import Settings

_OFTEN_MEANT = {
    "password": "password_file",
    "imap": "receive.imap",
    "smtp": "receive.smtp",
    "listen": "receive.smtp.listen",
}


def nearest(name: Name) -> str:
    """What may stand in a name's place."""
    if ":" in str(name[-1]):
        return "write a space after each colon"
    if len(name) == 1 and len(sections := _sections_with(str(name[0]))) == 1:
        return f"did you mean {sections[0]}.{name[0]}? indent it below {sections[0]}:"
    known = _fields(Settings, name[:-1])
    if close := get_close_matches(str(name[-1]), known, n=1):
        return f"did you mean {close[0]}?"
    if (meant := _OFTEN_MEANT.get(str(name[-1]))) and (len(name) == 1 or meant in known):
        return f"did you mean {meant}?"
    return f"known here are {', '.join(known)}"


def new_ones(errors: Sequence[ErrorDetails], below: Data) -> list[Finding]:
    """Keys that the shipped file does not have and that lack what a new one needs: each told once, with the nearest."""
    lacks: dict[Name, list[str]] = {}
    for error in errors:
        if is_of_new(error, below):
            lacks.setdefault(error["loc"][:-1], []).append(str(error["loc"][-1]))
    return [_new(name, missing, below) for name, missing in lacks.items()]


def is_of_new(error: ErrorDetails, below: Data) -> bool:
    """Whether something is missing below a key of an open map that the shipped file does not have."""
    name = error["loc"][:-1]
    others = _at(below, name[:-1]) if name else None
    return error["type"] == "missing" and isinstance(others, dict) and bool(others) and name[-1] not in others


def _new(name: Name, missing: Sequence[str], below: Data) -> Finding:
    known = [str(key) for key in _at(below, name[:-1])]
    close = get_close_matches(str(name[-1]).lower(), [key.lower() for key in known], n=1, cutoff=0.5)
    meant = next((key for key in known if close and key.lower() == close[0]), "")
    hint = f"did you mean {meant}?" if meant else f"shipped are {', '.join(known)}"
    wrong = f"is new in {dotted(name[:-1])} and lacks {', '.join(missing)}"
    return Finding(name, wrong, f"{hint} a new one needs them")


def _at(data: Any, name: Name) -> Any:
    for part in name:
        data = data.get(part) if isinstance(data, dict) else None
    return data


def _sections_with(name: str) -> list[str]:
    return [section for section in Settings.model_fields if name in _model_fields(section)]


def _model_fields(section: str) -> list[str]:
    kind = Settings.model_fields[section].annotation
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _fields(kind: Any, name: Name) -> list[str]:
    """The names that a section may have: ``kind`` is its type's annotation, ``name`` the way down from there."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _fields(kind.model_fields[str(name[0])].annotation, name[1:]) if name else list(kind.model_fields)
    inner = [argument for argument in get_args(kind) if argument not in (..., str, type(None))]
    return _fields(inner[0], name[1:]) if inner else []
