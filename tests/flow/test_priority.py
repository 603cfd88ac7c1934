"""The priority that a new mail speaks for: proposed, within what its sender may, and explained to staff [Procedure 3]."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rig.desk import ANN, DeskUnderTest
from tests.rig.letters import answer, letter

OpenDesk = Callable[..., DeskUnderTest]
REGISTER = "number,organisation,domains,valid from,valid to\nA-100,Acme Ltd,acme.test,2026-01-01,2026-12-31\n"
LAST_YEAR = REGISTER.replace("2026", "2025")
OUTAGE = "All our shops are closed: a total outage."
SPOKE = '"total outage" spoke for P1'
BOUND = f"{SPOKE}; senders who are not on the register may propose P3 at most"


@pytest.mark.parametrize(
    ("register", "text", "subject", "priority", "why"),
    [
        (REGISTER, OUTAGE, "Help", "P1", SPOKE),
        (REGISTER, "Help!", "Total outage", "P1", SPOKE),
        (REGISTER, "Priority: P2\n\nIt burns.", "Help", "P2", '"Priority: p2" spoke for P2'),
        (REGISTER, "It burns.", "Help", "P3", ""),
        (REGISTER, "It burns.\n\n> " + OUTAGE, "Help", "P3", ""),
        (LAST_YEAR, OUTAGE, "Help", "P3", BOUND),
        ("", OUTAGE, "Help", "P3", BOUND),
        ("", "a general question", "Help", "P5", '"general question" spoke for P5'),
    ],
)
def test_what_a_mail_speaks_for(
    open_desk: OpenDesk, tmp_path: Path, register: str, text: str, subject: str, priority: str, why: str
) -> None:
    file = tmp_path / "contracts.csv"
    file.write_text(register)
    desk = open_desk({"contracts": str(file)} if register else {})
    end = desk.receive(letter(text, subject=subject))
    ticket = desk.ticket(end.ticket)
    assert (ticket.priority, ticket.team) == (priority, desk.office.policy.priorities[priority].team)
    assert ticket.course.proposed
    assert desk.log(end.ticket)[0].body.priority_why == why  # type: ignore[union-attr]


def test_staff_read_why(open_desk: OpenDesk) -> None:
    desk = open_desk({})
    (notice,) = desk.receive(letter(OUTAGE)).to(ANN)
    assert f"Priority: P3 (proposed: {BOUND})" in notice.text
    assert notice.all.count("spoke for P1") == 2  # in the HTML too
    (plain,) = desk.receive(letter("It burns.")).to(ANN)
    assert "proposed" not in plain.text


def test_a_mail_that_joins_changes_no_priority(open_desk: OpenDesk) -> None:
    desk = open_desk({})
    end = desk.receive(letter("It burns."))
    (acknowledgement,) = end.to("bob@acme.test")
    desk.receive(answer(acknowledgement.octets, "Priority: P5"))
    assert desk.ticket(end.ticket).priority == "P3"
