"""[Procedure 12]: replies in business hours; P1 and P2 reach Systems Engineering at any hour."""

from datetime import time

import pytest

from maildesk.desk.policy import Person
from tests.rig.history import History, at, shipped, shown


@pytest.mark.parametrize(
    ("mail", "begins"),
    [
        ("03-02 08:00", "03-02 08:00"),
        ("03-02 16:59", "03-02 16:59"),
        ("03-02 17:00", "03-03 08:00"),  # a closing time is closed
        ("03-02 07:59", "03-02 08:00"),
        ("03-06 18:00", "03-09 08:00"),
        ("03-28 12:00", "03-30 08:00"),  # the clocks go forward between
        ("04-02 17:00", "04-07 08:00"),  # Easter between
        ("05-01 17:00", "05-05 08:00"),
        ("12-24 17:00", "12-29 08:00"),  # Boxing Day is a Saturday: Monday is off instead
        ("10-24 12:00", "10-26 08:00"),
    ],
)
def test_when_work_begins(mail: str, begins: str) -> None:
    """What the acknowledgement tells, in the firm's zone, GMT or BST as it is that day."""
    opens = shipped().calendar.next_open(at(mail))
    assert opens
    assert shown(opens) == begins


@pytest.mark.parametrize("priority", ["P1", "P2", "P3", "P4", "P5"])
@pytest.mark.parametrize("opened", ["03-07 03:00", "03-02 10:00"])
def test_whose_it_is_and_whether_the_hour_counts(priority: str, opened: str) -> None:
    history, urgent = History(opened, priority), priority in ("P1", "P2")
    assert history.ticket.team == ("systems engineering" if urgent else "support")
    assert history.policy.priorities[priority].at_once is urgent


@pytest.mark.parametrize(
    ("window", "zone", "now", "reached"),
    [
        (None, "Europe/London", "03-07 03:00", "03-07 03:00"),
        ((time(7), time(22)), "Europe/London", "03-07 03:00", "03-07 07:00"),
        ((time(7), time(22)), "Europe/London", "03-07 07:00", "03-07 07:00"),
        ((time(7), time(22)), "Europe/London", "03-07 22:00", "03-08 07:00"),
        ((time(7), time(22)), "Europe/London", "03-28 23:00", "03-29 07:00"),  # of a night with 23 hours
        ((time(7), time(22)), "Asia/Kolkata", "03-07 03:00", "03-07 03:00"),  # 08:30 where he is
        ((time(7), time(22)), "Asia/Kolkata", "03-07 17:00", "03-08 01:30"),  # 22:30 there
        ((time(22), time(6)), "Europe/London", "03-07 23:00", "03-07 23:00"),  # over midnight
        ((time(22), time(6)), "Europe/London", "03-07 05:59", "03-07 05:59"),
        ((time(22), time(6)), "Europe/London", "03-07 06:00", "03-07 22:00"),
    ],
)
def test_what_is_not_urgent_waits_for_its_readers_hours(
    window: tuple[time, time] | None, zone: str, now: str, reached: str
) -> None:
    person = Person("Ann", ("ann@desk.test",), zone=zone, notify=window)
    assert shown(person.reachable(at(now))) == reached
