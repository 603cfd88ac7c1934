"""``maildesk simulate``, run as a user does."""

from pathlib import Path

import pytest

from tests.cli.conftest import Ran, maildesk
from tests.rig.staffed import staffed

MAIL = "- {at: 2026-11-23 09:00, mail: {from: bob@acme.example, subject: Trouble, body: It is slow}}\n"


def simulate(folder: Path, script: str, until: str = "2026-11-23 18:00", since: str = "2026-11-23 08:00") -> Ran:
    file = folder / "script.yaml"
    file.write_text(script)
    words = ("--script", file, "--from", since, "--until", until, "--json", "--settings", staffed(folder))
    return maildesk("simulate", *words)


def told(ran: Ran) -> list[tuple[str, str]]:
    assert ran.code == 0, ran.err
    return [(line.get("event") or line.get("key") or line["notice"], line["to"]) for line in ran.lines]


def test_a_mail_opens_a_ticket_and_time_passes(tmp_path: Path) -> None:
    ran = simulate(tmp_path, MAIL)
    assert ("acknowledgement", "bob@acme.example") in told(ran)
    assert ("warning:first_response", "sam@firm.example") in told(ran)
    assert ("update:holding", "bob@acme.example") in told(ran)
    assert {line["ticket"] for line in ran.lines if line.get("notice") not in ("digest", "overview")} == {1}


def test_the_same_input_gives_the_same_output(tmp_path: Path) -> None:
    assert simulate(tmp_path, MAIL).out == simulate(tmp_path, MAIL).out != ""


def test_staff_and_managers_command_and_answer(tmp_path: Path) -> None:
    orders = (
        "- {at: 2026-11-23 10:00, staff: sam@firm.example, ticket: 1, commands: [take], text: We are on it.}\n"
        '- {at: 2026-11-23 11:00, manager: mia@firm.example, ticket: 1, commands: ["resolved: it was the cable"]}\n'
    )
    ran = simulate(tmp_path, MAIL + orders)
    assert ("answer", "bob@acme.example") in told(ran)
    assert ("resolved", "bob@acme.example") in told(ran)
    assert ("warning:first_response", "sam@firm.example") not in told(ran)


def test_a_command_names_another_ticket_as_the_script_counts(tmp_path: Path) -> None:
    more = (
        "- {at: 2026-11-23 09:30, mail: {from: amy@acme.example, subject: Slow, body: Slow here too}}\n"
        '- {at: 2026-11-23 10:00, staff: sam@firm.example, ticket: 2, commands: ["merge into 1"]}\n'
        "- {at: 2026-11-23 10:30, mail: {from: amy@acme.example, body: Any news, ticket: 2}}\n"
    )
    ran = simulate(tmp_path, MAIL + more)
    assert ran.code == 0, ran.err
    found = [(line["ticket"], line["event"]) for line in ran.lines if line.get("event")]
    assert (2, "merged-into") in found
    assert (1, "absorbed") in found
    assert (1, "mail-joined") in found
    assert ("merged", "amy@acme.example") in told(ran)


def test_a_customer_answers_and_a_robot_gets_nothing(tmp_path: Path) -> None:
    more = (
        "- {at: 2026-11-23 10:00, mail: {from: bob@acme.example, body: More of it, ticket: 1}}\n"
        "- {at: 2026-11-23 10:30, mail: {from: monitor@acme.example, subject: Disk full, body: sda1, robot: true}}\n"
    )
    ran = simulate(tmp_path, MAIL + more)
    assert ("joined", "sam@firm.example") in told(ran)
    assert [to for what, to in told(ran) if what == "acknowledgement"] == ["bob@acme.example"]


def test_while_the_desk_is_down_nothing_happens(tmp_path: Path) -> None:
    ran = simulate(tmp_path, MAIL + "- {at: 2026-11-23 10:00, down: 3 days}\n", until="2026-11-27 18:00")
    days = {line["at"][:10] for line in ran.lines}
    assert days == {"2026-11-23", "2026-11-26", "2026-11-27"}
    holding = [line["due"] for line in ran.lines if line.get("key") == "update:holding"]
    assert holding == ["2026-11-25T16:30:00+00:00", "2026-11-26T16:30:00+00:00", "2026-11-27T16:30:00+00:00"]


def test_what_is_not_obeyed_is_said(tmp_path: Path) -> None:
    orders = (
        "- {at: 2026-11-23 10:00, staff: sam@firm.example, ticket: 7, commands: [take]}\n"
        "- {at: 2026-11-23 11:00, staff: sam@firm.example, ticket: 1, commands: [escalate to nobody]}\n"
    )
    ran = simulate(tmp_path, MAIL + orders.splitlines()[0] + "\n")
    assert ("refused", "sam@firm.example") in told(ran)
    assert [line["subject"] for line in ran.lines if line.get("event") == "refused"] == ["there is no such ticket"]


@pytest.mark.parametrize(
    ("script", "place", "fault"),
    [
        (MAIL + "- {at: 2026-11-23 09:00}\n", ":2", "says not what happens"),
        ("- {at: soon, down: 3 days}\n", ":1", "is no moment"),
        (
            MAIL + "- {at: 2026-11-23 10:00, staff: eva@nowhere.example, ticket: 1, text: Hi}\n",
            ":2",
            "nobody of the firm",
        ),
        (
            MAIL + "- {at: 2026-11-23 10:00, staff: sam@firm.example, ticket: 0, text: Hi}\n",
            ":2",
            "no ticket of the run",
        ),
        (MAIL + "- {at: 2026-11-23 10:00, staff: sam@firm.example, ticket: 1}\n", ":2", "says nothing"),
        (MAIL + "- {at: 2026-11-23 10:00, mail: {from: bob, subject: x}}\n", ":2", "is no address"),
        (MAIL + "- {at: 2026-11-23 10:00, weather: rain}\n", ":2", "says not what happens"),
        ("at: 2026-11-23 10:00\n", "", "is no list"),
    ],
)
def test_each_fault_is_named_with_its_line(tmp_path: Path, script: str, place: str, fault: str) -> None:
    ran = simulate(tmp_path, script)
    assert ran.code != 0
    assert f"script.yaml{place}" in ran.err
    assert fault in ran.err


def test_an_end_before_the_beginning_is_refused(tmp_path: Path) -> None:
    ran = simulate(tmp_path, MAIL, until="2026-11-22 08:00")
    assert ran.code != 0
    assert "is before --from" in ran.err


def test_what_happens_outside_the_run_is_refused(tmp_path: Path) -> None:
    ran = simulate(tmp_path, MAIL, until="2026-11-23 08:30")
    assert ran.code != 0
    assert "not between --from and --until" in ran.err
