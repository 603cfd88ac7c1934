"""The ledger of credits on both databases: what is written comes back, and what may be once is there once."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from maildesk.desk.statement import Entry
from maildesk.store import credits as ledger
from maildesk.store import tickets
from maildesk.store.database import Database
from tests.rig.history import History, at, shipped

NOW = datetime(2026, 4, 1, 7, 0, tzinfo=UTC)
LINE = Entry(
    "C-17", "2026-03", "line", "desk", NOW, "3 h x 1 % = 36.00", None, "2026-03",
    Decimal("3.25"), Decimal("1200.5000"), Decimal("39.02"), Decimal("36.00"), "GBP", ("from", "to"),
)  # fmt: skip
BARE = Entry("", "2026-04", "correction", "dora@firm.test", NOW, of_month="2026-03")
PROPOSED = Entry("C-17", "2026-03", "proposed", "desk", NOW, "36.00 GBP")


def keep(database: Database, history: History, end: str = "") -> int:
    """Keep a history's log; ``end`` adds an event at that time."""
    policy, (opening, *later) = shipped(), history.log
    with database.writing() as transaction:
        made = tickets.open_ticket(transaction, opening.body, "bob", None, opening.at, policy)  # type: ignore[arg-type]
        for event in later:
            made = tickets.append(transaction, made, [event.body], event.actor, None, event.at, policy)
    return made.number


def test_entries_come_back_as_they_went_in_and_in_order(database: Database) -> None:
    with database.writing() as transaction:
        ledger.append(transaction, [LINE, BARE])
        ledger.append(transaction, [])
        assert ledger.decide(transaction, PROPOSED)
    with database.reading() as transaction:
        assert ledger.statement(transaction, "C-17", "2026-03") == [LINE, PROPOSED]
        assert ledger.statement(transaction, "", "2026-04") == [BARE]
        assert ledger.of_month(transaction, "", "2026-03") == [BARE]
        assert ledger.stated_since(transaction, "2026-03") == [LINE, BARE]
        assert ledger.stated_since(transaction, "2026-04") == []
        assert ledger.decisions_since(transaction, "2026-03") == [PROPOSED]
        assert ledger.contracts(transaction, "2026-03") == ["C-17"]


@pytest.mark.parametrize(("kind", "again"), [("proposed", False), ("approved", False), ("refused", True)])
def test_a_month_is_proposed_and_approved_once(database: Database, kind: str, again: bool) -> None:
    entry = replace(PROPOSED, kind=kind)
    with database.writing() as transaction:
        assert ledger.decide(transaction, entry)
        assert ledger.decide(transaction, replace(entry, actor="other")) is again
        assert ledger.decide(transaction, replace(entry, month="2026-04"))
        assert ledger.decide(transaction, replace(entry, contract="C-18"))


def test_the_database_itself_refuses_a_second_approval(database: Database) -> None:
    approved = replace(PROPOSED, kind="approved")
    with pytest.raises(IntegrityError), database.writing() as transaction:
        ledger.append(transaction, [approved, approved])


def test_of_two_who_take_a_month_one_gets_it(database: Database) -> None:
    with database.writing() as transaction:
        assert ledger.last_month(transaction) == ""
        assert ledger.take_month(transaction, "", "2026-02", "aaaa")
    with database.writing() as transaction:
        assert not ledger.take_month(transaction, "", "2026-02", "bbbb")
        assert ledger.take_month(transaction, "2026-02", "2026-03", "cccc")
    with database.reading() as transaction:
        assert ledger.last_month(transaction) == "2026-03"
        assert [ledger.rules_of(transaction, f"2026-0{month}") for month in (2, 3, 4)] == ["aaaa", "cccc", ""]


def test_whose_logs_are_read(database: Database) -> None:
    """Not those opened later, nor those over before; an untouched open one always."""
    untouched = keep(database, History("02-02 09:00", "P1"))
    over_before = keep(database, History("02-02 09:00", "P3").run({"02-03 09:00": "close"}))
    over_within = keep(database, History("02-02 09:00", "P3").run({"03-03 09:00": "close"}))
    opened_later = keep(database, History("04-02 09:00", "P3"))
    with database.reading() as transaction:
        found = {log.ticket: log for log in ledger.logs(transaction, at("03-01 00:00"), at("04-01 00:00"))}
        assert list(found) == [untouched, over_within]
        assert {over_before, opened_later}.isdisjoint(found)
        assert list(found[over_within].events) == tickets.log(transaction, over_within)
