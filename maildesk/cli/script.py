"""The script of a simulation: a YAML list of what happens when, read with all its faults at once."""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import click

from maildesk.cli.moment import moment
from maildesk.desk.calendar import Calendar
from maildesk.desk.commands import Unclear, parse
from maildesk.desk.duration import Duration
from maildesk.faults import Fault, Name, SettingsError
from maildesk.firm import People
from maildesk.settings.file import Tree, read
from maildesk.simulation import Down, Item, Letter, Order

SCRIPT = "script"
_KINDS = {
    "mail": {"at", "mail"},
    "staff": {"at", "staff", "ticket", "commands", "text"},
    "manager": {"at", "manager", "ticket", "commands", "text"},
    "down": {"at", "down"},
}
_MAIL = {"from", "subject", "body", "ticket", "robot"}
_FORM = "write {at: ..., mail: {from, subject, body}}, {at: ..., staff: ADDRESS, ticket: N, commands: [...]}"


class _WrongError(Exception):
    """One fault of one item: where below it, what, and what would be right."""

    def __init__(self, name: Name, wrong: str, right: str) -> None:
        super().__init__(wrong)
        self.name, self.wrong, self.right = name, wrong, right


def read_script(path: Path, calendar: Calendar, people: People) -> list[Item]:
    """The items of a script.  Raises SettingsError with all faults, each with its line."""
    tree = read(path, listed=SCRIPT)
    items, faults = [], list(tree.faults)
    rows = tree.data.get(SCRIPT) or []
    if not isinstance(rows, list) or set(tree.data) - {SCRIPT}:
        raise SettingsError((Fault(tree.place(()), "", "is no list of what happens", f"begin lines with -; {_FORM}"),))
    for number, row in enumerate(rows):
        try:
            items.append(_item(row, calendar, people))
        except _WrongError as fault:
            faults.append(_placed(tree, number, fault))
    if faults:
        raise SettingsError(tuple(faults))
    return items


def _placed(tree: Tree, number: int, fault: _WrongError) -> Fault:
    place = tree.place((SCRIPT, number, *fault.name))
    return Fault(place, ".".join(map(str, (f"item {number + 1}", *fault.name))), fault.wrong, fault.right)


def _item(row: Any, calendar: Calendar, people: People) -> Item:
    if not isinstance(row, dict):
        raise _WrongError((), "is no map", _FORM)
    kind = next((kind for kind in _KINDS if kind in row), None)
    if kind is None:
        raise _WrongError((), "says not what happens", _FORM)
    _known(row, _KINDS[kind], ())
    at = _moment(row.get("at"), calendar)
    make: Mapping[str, Callable[[], Letter | Order | Down]] = {
        "mail": lambda: _letter(row["mail"]),
        "staff": lambda: _order(row, "staff", people),
        "manager": lambda: _order(row, "manager", people),
        "down": lambda: _down(row["down"]),
    }
    return Item(at, make[kind]())


def _known(row: Mapping[str, Any], names: set[str], where: Name) -> None:
    for name in row:
        if name not in names:
            raise _WrongError((*where, name), "is not known here", f"known are {', '.join(sorted(names))}")


def _moment(value: Any, calendar: Calendar) -> datetime:
    try:
        return moment(str(value), calendar, "at")
    except click.BadParameter as fault:
        wrong, _, right = fault.message.partition("; ")
        raise _WrongError(("at",), wrong, right) from fault


def _letter(mail: Any) -> Letter:
    if not isinstance(mail, dict):
        raise _WrongError(("mail",), "is no map", "write {from: bob@acme.example, subject: ..., body: ...}")
    _known(mail, _MAIL, ("mail",))
    sender = str(mail.get("from") or "")
    if "@" not in parseaddr(sender)[1]:
        raise _WrongError(("mail", "from"), "is no address", "write like bob@acme.example")
    robot = mail.get("robot", False)
    if not isinstance(robot, bool):
        raise _WrongError(("mail", "robot"), "is no choice", "write true or false")
    ticket = _ticket(mail["ticket"], ("mail", "ticket")) if mail.get("ticket") is not None else None
    return Letter(sender, _one_line(mail.get("subject")), str(mail.get("body") or ""), ticket, robot)


def _one_line(value: Any) -> str:
    return " ".join(str(value or "").split())


def _order(row: Mapping[str, Any], who: str, people: People) -> Order:
    address = str(row[who])
    if people.at(address) is None:
        raise _WrongError((who,), f"{address} is nobody of the firm", "write an address of `people` in the settings")
    commands = row.get("commands") or []
    if not isinstance(commands, list):
        raise _WrongError(("commands",), "is no list", 'write [priority P2, "resolved: it was the cable"]')
    text = str(row.get("text") or "")
    if not commands and not text:
        raise _WrongError((), "commands nothing and says nothing", "write commands: [...] or text: ...")
    parsed = []
    for number, line in enumerate(commands):
        command = parse(str(line))
        if isinstance(command, Unclear):
            raise _WrongError(("commands", number), command.wrong, f"write like {command.right}")
        parsed.append(command)
    return Order(address, _ticket(row.get("ticket"), ("ticket",)), tuple(parsed), text)


def _ticket(value: Any, where: Name) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _WrongError(where, "is no ticket of the run", "write its number in the run, from 1")
    return value


def _down(value: Any) -> Down:
    try:
        return Down(Duration.parse(str(value)))
    except ValueError as fault:
        wrong, _, right = str(fault).partition("; ")
        raise _WrongError(("down",), wrong, right) from fault
