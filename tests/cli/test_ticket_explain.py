"""``maildesk ticket explain``: what it says of a desk's ticket, to people and to programs."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from maildesk.cli.ticket_explain import explanation_json, explanation_text
from maildesk.desk.explain import explain
from maildesk.settings import load
from tests.cli.conftest import Story
from tests.rig.history import History


def text(history: History) -> str:
    found = explain(history.ticket, history.log, history.policy, history.now)
    return "\n".join(explanation_text(found, load(None)))


def facts(history: History) -> Any:
    return explanation_json(explain(history.ticket, history.log, history.policy, history.now), "CB")


def test_of_a_ticket_in_the_database(story: Story) -> None:
    (line,) = story.run("ticket", "explain", "D-1001", "--json").lines
    assert (line["number"], line["tag"]) == (1001, "D-1001")
    assert {clock["key"] for clock in line["clocks"]} >= {"first_response", "resolution"}
    assert datetime.fromisoformat(line["opened_at"]) == story.desk.ticket(1001).opened_at
    for clock in line["clocks"]:
        if clock["due_at"]:
            assert sum(span["seconds"] for span in clock["counted"]) == clock["length"]


def test_of_a_robots_ticket(story: Story) -> None:
    ran = story.run("ticket", "explain", "1002")
    assert ran.code == 0
    assert "first response: nobody is owed an answer: a robot or a list wrote" in ran.out
    assert "Daily update: none is owed" in ran.out


def test_a_ticket_that_is_not_there(story: Story) -> None:
    ran = story.run("ticket", "explain", "4711")
    assert (ran.code, ran.err) == (1, "there is no ticket D-4711\n")
    assert story.run("ticket", "explain", "x").code == 2


def test_a_deadline_in_words() -> None:
    history = History("12-23 15:00").run({"12-24 10:00": "pending customer", "12-24 12:00": "open", "12-29 09:00": ""})
    assert [line.strip() for line in text(history).split("\n\n")[2].splitlines()] == [
        "resolution: 5 business days, runs (its miss is the breach)",
        "due Mon 04 Jan 2027 17:00 GMT",
        "used 10 h of 45 h (business time), left 35 h",
        "counted Wed 23 Dec 2026 15:00-17:00 GMT = 2 h",
        "counted Thu 24 Dec 2026 08:00-10:00 GMT = 2 h",
        "counted Thu 24 Dec 2026 12:00-17:00 GMT = 5 h",
        "counted Tue 29 Dec 2026 08:00-17:00 GMT = 9 h",
        "counted Wed 30 Dec 2026 08:00-17:00 GMT = 9 h",
        "counted Thu 31 Dec 2026 08:00-17:00 GMT = 9 h",
        "counted Mon 04 Jan 2027 08:00-17:00 GMT = 9 h",
        "skipped Fri 25 Dec 2026: Christmas Day",
        "skipped Mon 28 Dec 2026: Boxing Day (observed)",
        "skipped Fri 01 Jan 2027: New Year's Day",
        "rested  Thu 24 Dec 2026 10:00 GMT to Thu 24 Dec 2026 12:00 GMT: pending customer",
    ]


def test_a_ticket_that_nobody_touched_in_words() -> None:
    said = text(History("03-27 15:00", "P2").until("04-10 18:00"))
    assert "  P2 (proposed), open, team development, cause unknown" in said
    assert "resolution: 72 hours, missed (its miss is the breach)\n  due Mon 30 Mar 2026 16:00 BST\n" in said
    assert "  counted Fri 27 Mar 2026 15:00 GMT - Mon 30 Mar 2026 16:00 BST = 72 h" in said
    assert "late by 266 h" in said
    assert (
        "time of development: 5 business days, missed\n  due Thu 09 Apr 2026 15:00 BST, then management is told" in said
    )
    assert "told 12 times, last Fri 10 Apr 2026 16:00 BST; next Sat 11 Apr 2026 16:00 BST" in said
    assert "Service credits\n  2026-03: " in said


def test_a_waiting_ticket_in_words() -> None:
    history = History("03-02 09:00").run(
        {"03-02 10:00": "pending third party ACME Ltd: their cable", "03-03 09:00": ""}
    )
    said = text(history)
    assert "resolution: 5 business days, rests" in said
    assert "no due time while it rests" in said
    assert "rested  Mon 02 Mar 2026 10:00 GMT until now: pending third party ACME Ltd: their cable" in said


def test_what_programs_get_of_a_pause_and_of_the_ladder() -> None:
    history = History("03-02 09:00", "P1").run({"03-02 10:00": "pending customer", "03-02 12:00": ""})
    shown = facts(history)
    (resolution,) = [clock for clock in shown["clocks"] if clock["key"] == "resolution"]
    assert (resolution["state"], resolution["due_at"], resolution["used"], resolution["left"]) == (
        "rests",
        "",
        3600,
        82800,
    )
    assert resolution["pauses"] == [{"from": "2026-03-02T10:00:00+00:00", "until": "", "words": "pending customer"}]
    assert [(step["step"], step["role"], len(step["told"]), bool(step["next_at"])) for step in shown["ladder"]] == [
        (1, "support manager", 1, False), (2, "systems engineering manager", 1, False),
        (3, "development manager", 0, True), (4, "director", 0, True), (5, "chief executive", 0, True),
    ]  # fmt: skip


def test_only_the_stricter_of_the_two_targets_warns() -> None:
    warns = {clock["key"]: clock["warns_at"] for clock in facts(History("03-02 09:00"))["clocks"]}
    assert warns == {
        "first_response": "2026-03-02T12:00:00+00:00", "resolution": "", "fix_commitment": "2026-03-04T09:00:00+00:00",
    }  # fmt: skip
    assert "warns Wed 04 Mar 2026 09:00 GMT" in text(History("03-02 09:00"))


def test_seconds_that_are_no_minute() -> None:
    history = History(datetime(2026, 3, 2, 9, 0, 30, tzinfo=ZoneInfo("Europe/London")))
    history.until(history.now.replace(second=50))
    assert "used under 1 min of 4 h" in text(history)
    assert "used 0 min of 4 h" in text(History("03-02 09:00"))
