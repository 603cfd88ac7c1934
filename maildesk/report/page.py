"""A document laid out: titles, sentences, points and tables become text of 80 columns or a page of HTML.

It knows nothing of what it lays out, and lets no word of it become markup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from textwrap import fill, wrap

_WIDTH = 80  # columns of text
_GAP = "  "
_NARROWEST = 10  # columns of a table's cell
_RULE = "border-top:1px solid #808080"
_CELL = f"padding:6px 12px 6px 0;vertical-align:top;text-align:left;{_RULE}"
_PAGE = (
    "max-width:760px;margin:0 auto;padding:20px 16px;box-sizing:border-box;font-family:-apple-system,'Segoe UI',Roboto,"
    "'Helvetica Neue',Arial,sans-serif;font-size:16px;line-height:1.5;overflow-wrap:break-word"
)
# On a telephone each row of a table stands as a list, each cell with its column's name; the colours are the reader's own.
_STYLE = (
    ":root{color-scheme:light dark;supported-color-schemes:light dark}"
    "@media (max-width:600px){thead{display:none}tr{display:block;border-top:1px solid #808080;padding:8px 0}"
    "td{display:block;border:0!important;padding:1px 0!important;overflow-wrap:anywhere}td:empty{display:none}"
    'td::before{content:attr(data-of) ": ";font-weight:600}}'
)


@dataclass(frozen=True, slots=True)
class Points:
    """A list, one sentence or a few a point."""

    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as the head has."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[str | Points | Table, ...]


def as_text(title: str, parts: Sequence[Part], foot: str) -> str:
    """Plain text; no line is longer than 80 columns but one that is a single long word."""
    lines = [*wrap(title, _WIDTH), ""]
    for part in parts:
        lines += [*wrap(part.title, _WIDTH), "-" * min(len(part.title), _WIDTH)]
        for block in part.blocks:
            lines += [_block(block), ""]
    return "\n".join([*lines, foot]) + "\n"


def as_html(title: str, parts: Sequence[Part], foot: str) -> str:
    """A page that needs nothing from outside and suits a telephone, a window, light and dark."""
    body = "".join(_section(part) for part in parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body style="margin:0;padding:0">\n'
        f'<div style="{_PAGE}">\n<h1 style="font-size:26px;line-height:1.25;margin:0 0 8px">{escape(title)}</h1>\n{body}'
        f'<p style="{_RULE};margin:24px 0 0;padding:12px 0 0;font-size:14px">{escape(foot)}</p>\n</div>\n</body>\n</html>\n'
    )


def _block(block: str | Points | Table) -> str:
    match block:
        case str():
            return fill(block, _WIDTH)
        case Points():
            return "\n".join(fill(f"- {point}", _WIDTH, subsequent_indent="  ") for point in block.points)
        case Table():
            return "\n".join(_grid(block))


def _grid(table: Table) -> list[str]:
    widths = _widths(table)
    rule = _GAP.join("-" * width for width in widths)
    several_lines = any(len(line) > 1 for row in table.rows for line in _wrapped(row, widths))
    lines = [*_lines(table.head, widths), rule]
    for row in table.rows:
        lines += _lines(row, widths)
        if several_lines and row is not table.rows[-1]:
            lines.append("")
    return lines


def _widths(table: Table) -> list[int]:
    """As wide as the longest cell; where that is too much, the column gives way that makes the table least taller."""
    widths = [max(map(len, column)) for column in zip(table.head, *table.rows, strict=True)]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > _WIDTH:
        tries = [[*widths[:at], width - 1, *widths[at + 1 :]] for at, width in enumerate(widths) if width > _NARROWEST]
        widths = min(tries, key=lambda tried: (_height(table, tried), -max(tried)))
    return widths


def _height(table: Table, widths: Sequence[int]) -> int:
    return sum(max(map(len, _wrapped(row, widths))) for row in (table.head, *table.rows))


def _wrapped(row: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    return [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    beside = zip_longest(*_wrapped(row, widths), fillvalue="")
    return [_GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in beside]


def _section(part: Part) -> str:
    blocks = "".join(map(_html, part.blocks))
    return f'<h2 style="font-size:19px;line-height:1.3;margin:28px 0 8px">{escape(part.title)}</h2>\n{blocks}'


def _html(block: str | Points | Table) -> str:
    match block:
        case str():
            return f'<p style="margin:0 0 12px">{escape(block)}</p>\n'
        case Points():
            points = "".join(f"<li>{escape(point)}</li>\n" for point in block.points)
            return f'<ul style="margin:0 0 12px;padding:0 0 0 22px">\n{points}</ul>\n'
        case Table():
            return _html_table(block)


def _html_table(table: Table) -> str:
    head = "".join(f'<th style="{_CELL};border-top:0">{escape(name)}</th>' for name in table.head)
    rows = "".join(f"<tr>{_html_cells(table.head, row)}</tr>\n" for row in table.rows)
    return (
        '<table style="width:100%;border-collapse:collapse;margin:0 0 16px;font-size:15px">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
    )


def _html_cells(head: Sequence[str], row: Sequence[str]) -> str:
    named = zip(head, row, strict=True)
    return "".join(f'<td data-of="{escape(name)}" style="{_CELL}">{escape(cell)}</td>' for name, cell in named)
