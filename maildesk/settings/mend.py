"""Settings of which some are faulty, with the shipped values in their place, so that all the rest can be judged.

Nobody ever runs on mended settings: they only let all faults be found at once.
"""

from collections.abc import Sequence
from copy import deepcopy
from itertools import takewhile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from maildesk.faults import Name
from maildesk.settings.file import Data, without_nulls
from maildesk.settings.model import Settings

Error = tuple[Name, str]  # where, and pydantic's type of fault


def mended(data: Data, errors: Sequence[Error], below: Data, base: Path) -> tuple[Settings, set[Name]]:
    """The settings that are left, and the names whose values are not the firm's any more."""
    context = {"base": base}
    faulty = [name for name, kind in errors if kind != "extra_forbidden"]
    known = _without_unknown(data, [name for name, kind in errors if kind == "extra_forbidden"])
    fine = deepcopy(known)
    tainted = {_mend(fine, name, below) for name in faulty}
    try:
        return Settings.model_validate(fine, context=context), tainted
    except ValidationError:  # what is left of a section makes none: the whole section is the shipped one
        whole = {name[:1] for name in faulty}
        for name in whole:
            _mend(known, name, below)
        return Settings.model_validate(known, context=context), whole


def _without_unknown(data: Data, unknown: Sequence[Name]) -> Data:
    left = deepcopy(data)
    for name in unknown:
        section: Any = left
        for part in name[:-1]:
            section = section[part]
        section.pop(name[-1], None)
    return left


def _mend(data: Data, name: Name, below: Data) -> Name:
    """Put the shipped value where the firm's is faulty; returns the name whose value is no more the firm's."""
    listed = name[0] == "people" and len(name) > 1 and int(name[1]) < len(data["people"])
    if listed and isinstance(data["people"][name[1]], dict):
        data["people"][name[1]] = _stand_in(data["people"][name[1]], int(name[1]))
        return name[:2]
    mine: Any = data
    shipped: Any = below
    whole = tuple(takewhile(lambda part: isinstance(part, str), name))  # a list is replaced as a whole
    for length, part in enumerate(whole, 1):
        if length == len(whole) or not isinstance(shipped.get(part), dict) or not isinstance(mine.get(part), dict):
            _put(mine, part, shipped)
            return whole[:length] if part in shipped else whole[: length - 1]
        mine, shipped = mine[part], shipped[part]
    return whole


def _put(mine: Data, part: Any, shipped: Data) -> None:
    mine.pop(part, None)
    if shipped.get(part) is not None:
        mine[part] = without_nulls(shipped[part])


def _stand_in(person: Data, number: int) -> Data:
    """A person with a fault is still the one whom teams name."""
    name = person.get("name")
    return {
        "name": name if isinstance(name, str) and name.isprintable() and name.strip() else f"person {number}",
        "addresses": [f"person-{number}@invalid.example"],
    }
