"""settings.yaml: read whole, laid over the shipped file, checked whole.  It refuses what it does not know.

`load` raises `SettingsError` with all faults at once, each with file, line, dotted name, what is wrong and what would
be right.  Nothing here opens a socket or a database.
"""

import re
from pathlib import Path
from typing import Any

from maildesk.settings_file import Fault, SettingsError, Tree, merge, read, without_nulls
from maildesk.settings_model import Settings
from maildesk.settings_types import WEEKDAYS
from maildesk.shipped import shipped

__all__ = ["Fault", "Settings", "SettingsError", "load"]

_DAYS = re.compile(rf"({'|'.join(WEEKDAYS)})-({'|'.join(WEEKDAYS)})")


def load(path: Path | None) -> Settings:
    """The firm's settings over the shipped ones; None: the shipped ones alone.

    Relative paths in them mean the folder of ``path``, or the current one where there is none.
    Raises SettingsError.
    """
    tree = spread_week(read(shipped("settings.yaml")))
    base = path.parent if path else Path.cwd()
    if path:
        tree = merge(tree, spread_week(read(path)))
    return Settings.model_validate(without_nulls(tree.data), context={"base": base})


def spread_week(tree: Tree) -> Tree:
    """Writes ``mon-fri`` in `hours.week` as five days, so that a firm's ``fri`` or ``mon-sat`` replaces day by day."""
    week = tree.data["hours"].get("week") if isinstance(tree.data.get("hours"), dict) else None
    if not isinstance(week, dict):
        return tree
    spread: dict[str, Any] = {}
    for key, spans in week.items():
        place = tree.places[("hours", "week", key)]
        for day in _days(key):
            name = ("hours", "week", day)
            if day in spread:
                tree.faults.append(Fault(place, "hours.week", f"{day} stands twice", "write each weekday once"))
            spread[day] = spans
            tree.places[name] = place
    tree.data["hours"]["week"] = spread
    return tree


def _days(key: str) -> tuple[str, ...]:
    found = _DAYS.fullmatch(key)
    if not found:
        return (key,)
    first, last = WEEKDAYS.index(found[1]), WEEKDAYS.index(found[2])
    return WEEKDAYS[first : last + 1] if first <= last else (*WEEKDAYS[first:], *WEEKDAYS[: last + 1])
