"""The month's turn: statements are made once, tell who approves them, and later facts are corrections."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from maildesk.desk.events import CauseSet, ContactLearnt
from maildesk.desk.obey import Refusal
from maildesk.desk.statement import Entry, Statement
from maildesk.steps import statements as steps
from maildesk.steps.statements import month_due
from maildesk.store import credits as ledger
from tests.rig.books import DORA, Books, late
from tests.rig.history import at, shipped

TELCO = CauseSet("third party", "Telco", "cut")


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("2026-02", "04-01 07:59", None),  # a Wednesday, before the firm opens
        ("2026-02", "04-01 08:00", "2026-03"),
        ("2026-03", "04-01 08:00", None),
        ("2026-04", "06-01 07:59", None),
        ("2026-04", "06-01 08:00", "2026-05"),
        ("2026-07", "09-01 08:00", "2026-08"),
        ("2026-01", "03-01 12:00", None),  # a Sunday
        ("2026-01", "03-02 08:00", "2026-02"),
        ("2025-11", "2026-01-01 09:00", None),  # New Year's Day
        ("2025-11", "2026-01-02 08:00", "2025-12"),
        ("2026-01", "05-20 08:00", "2026-02"),  # after months of downtime, in turn
        ("", "03-10 08:00", "2026-02"),  # a new desk begins with the month before
        ("", "03-01 08:00", "2026-01"),
    ],
)
def test_when_statements_are_due(last: str, now: str, due: str | None) -> None:
    assert month_due(shipped().calendar, last, at(now)) == due


def test_a_proposal_for_each_contract_with_lines_is_made_once_and_told_to_who_approves(books: Books) -> None:
    first = books.ticket(late("03-02 09:00", "03-03 12:30"), subject="The shop is away")
    second = books.ticket(late("03-10 09:00", "03-11 14:10"))
    books.ticket(late("03-02 09:00", "03-03 11:30"), contract="C-18")
    books.ticket(late("03-02 09:00", "03-02 11:30"), contract="C-19")  # never in breach
    assert books.turn("04-01 07:59") == []
    assert books.turn("04-01 08:00") == [f"credit-statement:{number}:2026-03:{DORA}" for number in ("C-17", "C-18")]
    assert books.turn("04-01 08:00") == books.turn("04-02 08:00") == []
    acme, nofee = books.shown("2026-03").values()
    assert (acme.state, nofee.state) == ("proposed", "proposed")
    assert [(e.ticket, e.hours, e.amount, e.words) for e in acme.entries] == [
        (first, 3, Decimal("36.00"), "3 h x 1 % of 1,200.00 GBP = 36.00"),
        (second, 5, Decimal("60.00"), "5 h x 1 % of 1,200.00 GBP = 60.00"),
    ]
    assert [(e.hours, e.amount, e.words) for e in nofee.entries] == [
        (2, None, "2 h, without money: no monthly fee is known for 2026-03-01")
    ]
    mails = books.mails()
    assert [(mail.to, mail.row.urgency) for mail in mails] == [(DORA, 1), (DORA, 1)]
    assert "C-17, March 2026, 96.00 GBP" in str(mails[0].mail["Subject"])
    assert "3 h x 1 % of 1,200.00 GBP = 36.00" in mails[0].text
    assert "no monthly fee of C-18 is known" in mails[1].text
    (table,) = [part for part in mails[0].mail.walk() if part.get_filename()]
    assert table.get_filename() == "credits-C-17-2026-03.csv"
    assert b"The shop is away" in (table.get_payload(decode=True) or b"")


def test_a_crash_leaves_nothing_of_a_statement_and_the_next_turn_makes_it(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.ticket(late("03-02 09:00", "03-03 12:30"))

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(steps, "post", crash)
        with pytest.raises(ZeroDivisionError):
            books.turn("04-01 08:00")
    with books.desk.reading() as transaction:
        assert (ledger.last_month(transaction), ledger.contracts(transaction, "2026-03")) == ("2026-02", [])
    assert len(books.turn("04-01 08:00")) == 1


def test_of_two_daemons_one_makes_it(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other has read the logs, too, and comes second."""
    books.ticket(late("03-02 09:00", "03-03 12:30"))
    read, made = steps.count, []

    def slow(*args: object) -> object:
        found = read(*args)  # type: ignore[arg-type]
        if not made:
            made.append(True)
            assert len(books.turn("04-01 08:00")) == 1
        return found

    monkeypatch.setattr(steps, "count", slow)
    assert books.turn("04-01 08:00") == []
    assert (len(books.mails()), len(books.lines("C-17", "2026-03"))) == (1, 1)


def test_after_months_of_downtime_each_month_has_its_own(books: Books) -> None:
    books.ticket(late("03-30 15:30", "04-01 11:30"))
    assert books.turn("05-05 08:00") == [f"credit-statement:C-17:{month}:{DORA}" for month in ("2026-03", "2026-04")]
    assert books.lines("C-17", "2026-03")[0][2:] == (1, Decimal("12.00"))
    assert books.lines("C-17", "2026-04")[0][2:] == (4, Decimal("60.00"))  # at the fee of the first of April


def test_the_month_that_runs_is_shown_as_it_stands(books: Books) -> None:
    books.ticket(late("03-02 09:00", "03-03 12:30"))
    (found,) = books.shown("2026-03", "03-03 11:30").values()
    assert (found.state, found.hours, found.amounts) == ("not yet proposed", 2, {"GBP": Decimal("24.00")})
    with books.desk.reading() as transaction:
        assert ledger.contracts(transaction, "2026-03") == []


def test_only_who_has_the_role_decides_and_an_approval_is_for_good(books: Books) -> None:
    books.ticket(late("03-02 09:00", "03-03 12:30"))
    early = books.decide("C-17", "2026-03")
    assert isinstance(early, Refusal)
    assert "was never proposed" in early.reason
    books.turn("04-01 08:00")
    for actor in ("ann@firm.test", "dora@firm.test.evil.test", ""):
        refused = books.decide("C-17", "2026-03", actor=actor)
        assert isinstance(refused, Refusal)
        assert "may not decide" in refused.reason
    refusal = books.decide("c 17", "2026-03", "refused", DORA.upper())
    assert isinstance(refusal, Statement)
    assert refusal.state == "refused"
    approval = books.decide("C-17", "2026-03")
    assert isinstance(approval, Statement)
    assert approval.state == "approved"
    for verdict in ("approved", "refused"):
        again = books.decide("C-17", "2026-03", verdict)
        assert isinstance(again, Refusal)
        assert "approved already" in again.reason
    told = [(entry.kind, entry.actor, entry.words) for entry in books.shown("2026-03")["C-17"].decisions]
    assert [kind for kind, *_ in told] == ["proposed", "refused", "approved"]
    assert told[1][1:] == (DORA.upper(), "36.00 GBP for 3 h; a reason")


def test_where_nobody_has_the_role_the_operator_decides(open_books: Callable[..., Books]) -> None:
    books = open_books({"credits": {"approver": "chief executive"}})
    books.ticket(late("03-02 09:00", "03-03 12:30"))
    assert books.turn("04-01 08:00") == ["credit-statement:C-17:2026-03:ops@firm.test"]
    assert isinstance(books.decide("C-17", "2026-03", actor="ops@firm.test"), Statement)


def test_a_managers_correction_stands_in_the_statement_until_that_is_approved_then_in_the_next(books: Books) -> None:
    number = books.ticket(late("03-02 09:00", "03-03 12:30"))
    books.turn("04-01 08:00")
    first = books.correct("C-17", "2026-03", number, "-1")
    assert isinstance(first, Entry)
    assert (first.month, first.amount, first.words) == (
        "2026-03", Decimal("-12.00"), "-1 h x 1 % of 1,200.00 GBP = -12.00; a reason",
    )  # fmt: skip
    approved = books.decide("C-17", "2026-03")
    assert isinstance(approved, Statement)
    assert approved.amounts == {"GBP": Decimal("24.00")}
    second = books.correct("C-17", "2026-03", number, "2")
    assert isinstance(second, Entry)
    assert (second.month, second.of_month, second.amount) == ("2026-04", "2026-03", Decimal("24.00"))
    assert books.turn("05-01 08:00") == [f"credit-statement:C-17:2026-04:{DORA}"]
    assert books.lines("C-17", "2026-04") == [(number, "2026-03", 2, Decimal("24.00"))]
    assert books.lines("C-17", "2026-03")[0] == (number, "2026-03", 3, Decimal("36.00"))  # never changed


def test_a_correction_needs_a_manager_and_a_ticket_of_the_contract(books: Books) -> None:
    number = books.ticket(late("03-02 09:00", "03-03 12:30"))
    for contract, ticket, actor, why in (
        ("C-17", number, "ann@firm.test", "may not decide"),
        ("C-17", 4711, DORA, "there is no ticket"),
        ("C-18", number, DORA, "is of C-17, not of C-18"),
    ):
        refused = books.correct(contract, "2026-03", ticket, "1", actor)
        assert isinstance(refused, Refusal)
        assert why in refused.reason
    assert books.lines("C-17", "2026-03") == [(number, "2026-03", 3, Decimal("36.00"))]  # as it would be


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("", [("2026-03", -3, Decimal("-36.00"))]),
        ("refused", [("2026-03", -3, Decimal("-36.00"))]),
        ("approved", []),  # for a manager's word alone
    ],
)
def test_a_third_partys_fault_found_later(books: Books, verdict: str, expected: list[object]) -> None:
    number = books.ticket(late("03-02 09:00", "03-03 12:30"))
    books.turn("04-01 08:00")
    if verdict:
        books.decide("C-17", "2026-03", verdict)
    books.happens(number, "04-02 09:00", TELCO)
    books.turn("05-01 08:00")
    books.turn("06-01 08:00")  # and not once more
    assert [line[1:] for line in books.lines("C-17", "2026-04")] == expected
    assert books.lines("C-17", "2026-05") == []


def test_a_manager_who_has_corrected_is_not_corrected_by_the_desk(books: Books) -> None:
    number = books.ticket(late("03-02 09:00", "03-03 12:30"))
    books.turn("04-01 08:00")
    books.correct("C-17", "2026-03", number, "-1")
    books.happens(number, "04-02 09:00", TELCO)
    books.turn("05-01 08:00")
    assert books.lines("C-17", "2026-04") == []


def test_a_contract_learnt_later_moves_the_hours(books: Books) -> None:
    number = books.ticket(late("03-02 09:00", "03-03 12:30"), contract="")
    books.turn("04-01 08:00")
    assert books.lines("", "2026-03") == [(number, "2026-03", 3, None)]
    books.happens(number, "04-02 09:00", ContactLearnt({}, "C-17"))
    books.turn("05-01 08:00")
    assert books.lines("", "2026-04") == [(number, "2026-03", -3, None)]
    assert books.lines("C-17", "2026-04") == [(number, "2026-03", 3, Decimal("36.00"))]


def test_what_is_found_late_is_a_correction_even_of_an_approved_month(books: Books) -> None:
    books.ticket(late("03-02 09:00", "03-03 12:30"))
    books.turn("04-01 08:00")
    books.decide("C-17", "2026-03")
    number = books.ticket(late("03-30 09:00", "03-31 11:30"))  # a call that is dated back, entered in April
    books.happens(number, "04-02 09:00", CauseSet("ours"))
    books.turn("05-01 08:00")
    assert books.lines("C-17", "2026-04") == [(number, "2026-03", 2, Decimal("24.00"))]


def test_the_fee_is_that_of_the_months_first_day(books: Books) -> None:
    """A contract that begins within the month has none for it; from the next month on it has."""
    number = books.ticket(late("03-30 15:30", "04-01 11:30"), contract="C-20")
    books.turn("05-01 08:00")
    assert books.lines("C-20", "2026-03") == [(number, "2026-03", 1, None)]
    assert books.lines("C-20", "2026-04") == [(number, "2026-04", 4, Decimal("40.00"))]


def test_another_contract_gets_nothing_that_was_approved_for_the_first(books: Books) -> None:
    number = books.ticket(late("03-02 09:00", "03-03 12:30"))
    books.turn("04-01 08:00")
    books.decide("C-17", "2026-03")
    books.happens(number, "04-02 09:00", ContactLearnt({}, "C-19"))
    books.turn("05-01 08:00")
    assert (books.lines("C-17", "2026-04"), books.lines("C-19", "2026-04")) == ([], [])


def test_corrections_of_one_month_share_its_cap(books: Books) -> None:
    """Twice 18 late hours of March: the cap of 25 leaves 7 to the second ticket."""
    books.turn("04-01 08:00")
    numbers = [books.ticket(late("03-19 17:00", "03-24 17:00")) for _ in range(2)]  # due Friday's close
    for number in numbers:
        books.happens(number, "04-02 09:00", CauseSet("ours"))
    books.turn("05-01 08:00")
    assert books.lines("C-17", "2026-04") == [
        (numbers[0], "2026-03", 18, Decimal("216.00")),
        (numbers[1], "2026-03", 18, Decimal("84.00")),
    ]


def test_other_rules_do_not_change_what_was_stated(open_books: Callable[..., Books]) -> None:
    books = open_books()
    number = books.ticket(late("03-02 09:00", "03-03 12:30"))
    books.turn("04-01 08:00")
    books.happens(number, "04-02 09:00", CauseSet("ours"))
    stricter = open_books({"priorities": {"P1": {"resolution": "20 hours", "fix_commitment": None}}})
    stricter.turn("05-01 08:00")
    assert stricter.lines("C-17", "2026-04") == []
    stricter.happens(number, "05-02 09:00", TELCO)
    stricter.turn("06-01 08:00")
    assert stricter.lines("C-17", "2026-05") == [(number, "2026-03", -3, Decimal("-36.00"))]


def test_a_damaged_log_keeps_nobody_else_from_his_due(books: Books) -> None:
    damaged = books.ticket(late("03-02 09:00", "03-03 12:30"))
    number = books.ticket(late("03-02 09:00", "03-03 12:30"))
    with books.desk.database.writing() as transaction:
        transaction.exec_driver_sql(f"UPDATE event SET kind = 'no-such' WHERE ticket = {damaged} AND seq = 2")
    books.turn("04-01 08:00")
    assert [line[0] for line in books.lines("C-17", "2026-03")] == [number]
