"""When a ticket opens [Procedure, Time], and what the acknowledgement says of when work begins [Procedure 2, 12]."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.rig.desk import ANN, NOW, DeskUnderTest
from tests.rig.letters import letter

OpenDesk = Callable[..., DeskUnderTest]
BOB = "bob@acme.test"
FUTURE, OLD = "which is in the future: opened now", "over 5 business days: opened now"
BACK: list[tuple[str, str, timedelta, str]] = [
    ("at once", "imap", timedelta(0), ""),
    ("an hour ago", "imap", timedelta(hours=1), ""),
    ("on Friday", "imap", timedelta(days=3), ""),
    ("5 business days back", "imap", timedelta(days=7), ""),
    ("just over 5 business days back", "imap", timedelta(days=7, minutes=1), OLD),
    ("in the last century", "imap", timedelta(days=9999), OLD),
    ("in the future", "imap", timedelta(minutes=-1), FUTURE),
    ("in the next century", "imap", timedelta(days=-9999), FUTURE),
    ("long ago by our own clock", "smtp", timedelta(days=30), ""),
    ("long ago by our own clock", "lmtp", timedelta(days=30), ""),
]


@pytest.mark.parametrize(("_name", "source", "back", "flag"), BACK, ids=[f"{row[0]} {row[1]}" for row in BACK])
def test_when_a_ticket_opens(desk: DeskUnderTest, _name: str, source: str, back: timedelta, flag: str) -> None:
    mail = desk.incoming(letter(), source=source, at=NOW - back, uid=1)
    desk.take([mail])
    (ticket,) = desk.tickets()  # at once, whatever a mailbox's clock says
    assert ticket.opened_at == (NOW if flag else NOW - back)
    flags = desk.log(ticket.number)[0].body.flags  # type: ignore[union-attr]
    assert [flag in said for said in flags] == ([True] if flag else [])
    assert flag in desk.outbox("new-ticket", to=ANN)[0].text


def test_the_date_field_is_never_a_clock(desk: DeskUnderTest) -> None:
    end = desk.receive(letter(date="Thu, 01 Jan 1970 00:00:00 +0000"))
    assert desk.ticket(end.ticket).opened_at == NOW


def test_the_desks_own_downtime_is_not_taken_off_a_ticket(desk: DeskUnderTest) -> None:
    mail = desk.incoming(letter())
    desk.clock.go_on(days=20)
    desk.take([mail])
    assert desk.tickets()[0].opened_at == NOW


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


HOURS: list[tuple[str, str, str]] = [
    ("in hours, winter", "2026-11-23T09:30+00:00", ""),
    ("at the opening", "2026-11-23T08:00+00:00", ""),
    ("at the close", "2026-11-23T17:00+00:00", "Tue 24 Nov 2026, 08:00 GMT"),
    ("at night, winter", "2026-11-23T22:15+00:00", "Tue 24 Nov 2026, 08:00 GMT"),
    ("before opening", "2026-11-24T07:59+00:00", "Tue 24 Nov 2026, 08:00 GMT"),
    ("in hours, summer", "2026-07-06T07:30+00:00", ""),
    ("at night, summer", "2026-07-06T22:15+00:00", "Tue 7 Jul 2026, 08:00 BST"),
    ("Friday evening", "2026-07-10T17:30+00:00", "Mon 13 Jul 2026, 08:00 BST"),
    ("before Easter Monday", "2026-04-03T12:00+00:00", "Tue 7 Apr 2026, 08:00 BST"),
    ("before Christmas", "2026-12-24T18:00+00:00", "Tue 29 Dec 2026, 08:00 GMT"),
    ("the night the clocks go forward", "2026-03-28T23:30+00:00", "Mon 30 Mar 2026, 08:00 BST"),
    ("the night the clocks go back", "2026-10-24T23:30+00:00", "Mon 26 Oct 2026, 08:00 GMT"),
]


def test_the_acknowledgement_says_when_work_begins(desk: DeskUnderTest) -> None:
    for name, now, begins in HOURS:
        desk.clock.now = at(now)
        (ack,) = desk.receive(letter()).to(BOB)
        open_now = "Our support team is at work" in ack.text and "hours are over" not in ack.text
        assert open_now == (begins == ""), name
        assert open_now or f"Our support hours are over for now. Work on your ticket begins {begins};" in ack.text, name


def test_a_closed_day_of_the_firms_own(open_desk: OpenDesk) -> None:
    desk = open_desk({"hours": {"closed": ["2026-11-23"], "open": [{"day": "2026-11-24", "hours": ["10:30-12:00"]}]}})
    assert "begins Tue 24 Nov 2026, 10:30 GMT" in desk.receive(letter()).to(BOB)[0].text


def test_it_tells_the_number_once_and_to_its_sender_alone(desk: DeskUnderTest) -> None:
    end = desk.receive(letter())
    (ack,) = end.to(BOB)
    assert str(ack.mail["Subject"]) == f"[D-{end.ticket}] Printer"
    assert f"It is now ticket D-{end.ticket} with us." in ack.text
    assert [mail.to for mail in desk.outbox("acknowledgement")] == [BOB]


def test_each_member_of_the_team_is_told_by_himself(desk: DeskUnderTest) -> None:
    end = desk.receive(letter("It burns.\nAll of it."))
    notices: list[Any] = [mail for mail in end.sent if mail.notice == "new-ticket"]
    assert [mail.to for mail in notices] == [ANN, "bill@firm.test"]
    for mail in notices:
        assert "It burns." in mail.text
        assert "Bob Smith <bob@acme.test>" in mail.text
        assert str(mail.mail["Subject"]) == f"[D-{end.ticket}] New ticket, P3: Printer"
    assert len({str(mail.mail["Reply-To"]) for mail in notices}) == 2
