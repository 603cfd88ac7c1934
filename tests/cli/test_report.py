"""``maildesk report``: statements of credits for people and programs, and a manager's decisions."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran, maildesk
from tests.cli.test_commands_doc import keys, named
from tests.rig.books import DORA, Books, late

AS = ("--as", DORA)


class Desk(Books):
    """The books with their command line."""

    def run(self, *words: object) -> Ran:
        return maildesk("report", *words, "--settings", self.folder / "desk" / "settings.yaml")

    @property
    def folder(self) -> Path:
        return Path(str(self.desk.database.url.database)).parent / "books"


@pytest.fixture
def books(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    """D-1001 has 3 hours of March, which is proposed; of April there is nothing."""
    made = Desk(tmp_path / "books", sqlite_url)
    made.ticket(late("03-02 09:00", "03-03 12:30"), subject="The shop is away")
    made.turn("04-01 08:00")
    yield made
    made.desk.close()


def statement(books: Desk, month: str = "2026-03") -> dict[str, Any]:
    (line,) = books.run("credits", month, "--json").lines
    found: dict[str, Any] = line
    return found


def test_as_text(books: Desk) -> None:
    out = books.run("credits", "2026-03").out
    assert out.startswith("Service credits, March 2026\n")
    assert "3 h x 1 % of 1,200.00 GBP = 36.00\n" in out
    assert max(map(len, out.splitlines())) <= 80


def test_as_html_and_csv(books: Desk) -> None:
    assert books.run("credits", "2026-03", "--format", "html").out.startswith("<!DOCTYPE html>")
    (row,) = csv.DictReader(io.StringIO(books.run("credits", "2026-03", "--format", "csv").out, newline=""))
    assert (row["ticket"], row["amount"]) == ("D-1001", "36.00")


def test_for_programs_each_key_described(books: Desk) -> None:
    found = statement(books)
    assert (found["state"], found["amounts"]) == ("proposed", {"GBP": "36.00"})
    assert [line["ticket"] for line in found["lines"]] == [1001]
    assert {key for key in keys(found) - {"GBP"} if not named(key)} == set()
    assert json.dumps(found).isascii()


def test_one_contract_or_none(books: Desk) -> None:
    assert len(books.run("credits", "2026-03", "--contract", "c-17", "--json").lines) == 1
    for contract in ("C-18", "none"):
        assert books.run("credits", "2026-03", "--contract", contract).out == "no credits in this month\n"


def test_correct_refuse_and_approve(books: Desk) -> None:
    ran = books.run("correct", "C-17", "2026-03", "D-1001", "-1", "--reason", "we were early", *AS)
    assert (ran.code, ran.out) == (
        0, "C-17, statement of 2026-03: -1 h x 1 % of 1,200.00 GBP = -12.00; we were early\n",
    )  # fmt: skip
    assert books.run("refuse", "C-17", "2026-03", "--reason", "too early", *AS).code == 0
    assert statement(books)["state"] == "refused"
    ran = books.run("approve", "C-17", "2026-03", *AS)
    assert (ran.code, ran.out) == (0, "C-17, 2026-03: approved, 24.00 GBP\n")
    assert [(each["kind"], each["actor"]) for each in statement(books)["decisions"]] == [
        ("proposed", "desk"), ("refused", DORA), ("approved", DORA),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        ("approve C-17 2026-03 --as ann@firm.test", 1, "may not decide on service credits"),
        ("approve C-18 2026-03 --as dora@firm.test", 1, "was never proposed"),
        ("approve C-17 2026-04 --as dora@firm.test", 1, "was never proposed"),
        ("correct C-17 2026-03 1002 1 --reason x --as dora@firm.test", 1, "there is no ticket D-1002"),
        ("correct C-17 2026-03 1001 much --reason x --as dora@firm.test", 2, "no amount of hours"),
        ("correct C-17 2026-03 1001 0 --reason x --as dora@firm.test", 2, "no amount of hours"),
        ("correct C-17 2026-03 x 1 --reason x --as dora@firm.test", 2, "no ticket's number"),
        ("approve C-17 march --as dora@firm.test", 2, "march is no month: write like 2026-11"),
        ("credits 2026-13", 2, "2026-13 is no month"),
        ("credits 2026-3", 2, "2026-3 is no month"),
        ("approve C-17 2026-03", 2, "--as"),
        ("refuse C-17 2026-03 --as dora@firm.test", 2, "--reason"),
    ],
)
def test_what_is_refused_changes_nothing(books: Desk, words: str, code: int, why: str) -> None:
    before = statement(books)
    ran = books.run(*words.split())
    assert ran.code == code
    assert why in ran.err
    assert statement(books) == before


def test_a_contract_that_is_not_of_the_register_is_an_error_and_one_without_credits_is_not(books: Desk) -> None:
    ran = books.run("credits", "2026-03", "--contract", "C-99")
    assert (ran.code, "C-99 is no contract of the register" in ran.err) == (1, True)
    assert books.run("credits", "2026-03", "--contract", "c-18").code == 0
