"""[Procedure 10]: 1 % of the fee for each business hour in breach, at most 25 % a month; none for a third party's fault."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from maildesk.desk.credit import Hour, accrued
from maildesk.desk.policy import CreditRules
from maildesk.desk.statement import Entry, Fee, Given, Statement, correction, given, lines, money
from tests.rig.history import History, at, shipped

NOW = at("04-01 08:00")
RULES = CreditRules()
GBP = Fee(Decimal(1200), "GBP")
NOTHING = Given()


def hours(opened: str, until: str, priority: str = "P1", month: str = "2026-03") -> tuple[Hour, ...]:
    """The hours of a ticket left alone."""
    found = accrued(History(opened, priority).log, shipped(), at(until))
    return found.months().get(month, ())


def stated(
    tickets: dict[int, tuple[Hour, ...]], fee: Fee = GBP, so_far: Given = NOTHING, rules: CreditRules = RULES
) -> list[Entry]:
    return lines("C-17", "2026-03", {key: those for key, those in tickets.items() if those}, fee, rules, so_far, NOW)


@pytest.mark.parametrize(
    ("opened", "priority", "until", "worth", "words"),
    [
        ("03-02 09:00", "P1", "03-03 12:59", "36.00", "3 h x 1 % of 1,200.00 GBP = 36.00"),
        ("03-02 09:00", "P2", "03-05 10:00", "12.00", "1 h x 1 % of 1,200.00 GBP = 12.00"),
        ("03-02 09:00", "P3", "03-09 11:00", "24.00", "2 h x 1 % of 1,200.00 GBP = 24.00"),
        # two nights and a weekend count nothing: 8 h on Friday, 9 h on Monday, 8 h on Tuesday
        ("03-05 09:00", "P1", "03-10 16:00", "300.00", "25 h x 1 % of 1,200.00 GBP = 300.00"),
        (
            "03-05 09:00", "P1", "03-11 17:00", "300.00",
            "35 h x 1 % of 1,200.00 GBP = 420.00, cut to 300.00 by the cap of 25 % for 2026-03",
        ),
    ],
)  # fmt: skip
def test_a_line_with_its_arithmetic(opened: str, priority: str, until: str, worth: str, words: str) -> None:
    (line,) = stated({1001: hours(opened, until, priority)})
    assert (line.amount, line.words) == (Decimal(worth), words)


@pytest.mark.parametrize("priority", ["P4", "P5"])
def test_never_for_questions(priority: str) -> None:
    assert hours("03-02 09:00", "05-29 09:00", priority, "2026-05") == ()


def test_the_cap_is_of_the_contract_and_keeps_the_oldest_hours_of_all_its_tickets() -> None:
    """Three tickets, side by side from Tuesday 09:00: 25 hours are given by the 9th of each and of the first two again."""
    side_by_side = {number: hours("03-02 09:00", "03-04 10:00") for number in (1001, 1002, 1003)}  # 8 + 2 h each
    assert [(line.hours, line.amount) for line in stated(side_by_side)] == [
        (10, Decimal("108.00")),  # of the ninth hours only one is still in
        (10, Decimal("96.00")),
        (10, Decimal("96.00")),
    ]
    older_first = {1001: hours("03-16 09:00", "03-17 17:00"), 1002: hours("03-05 09:00", "03-10 14:00")}  # 8 h, 23 h
    assert [(line.ticket, line.amount) for line in stated(older_first)] == [
        (1002, Decimal("276.00")),
        (1001, Decimal("24.00")),
    ]


def test_money_is_rounded_half_up_once_a_line_and_the_cap_gives_no_cent_more() -> None:
    odd = Fee(Decimal("1000.50"), "EUR")  # 10.005 an hour
    (one,) = stated({1001: hours("03-02 09:00", "03-03 10:00")}, odd)
    assert (one.amount, one.words) == (Decimal("10.01"), "1 h x 1 % of 1,000.50 EUR = 10.01")
    (three,) = stated({1001: hours("03-02 09:00", "03-03 12:00")}, odd)
    assert three.amount == Decimal("30.02")  # 30.015
    (all_,) = stated({1001: hours("03-02 09:00", "03-31 17:00")}, odd)
    assert all_.amount == Decimal("250.12")  # of 250.125


def test_no_fee_no_money_but_the_hours() -> None:
    (line,) = stated({1001: hours("03-02 09:00", "03-03 12:00")}, Fee())
    assert (line.hours, line.fee, line.amount) == (3, None, None)
    assert line.words == "3 h, without money: no monthly fee is known for 2026-03-01"


def test_what_a_manager_gave_before_counts_for_the_cap() -> None:
    tickets = {1001: hours("03-05 09:00", "03-10 16:00")}
    assert stated(tickets, so_far=Given(Decimal(120), Decimal(120)))[0].amount == Decimal("180.00")
    assert stated(tickets, so_far=Given(Decimal(300), Decimal(300)))[0].amount == Decimal(0)


def corrected(more: str, so_far: Given, fee: Fee = GBP) -> Entry:
    return correction("C-17", "2026-04", 1001, "2026-03", Decimal(more), fee, RULES, so_far, "dora", NOW, "why")


@pytest.mark.parametrize(
    ("more", "uncut", "amount", "worth"),
    [
        ("2", "36", "36", "24.00"),
        ("2", "288", "288", "12.00"),  # the cap of March leaves one hour
        ("2", "300", "300", "0.00"),
        ("-2", "36", "36", "-24.00"),
        ("-3", "36", "36", "-36.00"),
        ("-2", "420", "300", "0.00"),  # what the cap had cut is taken first: 396 is still more than 300
        ("-12", "420", "300", "-24.00"),  # 276 is left
        ("-4", "36", "36", "-36.00"),  # no more than was given
        ("0.5", "0", "0", "6.00"),
    ],
)
def test_a_correction_is_worth_what_the_cap_of_its_month_leaves(more: str, uncut: str, amount: str, worth: str) -> None:
    made = corrected(more, Given(Decimal(uncut), Decimal(amount)))
    assert made.amount == Decimal(worth)
    assert made.words.startswith(f"{more} h of 2026-03 x 1 % of 1,200.00 GBP = ")
    assert made.words.endswith("; why")


def test_a_cap_that_was_lowered_since_takes_nothing_back() -> None:
    lower = replace(RULES, cap_percent=Decimal(10))
    more = correction(
        "C-17", "2026-04", 1001, "2026-03", Decimal(2), GBP, lower, Given(Decimal(300), Decimal(300)), "dora", NOW, ""
    )
    assert more.amount == 0


def test_an_approval_is_for_good_whatever_is_written_after_it() -> None:
    decisions = tuple(Entry("C-17", "2026-03", kind, "dora", NOW) for kind in ("proposed", "approved", "refused"))
    states = [Statement("C-17", "", "2026-03", GBP, RULES, decisions=decisions[:count]).state for count in range(4)]
    assert states == ["not yet proposed", "proposed", "approved", "approved"]


def test_a_correction_without_a_fee() -> None:
    assert corrected("2", Given(), Fee()).amount is None


def test_other_percentages() -> None:
    rules = replace(RULES, percent_per_hour=Decimal("0.5"), cap_percent=Decimal(10))
    (line,) = stated({1001: hours("03-05 09:00", "03-10 16:00")}, rules=rules)
    assert line.words == "25 h x 0.5 % of 1,200.00 GBP = 150.00, cut to 120.00 by the cap of 10 % for 2026-03"


def test_money_as_people_read_it() -> None:
    assert (money(Decimal("1234567.5"), "GBP"), money(Decimal(-3))) == ("1,234,567.50 GBP", "-3.00")


def _says_why(entry: Entry) -> bool:
    return "by the cap of 25 % for 2026-03" in entry.words if entry.hours > 0 else "had been given" in entry.words


FEES = st.decimals(min_value="0.01", max_value="99999.9999", places=4)
SPANS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 80)), min_size=1, max_size=6)
ALL = hours("03-02 09:00", "03-31 17:00")


@settings(max_examples=80, deadline=None)
@given_by(FEES, SPANS, st.lists(st.decimals(-50, 50, places=2), max_size=4))
def test_never_more_than_the_cap_whatever_is_corrected(
    fee: Decimal, spans: list[tuple[int, int]], more: list[Decimal]
) -> None:
    tickets = {number: ALL[start : start + count] for number, (start, count) in enumerate(spans, 1001)}
    known = Fee(fee, "GBP")
    entries = stated(tickets, known)
    for hours_ in more:
        entries.append(corrected(str(hours_), given(entries), known))
    sums = given(entries)
    assert Decimal(0) <= sums.amount <= fee * 25 / 100
    whole = [entry for entry in entries if entry.amount == entry.uncut]
    assert whole == entries or all(_says_why(entry) for entry in entries if entry not in whole)
