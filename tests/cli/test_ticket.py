"""``maildesk ticket``: what it shows of a history, to people and to programs."""

from datetime import datetime

import pytest
from sqlalchemy import update

from maildesk.store.schema import event
from tests.cli.conftest import Story

KEYS = {
    "number", "tag", "subject", "status", "priority", "team", "assignee", "requester", "requester_name", "owed",
    "contract", "contact", "opened_at", "events",
}  # fmt: skip


def test_a_line_for_each_ticket_newest_first(story: Story) -> None:
    robot, printer = story.run("ticket", "list", "--json").lines
    assert set(printer) == set(robot) == KEYS
    assert (printer["number"], printer["tag"], printer["subject"]) == (1001, "D-1001", "Printer")
    assert (printer["status"], printer["requester"], printer["owed"]) == ("open", "bob@acme.test", True)
    assert printer["contact"]["phone"] == "020 7946 0000"
    assert printer["contact"]["documentation"] == []
    assert datetime.fromisoformat(printer["opened_at"]) == story.desk.ticket(1001).opened_at
    assert (robot["number"], robot["owed"]) == (1002, False)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ([], [1002, 1001]),
        (["--limit", "1"], [1002]),
        (["--status", "open"], [1002, 1001]),
        (["--status", "closed"], []),
    ],
)
def test_the_list_can_be_narrowed(story: Story, words: list[str], numbers: list[int]) -> None:
    assert [line["number"] for line in story.run("ticket", "list", "--json", *words).lines] == numbers


def test_a_status_that_there_is_not_is_refused_with_those_that_there_are(story: Story) -> None:
    ran = story.run("ticket", "list", "--status", "nonsense")
    assert ran.code == 2
    for status in ("open", "pending customer", "pending third party", "workaround", "resolved", "closed", "merged"):
        assert status in ran.err


def test_a_table_for_people(story: Story) -> None:
    ran = story.run("ticket", "list")
    head, robot, printer = ran.out.splitlines()
    assert head.split() == ["ticket", "opened", "status", "priority", "team", "requester", "subject"]
    assert robot.split()[0] == "D-1002"
    assert "23 Nov 2026 09:30 GMT" in printer


def test_nothing_to_list_is_said(empty: Story) -> None:
    assert empty.run("ticket", "list").out == "no ticket yet\n"
    assert empty.run("ticket", "list", "--status", "closed").out == "no ticket has the status closed\n"
    assert empty.run("ticket", "list", "--json").out == ""


@pytest.mark.parametrize("number", ["1001", "D-1001", "d-1001", "[D-1001]"])
def test_numbers_are_taken_as_people_write_them(story: Story, number: str) -> None:
    assert story.run("ticket", "show", number).out.startswith("D-1001  Printer\n")


@pytest.mark.parametrize("number", ["CB-1001", "0", "01", "printer", "1001 1002", "", "\u0661"])
def test_what_is_no_number_is_refused(story: Story, number: str) -> None:
    ran = story.run("ticket", "show", number)
    assert (ran.code, ran.out) == (2, "")
    assert "write 1042 or D-1042" in ran.err


def test_a_ticket_that_is_not_there(story: Story) -> None:
    ran = story.run("ticket", "show", "77")
    assert (ran.code, ran.err) == (1, "there is no ticket D-77\n")


def test_everything_of_a_ticket_for_people(story: Story) -> None:
    shown = story.run("ticket", "show", "1001").out
    for words in (
        "requester     Bob Smith <bob@acme.test>",
        "phone         020 7946 0000",
        "missing       organisation, documentation",
        "1  23 Nov 2026 09:30 GMT  opened by Bob Smith <bob@acme.test> (request): P3, team support",
        "a mail of bob@acme.test joined (requester, request)  [mail 3]",
        "learnt: contract C-17",
        "an internal note  [mail 4]",
        "acknowledgement to bob@acme.test did not arrive: 5.1.1 550 no such user",
    ):
        assert words in shown
    came, went = shown.split("Mails in\n")[1].split("\n\nMails out\n")
    assert [line.split()[0] for line in came.splitlines()[1:]] == ["1", "3", "4", "8"]
    assert "failed" in next(line for line in went.splitlines() if " acknowledgement " in line)


def test_everything_of_a_ticket_for_programs(story: Story) -> None:
    (shown,) = story.run("ticket", "show", "1001", "--json").lines
    assert set(shown) == KEYS | {"participants", "history", "mails_in", "mails_out"}
    assert [entry["seq"] for entry in shown["history"]] == list(range(1, shown["events"] + 1))
    assert [entry["kind"] for entry in shown["history"]] == story.desk.kinds(1001)
    assert [mail["id"] for mail in shown["mails_in"]] == [1, 3, 4, 8]
    acknowledgement = next(mail for mail in shown["mails_out"] if mail["notice"] == "acknowledgement")
    assert (acknowledgement["to"], acknowledgement["state"]) == ("bob@acme.test", "failed")


@pytest.mark.parametrize("words", ["ticket show 1001", "mail explain 1"])
def test_a_log_that_cannot_be_read(story: Story, words: str) -> None:
    with story.desk.database.writing() as transaction:
        transaction.execute(update(event).where(event.c.ticket == 1001, event.c.seq == 2).values(kind="flown"))
    ran = story.run(*words.split())
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "the log of ticket 1001 cannot be read: `maildesk check --tickets` says more\n"
