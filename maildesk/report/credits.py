"""A contract's statement of service credits as text of 80 columns, simple HTML and CSV [Procedure 10].

Tickets' subjects are strangers' text: cleaned, escaped in HTML, and never a formula in a spreadsheet.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from html import escape

from maildesk.desk.notices import CreditRow, CreditStatement
from maildesk.desk.statement import OPEN, Entry, Statement, first_day, money, moneys, number
from maildesk.desk.subject import one_line
from maildesk.write.plain import presentable, row, wrap

Name = Callable[[int], str]  # a ticket's number as people read it
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_COLUMNS = (
    "contract", "organisation", "statement", "state", "ticket", "subject", "kind", "month", "hours", "fee", "uncut",
    "amount", "currency", "arithmetic", "derivation",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would calculate instead of show
_PAGE = "font:16px/1.5 sans-serif;max-width:640px;margin:0 auto;padding:20px 16px;overflow-wrap:anywhere"
_CELL = "padding:8px 12px 8px 0;vertical-align:top;border-top:1px solid #808080"


def facts(statement: Statement, name: Name) -> CreditStatement:
    """What people are told of a statement."""
    fee, rules = statement.fee, statement.rules
    day = first_day(statement.month)
    month = f"{_MONTHS[day.month - 1]} {day.year}"
    rate = f"{number(rules.percent_per_hour)} % of the fee for each business hour in breach"
    cap = f", at most {number(rules.cap_percent)} %"
    return CreditStatement(
        contract=statement.contract or "none",
        organisation=statement.organisation,
        month=month,
        state=statement.state,
        fee=f"{money(fee.amount, fee.currency)} a month, on 1 {month}" if fee.amount is not None else "not known",
        rate=rate + cap + (f" ({money(fee.cap(rules), fee.currency)})" if fee.amount is not None else ""),
        rows=tuple(_row(entry, statement, name) for entry in statement.entries),
        hours=f"{statement.hours:f} h",
        total=moneys(statement.amounts) or "no money",
        cut=moneys(statement.cut),
        remarks=tuple(_remarks(statement, month)),
        decisions=tuple(f"{entry.kind} by {entry.actor}: {entry.words}" for entry in statement.decisions),
        command=f"{statement.contract or 'none'} {statement.month}",
    )


def as_text(statement: Statement, name: Name) -> str:
    """For a terminal or a letter: no line is wider than 76 columns."""
    told = presentable(facts(statement, name))
    blocks = [f"Service credits, {told.month}", "\n".join(row(*about) for about in _about(told))]
    blocks += [wrap(f"Note: {remark}") for remark in told.remarks]
    blocks += ["\n".join(_row_text(each)) for each in told.rows]
    blocks.append("\n".join(row(*sum_) for sum_ in _sums(told)))
    return "\n\n".join(block for block in blocks if block) + "\n"


def as_html(statements: Iterable[Statement], name: Name) -> str:
    """A page of its own with inline styles in the reader's own colours, which needs nothing from outside."""
    pages = "".join(_html(presentable(facts(statement, name))) for statement in statements)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    scheme = '<meta name="color-scheme" content="light dark"><title>Service credits</title>'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}{scheme}</head>\n<body style="margin:0">{pages}</body></html>\n'
    )


def as_csv(statements: Iterable[Statement], name: Name) -> str:
    """A row for each line and correction (RFC 4180), with its arithmetic."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for statement in statements:
        writer.writerows(_cells(entry, statement, name) for entry in statement.entries)
    return out.getvalue()


def _row(entry: Entry, statement: Statement, name: Name) -> CreditRow:
    subject = (statement.subjects or {}).get(entry.ticket or 0, "")
    return CreditRow(
        ticket=name(entry.ticket or 0),
        subject=subject,
        kind=entry.kind if entry.actor == "desk" else f"{entry.kind} by {entry.actor}",
        arithmetic=entry.words,
        derivation=entry.derivation,
    )


def _remarks(statement: Statement, month: str) -> Iterable[str]:
    if not statement.contract:
        yield "These tickets name no contract, so nobody can be credited. Once a ticket's contract is known, the next statement moves its hours there."
    elif statement.unpriced:
        yield (
            f"{statement.unpriced:f} h are without money: no monthly fee of {statement.contract} is known for 1 {month}. "
            f"Write it into the register of contracts. {_pricing(statement)}"
        )


def _pricing(statement: Statement) -> str:
    """How hours come to their money once the fee is known: those of a ledger's line are not priced anew."""
    if statement.state == OPEN:
        return "Done before the statement is made, they have their money in it."
    command = f"maildesk report correct {statement.contract} {statement.month} TICKET HOURS"
    return f"These hours are not priced anew: give each ticket its hours again, by `{command}`."


def _about(told: CreditStatement) -> Sequence[tuple[str, str]]:
    whose = f"{told.contract}, {told.organisation}" if told.organisation else told.contract
    decided = [("Decided", words) for words in told.decisions]
    return [("Contract", whose), ("Fee", told.fee), ("Rate", told.rate), ("State", told.state), *decided]


def _sums(told: CreditStatement) -> Sequence[tuple[str, str]]:
    return [("Total", f"{told.total} for {told.hours}"), *([("Cap", f"cut {told.cut}")] if told.cut else [])]


def _row_text(each: CreditRow) -> Iterable[str]:
    yield row(each.ticket, each.subject or "(no subject)")
    kind = () if each.kind == "line" else (each.kind,)
    for words in (*kind, *each.derivation, each.arithmetic):
        yield _below(words)


def _below(words: str) -> str:
    """A line under its ticket, in the column of the values."""
    return row("", words).replace(":", " ", 1)


def _html(told: CreditStatement) -> str:
    about = "".join(f"<div><strong>{escape(label)}</strong> {escape(value)}</div>" for label, value in _about(told))
    remarks = "".join(
        f'<div style="border-left:4px solid #d08700;padding:4px 12px;margin:12px 0">{escape(remark)}</div>'
        for remark in told.remarks
    )
    rows = "".join(_html_row(each) for each in told.rows)
    sums = "".join(f"<div><strong>{escape(label)}</strong> {escape(value)}</div>" for label, value in _sums(told))
    title = f'<p style="font-size:20px;font-weight:bold;margin:0 0 12px">Service credits, {escape(told.month)}</p>'
    table = f'<table cellpadding="0" cellspacing="0" style="width:100%;border-collapse:collapse;margin:16px 0">{rows}</table>'
    return f'<div style="{_PAGE}">{title}{about}{remarks}{table}{sums}</div>\n'


def _html_row(each: CreditRow) -> str:
    below = "".join(f'<div style="font-size:14px">{escape(words)}</div>' for words in each.derivation)
    kind = "" if each.kind == "line" else f"<div>{escape(each.kind)}</div>"
    return (
        f'<tr><td style="{_CELL};white-space:nowrap;font-weight:bold">{escape(each.ticket)}</td>'
        f'<td style="{_CELL}"><div dir="auto">{escape(each.subject or "(no subject)")}</div>{kind}{below}'
        f"<div><strong>{escape(each.arithmetic)}</strong></div></td></tr>"
    )


def _cells(entry: Entry, statement: Statement, name: Name) -> list[str]:
    subject = (statement.subjects or {}).get(entry.ticket or 0, "")
    words = (
        statement.contract,
        statement.organisation,
        statement.month,
        statement.state,
        name(entry.ticket or 0),
        subject,
    )
    sums = [_plain(value) for value in (entry.hours, entry.fee, entry.uncut, entry.amount)]
    after = (entry.currency, entry.words, "; ".join(entry.derivation))
    return [*map(_shown, (*words, entry.kind, entry.of_month)), *sums, *map(_shown, after)]


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _shown(text: str) -> str:
    """Text that a spreadsheet shows as it is."""
    clean = one_line(text)
    return f"'{clean}" if clean.startswith(_FORMULA) else clean
