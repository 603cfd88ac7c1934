"""A systemd unit file as its directives, and the system calls that its SystemCallFilter= leaves."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

Directives = Mapping[str, list[str]]


def service(unit: Path) -> Directives:
    """The directives of [Service], each with its values in order (systemd.syntax(7), without continued lines)."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in map(str.strip, unit.read_text(encoding="utf-8").splitlines()):
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and line[0] not in "#;":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def allowed_calls(filters: Iterable[str]) -> set[str]:
    """The names that the lines of SystemCallFilter= leave: sets as systemd knows them, ``~`` takes away."""
    allowed: set[str] = set()
    for line in filters:
        names = {name for word in line.removeprefix("~").split() for name in _members(word)}
        allowed = allowed - names if line.startswith("~") else allowed | names
    return allowed


def _members(name: str) -> set[str]:
    """One call, or all that a set holds, sets within it included."""
    if not name.startswith("@"):
        return {name}
    listing = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True, timeout=30
    ).stdout
    lines = [line.strip() for line in listing.splitlines()[1:]]
    return {member for line in lines if line and line[0] != "#" for member in _members(line)}
