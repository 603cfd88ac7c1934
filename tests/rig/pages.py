"""The project's own pages, as tests read them: their blocks of code, tables and links."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def page(name: str) -> str:
    """The text of ``README.md`` or ``docs/...``."""
    return (ROOT / name).read_text(encoding="utf-8")


def pages() -> list[str]:
    """The names of all pages."""
    found = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def blocks(text: str, language: str = "") -> list[str]:
    """The blocks of code in a language; "" are those without one."""
    return [body for named, body in _BLOCK.findall(text) if named == language]


def block(text: str, first_line: str) -> str:
    """The one block that begins with a line; without that line.  Raises ValueError where there is none, or several."""
    (found,) = [body for _, body in _BLOCK.findall(text) if body.startswith(first_line + "\n")]
    return str(found).partition("\n")[2]


def links(text: str) -> Iterator[str]:
    """The relative paths that a page links to."""
    return (target for target in _LINK.findall(text) if "://" not in target)


def rows(text: str) -> list[list[str]]:
    """The cells of all rows of tables, without heads' rules."""
    lines = [line.strip() for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    return [row for row in cells if not all(set(cell) <= set("-: ") for cell in row)]
