"""[Procedure, Time] and its table of states: which clock runs in which state, and how a state is entered and left."""

import pytest

from maildesk.desk.clocks import first_response, resolution, team_clock
from maildesk.desk.decide import Role
from maildesk.desk.obey import Refusal
from tests.rig.history import History, shown

NONE: dict[str, str] = {}
TELCO = "pending third party Telco: a cut line"


@pytest.mark.parametrize(
    ("command", "work", "response"),
    [
        ("", True, True),
        ("pending customer", False, True),
        (TELCO, False, True),
        ("workaround", False, True),
        ("resolved", False, True),
        ("close", False, False),
    ],
)
def test_which_clocks_run(command: str, work: bool, response: bool) -> None:
    history = History("03-02 09:00", "P1")
    assert not command or history.do(command) is None
    clocks = first_response(history.ticket, history.policy), resolution(history.ticket, history.policy)
    team = team_clock(history.ticket, history.policy)
    assert [clock and clock.runs for clock in (*clocks, team and team[0])] == [response, work, work]


@pytest.mark.parametrize(
    ("script", "due"),
    [
        (NONE, "03-09 09:00"),
        ({"03-02 12:00": "pending customer", "03-03 12:00": "mail"}, "03-10 09:00"),
        ({"03-02 12:00": "pending customer", "03-03 12:00": "open"}, "03-10 09:00"),
        ({"03-02 12:00": TELCO, "03-03 12:00": "mail", "03-04 12:00": "open"}, "03-11 09:00"),
        ({"03-02 12:00": "workaround", "03-03 12:00": "mail", "03-04 12:00": "open"}, "03-11 09:00"),
        ({"03-02 12:00": "resolved: done", "03-03 12:00": "mail"}, "03-10 09:00"),
        ({"03-02 12:00": "resolved: done", "03-03 12:00": "open"}, "03-10 09:00"),
        ({"03-02 12:00": "pending customer", "03-03 12:00": TELCO, "03-04 12:00": "open"}, "03-11 09:00"),
        ({"03-02 18:00": "pending customer", "03-03 07:00": "open"}, "03-09 09:00"),  # outside hours nothing is lost
        ({"03-06 18:00": "pending customer", "03-09 07:00": "open"}, "03-09 09:00"),
        ({"03-02 12:00": "pending customer"}, None),
        ({"03-02 12:00": "workaround", "03-03 12:00": "mail"}, None),
        ({"03-02 12:00": "resolved"}, None),
    ],
)
def test_pauses_move_what_is_due(script: dict[str, str], due: str | None) -> None:
    history = History("03-02 09:00", "P3").run(script)
    clock = resolution(history.ticket, history.policy)
    assert clock
    assert (clock.due_at and shown(clock.due_at)) == due


@pytest.mark.parametrize("command", ["pending customer", TELCO, "workaround: a detour", "resolved: done", "close"])
def test_while_it_rests_no_target_and_no_team_is_told(command: str) -> None:
    script = {"03-02 09:30": "reply: hello", "03-02 10:00": command}
    history = History("03-02 09:00", "P1").run(script).until("03-31 12:00")
    assert history.told("warning", "breach", "handover", "overrun") == []


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ({"03-02 12:00": "pending customer", "03-03 12:00": "mail"}, "open 03-03 12:00"),
        ({"03-02 12:00": "pending customer", "03-03 12:00": "robot"}, "pending customer 03-02 12:00"),
        ({"03-02 12:00": TELCO, "03-03 12:00": "mail"}, "pending third party 03-02 12:00"),
        ({"03-02 12:00": "workaround", "03-03 12:00": "mail"}, "workaround 03-02 12:00"),
        ({"03-02 12:00": "resolved", "03-03 12:00": "mail"}, "open 03-03 12:00"),
        ({"03-02 12:00": "resolved", "03-03 12:00": "robot"}, "resolved 03-02 12:00"),
        # 10 business days without an answer
        ({"03-02 12:00": "pending customer", "03-16 11:59": ""}, "pending customer 03-02 12:00"),
        ({"03-02 12:00": "pending customer", "03-16 12:00": ""}, "resolved 03-16 12:00"),
        ({"03-02 12:00": "pending customer", "03-13 12:00": "mail", "03-16 12:00": ""}, "open 03-13 12:00"),
        # waiting anew counts anew
        (
            {"03-02 12:00": "pending customer", "03-09 12:00": "mail", "03-09 13:00": "pending customer", "03-20 12:00": ""},
            "pending customer 03-09 13:00",
        ),
        ({"03-02 12:00": TELCO, "03-31 12:00": ""}, "pending third party 03-02 12:00"),
        # 5 business days, then it is closed, and mail opens a linked one
        ({"03-02 12:00": "resolved", "03-09 11:59": "mail"}, "open 03-09 11:59"),
        ({"03-02 12:00": "resolved", "03-09 12:00": ""}, "closed 03-09 12:00"),
        ({"03-02 12:00": "pending customer", "03-23 12:00": ""}, "closed 03-23 12:00"),
        ({"04-02 12:00": "resolved", "04-13 12:00": ""}, "closed 04-13 12:00"),  # over Easter
        # still resolved: the time since is as if it had not been reopened
        (
            {"03-02 12:00": "resolved", "03-03 12:00": "mail", "03-04 12:00": "still resolved"},
            "resolved 03-02 12:00",
        ),
        (
            {"03-02 12:00": "resolved", "03-03 12:00": "mail", "03-04 12:00": "still resolved", "03-09 12:00": ""},
            "closed 03-09 12:00",
        ),
        (
            {"03-02 12:00": "resolved", "03-03 12:00": "mail", "03-09 13:00": "still resolved", "03-09 13:01": ""},
            "closed 03-09 13:00",
        ),
        ({"03-02 12:00": "close"}, "closed 03-02 12:00"),
    ],
)  # fmt: skip
def test_how_a_state_is_entered_and_left(script: dict[str, str], status: str) -> None:
    assert History("03-02 09:00", "P3").run(script).status_at() == status


@pytest.mark.parametrize(
    ("role", "opens"), [(Role.REQUESTER, True), (Role.PARTICIPANT, True), (Role.OUTSIDER, False), (Role.ROBOT, False)]
)
@pytest.mark.parametrize("state", ["pending customer", "resolved"])
def test_whose_mail_counts(state: str, role: Role, opens: bool) -> None:
    history = History("03-02 09:00").run({"03-02 10:00": state}).until("03-02 12:00")
    history.mail(role=role)
    assert history.status_at().startswith("open") is opens


def test_mail_to_what_is_closed_opens_a_linked_ticket() -> None:
    history = History("03-02 09:00").run({"03-02 12:00": "resolved"})
    assert history.until("03-09 11:59").mail()
    history.do("resolved")
    assert not history.until("03-16 11:59").mail()


def test_undone_its_clocks_never_ran() -> None:
    script = {"03-02 12:00": "resolved: done", "03-03 12:00": "mail", "03-04 12:00": "still resolved"}
    history = History("03-02 09:00", "P1").run(script)
    assert len(history.ticket.course.stretches) == 2
    clock = resolution(history.ticket, history.policy)
    assert clock
    assert shown(clock.intervals[-1][1] or history.now) == "03-02 12:00"
    assert shown(clock.stopped_at or history.now) == "03-02 12:00"


def test_closing_does_not_solve_it_again() -> None:
    history = History("03-02 09:00", "P1").run({"03-02 12:00": "resolved: done", "03-31 12:00": ""})
    clock = resolution(history.ticket, history.policy)
    assert clock
    assert shown(clock.stopped_at or history.now) == "03-02 12:00"


@pytest.mark.parametrize(
    ("before", "command"),
    [
        ("open", "still resolved"),
        ("workaround", "still resolved"),
        ("close", "open"),
        ("close", "reply: hello"),
        ("close", "priority P1"),
        ("pending customer", "pending customer"),
        ("resolved", "resolved"),
        (TELCO, "pending third party Telco: again"),
    ],
)
def test_what_is_refused_changes_nothing(before: str, command: str) -> None:
    history = History("03-02 09:00")
    history.do(before)
    count = len(history.log)
    assert isinstance(history.do(command), Refusal)
    assert len(history.log) == count


def test_of_what_is_closed_the_cause_can_still_be_told() -> None:
    history = History("03-02 09:00").run({"03-02 10:00": "close", "03-03 10:00": "cause third party Telco: a line"})
    assert history.ticket.course.cause.kind == "third party"
    assert history.do("note: credits are off") is None


def test_the_desks_downtime_is_never_taken_off() -> None:
    down = History("03-02 09:00", "P1").run({"03-02 10:00": "down", "03-02 20:00": ""})
    clock = resolution(down.ticket, down.policy)
    assert clock
    assert clock.due_at
    assert shown(clock.due_at) == "03-03 09:00"


def test_a_clock_that_goes_back_counts_no_time_twice() -> None:
    history = History("03-02 09:00", "P1").until("03-02 12:00")
    history.do("pending customer")
    history.jump("03-02 10:00").do("open")
    clock = resolution(history.ticket, history.policy)
    assert clock
    assert clock.due_at
    assert shown(clock.due_at) == "03-03 09:00"
