"""A statement as text, HTML and CSV: it reads well, and a stranger's subject is text and nothing else."""

import csv
import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from maildesk.desk.policy import CreditRules
from maildesk.desk.statement import Entry, Fee, Statement
from maildesk.report.credits import as_csv, as_html, as_text
from tests.rig.history import at

NOW = at("04-01 08:00")
RUN = "3 h in breach, from 03 Mar 2026 09:00 GMT to 03 Mar 2026 12:00 GMT: P1, resolution due 03 Mar 2026 09:00 GMT"
LINE = Entry(
    "C-17", "2026-03", "line", "desk", NOW, "30 h x 1 % of 1,200.00 GBP = 360.00, cut to 300.00 by the cap of 25 % for 2026-03",
    1001, "2026-03", Decimal(30), Decimal(1200), Decimal("360.00"), Decimal("300.00"), "GBP", (RUN,),
)  # fmt: skip
TAKEN = Entry(
    "C-17", "2026-03", "correction", "dora@firm.test", NOW, "-3 h of 2026-02 x 1 % of 1,200.00 GBP = -36.00; why",
    1002, "2026-02", Decimal(-3), Decimal(1200), Decimal("-36.00"), Decimal("-36.00"), "GBP",
)  # fmt: skip
PROPOSED = Entry("C-17", "2026-03", "proposed", "desk", NOW, "264.00 GBP for 27 h", hours=Decimal(27))
FULL = Statement(
    "C-17", "Acme Trading Ltd", "2026-03", Fee(Decimal(1200), "GBP"), CreditRules(), (LINE, TAKEN), (PROPOSED,),
    {1001: "The shop is away", 1002: "Backup slow"},
)  # fmt: skip
NASTY = (
    '=HYPERLINK("http://evil.example")',
    "<script>alert(1)</script>",
    "a\r\nTotal:        9,999.00 GBP",
    "\u202eevil \x1b[2J" + "x" * 500,
    "+1", "-1", "@SUM(A1)", "\t=1",
)  # fmt: skip
TEXT = """\
Service credits, March 2026

Contract:     C-17, Acme Trading Ltd
Fee:          1,200.00 GBP a month, on 1 March 2026
Rate:         1 % of the fee for each business hour in breach, at most 25 %
              (300.00 GBP)
State:        proposed
Decided:      proposed by desk: 264.00 GBP for 27 h

D-1001:       The shop is away
              3 h in breach, from 03 Mar 2026 09:00 GMT to 03 Mar 2026 12:00
              GMT: P1, resolution due 03 Mar 2026 09:00 GMT
              30 h x 1 % of 1,200.00 GBP = 360.00, cut to 300.00 by the cap
              of 25 % for 2026-03

D-1002:       Backup slow
              correction by dora@firm.test
              -3 h of 2026-02 x 1 % of 1,200.00 GBP = -36.00; why

Total:        264.00 GBP for 27 h
Cap:          cut 60.00 GBP
"""


def name(ticket: int) -> str:
    return f"D-{ticket}"


def titled(subject: str) -> Statement:
    return replace(FULL, organisation=subject, subjects={1001: subject, 1002: subject})


def rows(statement: Statement) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv([statement], name), newline="")))


def test_the_text() -> None:
    assert as_text(FULL, name) == TEXT


@pytest.mark.parametrize("subject", NASTY)
def test_no_subject_makes_a_line_of_ours_or_goes_over_the_edge(subject: str) -> None:
    text = as_text(titled(subject), name)
    assert all(len(line) <= 76 and line.isprintable() for line in text.splitlines())
    assert text.count("\nTotal:") == 1


@pytest.mark.parametrize("subject", NASTY)
def test_the_html_is_text_and_needs_nothing_from_outside(subject: str) -> None:
    page = as_html([titled(subject)], name)
    assert not re.search(r"<script|src=|href=|url\(|@import", page)
    assert set(re.findall(r"<([a-z]+)", page)) <= {
        "html", "head", "meta", "title", "body", "div", "p", "strong", "table", "tr", "td",
    }  # fmt: skip
    assert not re.search(r"(?<![-\w])(color|background):", page)  # the reader's own colours
    assert "264.00 GBP for 27 h" in page


@pytest.mark.parametrize("subject", NASTY)
def test_no_cell_is_a_formula(subject: str) -> None:
    first, second = rows(titled(subject))
    for cell in (first["subject"], first["organisation"], second["subject"]):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.isprintable()
    assert (second["hours"], second["amount"]) == ("-3", "-36.00")  # numbers stay numbers


def test_the_table() -> None:
    first, second = rows(FULL)
    assert first == {
        "contract": "C-17",
        "organisation": "Acme Trading Ltd",
        "statement": "2026-03",
        "state": "proposed",
        "ticket": "D-1001",
        "subject": "The shop is away",
        "kind": "line",
        "month": "2026-03",
        "hours": "30",
        "fee": "1200",
        "uncut": "360.00",
        "amount": "300.00",
        "currency": "GBP",
        "arithmetic": LINE.words,
        "derivation": RUN,
    }
    assert (second["kind"], second["month"]) == ("correction", "2026-02")


def test_hours_without_money_are_said() -> None:
    unpriced = replace(LINE, fee=None, uncut=None, amount=None, currency="", words="30 h, without money")
    text = as_text(replace(FULL, fee=Fee(), entries=(unpriced,)), name)
    assert "no monthly fee of C-17 is" in text
    assert "Total:        no money for 30 h" in text
    assert "by `maildesk report correct C-17 2026-03 TICKET HOURS`" in " ".join(text.split())
    early = as_text(replace(FULL, fee=Fee(), entries=(unpriced,), decisions=()), name)
    assert "before the statement is made" in " ".join(early.split())
    assert "report correct" not in early
    assert "name no contract" in as_text(replace(FULL, contract="", fee=Fee(), entries=(unpriced,)), name)


def test_sums_of_two_currencies_are_not_added() -> None:
    euro = replace(TAKEN, currency="EUR")
    assert "Total:        300.00 GBP + -36.00 EUR" in as_text(replace(FULL, entries=(LINE, euro)), name)
