"""The morning's mail: when it is due, who gets which tickets, in what order."""

from dataclasses import replace
from datetime import datetime

import pytest

from maildesk.desk.digest import digests, next_digest
from maildesk.desk.notices import ManagerDigest, StaffDigest
from maildesk.desk.policy import Person, Policy, Team
from maildesk.desk.ticket import Ticket
from tests.rig.history import History, at, shipped, shown

SAM = Person("Sam", ("sam@desk.test",))
EVE = Person("Eve", ("eve@desk.test",))
MIA = Person("Mia", ("mia@desk.test",), roles=frozenset({"support manager"}))


def firm() -> Policy:
    """The shipped rules with three people."""
    policy = shipped()
    teams = {
        "support": Team("support", "Support Team", (SAM,)),
        "systems engineering": Team("systems engineering", "Systems Engineering Team", (EVE,)),
        "development": Team("development", "Development Team"),
    }
    return replace(policy, teams=teams, people=(SAM, EVE, MIA))


def ticket(opened: str, priority: str, number: int, *commands: str) -> Ticket:
    """One that staff commanded at its opening."""
    life = History(opened, priority, policy=firm())
    assert life.do(*commands) is None
    return replace(life.ticket, number=number)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("", "11-23 06:00", "11-23 08:00"),  # a Monday
        ("2026-11-20", "11-23 09:30", "11-23 08:00"),  # late is better than not at all
        ("2026-11-23", "11-23 09:30", "11-24 08:00"),
        ("2026-11-20", "11-21 09:30", "11-23 08:00"),  # Saturday
        ("2026-12-24", "12-24 12:00", "12-29 08:00"),  # Christmas, the substitute day, the weekend
        ("2026-03-27", "03-28 12:00", "03-30 08:00"),  # summer time begins on the 29th
    ],
)
def test_it_is_due_each_working_morning(last: str, now: str, due: str) -> None:
    found = next_digest(firm(), last, at(now))
    assert found is not None
    assert shown(found) == due


def test_a_firm_may_do_without() -> None:
    assert next_digest(replace(firm(), digest_at=None), "", at("11-23 06:00")) is None


def test_each_gets_his_own_and_what_nobody_has_of_his_team_the_worst_first() -> None:
    mine = ticket("11-20 09:00", "P3", 1001, "take")
    late = ticket("11-10 09:00", "P3", 1002)
    fresh = ticket("11-23 07:30", "P3", 1003)
    urgent = ticket("11-22 23:00", "P1", 1004)
    waiting = ticket("11-20 10:00", "P3", 1005, "pending customer")
    gone = ticket("11-20 11:00", "P3", 1006, "resolved: it was the cable")
    notices = digests([fresh, mine, waiting, urgent, gone, late], [], firm(), at("11-23 08:00"))
    told = {notice.recipient.address: notice.facts for notice in notices}
    sam, eve, mia = told["sam@desk.test"], told["eve@desk.test"], told["mia@desk.test"]
    assert isinstance(sam, StaffDigest)
    assert isinstance(eve, StaffDigest)
    assert isinstance(mia, ManagerDigest)
    assert [row.number for row in sam.mine] == ["CB-1001"]
    assert sam.unowned[0].number == "CB-1002"
    assert {row.number for row in sam.unowned} == {"CB-1002", "CB-1003", "CB-1005"}
    assert [row.number for row in eve.unowned] == ["CB-1004"]
    assert [(c.priority, c.open, c.waiting, c.late) for c in mia.counts] == [("P1", 1, 0, 0), ("P3", 3, 1, 3)]
    assert mia.worst[0].late
    assert "missed by" in mia.worst[0].target


def test_who_has_nothing_to_read_gets_no_mail() -> None:
    assert digests([], [], firm(), at("11-23 08:00")) == []
    only_money = digests([], ["ACME: 3 h, 36.00 GBP"], firm(), at("11-23 08:00"))
    assert [notice.recipient.address for notice in only_money] == ["mia@desk.test"]


def test_its_key_says_the_day_so_that_it_is_sent_once() -> None:
    tickets = [ticket("11-20 09:00", "P3", 1001)]
    keys = [[n.key for n in digests(tickets, [], firm(), moment)] for moment in (at("11-23 08:00"), at("11-23 12:00"))]
    assert keys[0] == keys[1]
    assert keys[0][0] == "digest:2026-11-23:sam@desk.test"


def test_the_share_of_the_time_is_shown() -> None:
    half = ticket("11-23 08:00", "P3", 1001)
    (notice,) = [n for n in digests([half], [], firm(), at("11-23 10:00")) if n.name == "digest"]
    assert isinstance(notice.facts, StaffDigest)
    assert notice.facts.unowned[0].used == 50  # two of the four hours of the first response
    assert isinstance(notice.facts.day, datetime)
