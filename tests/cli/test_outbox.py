"""``maildesk outbox``: what the desk sends, what waits and why, and sending what is held."""

import pytest
from sqlalchemy import update

from maildesk.send.outcome import Outcome, State
from maildesk.store.schema import outbox
from tests.cli.conftest import Story
from tests.rig.desk import Post
from tests.rig.letters import letter

KEYS = {
    "id", "state", "reason", "notice", "ticket", "mail", "to", "subject", "message_id", "reverse_path", "attempts",
    "created_at", "next_attempt_at", "sent_at",
}  # fmt: skip


def row(story: Story, number: int) -> dict[str, object]:
    return next(line for line in story.run("outbox", "list", "--json").lines if line["id"] == number)


def put(story: Story, number: int, **values: object) -> None:
    with story.desk.database.writing() as transaction:
        transaction.execute(update(outbox).where(outbox.c.id == number).values(**values))


def test_a_line_for_each_mail_newest_first(story: Story) -> None:
    lines = story.run("outbox", "list", "--json").lines
    assert all(set(line) == KEYS for line in lines)
    assert [line["id"] for line in lines] == sorted((line["id"] for line in lines), reverse=True)
    acknowledgement = next(line for line in lines if line["notice"] == "acknowledgement")
    assert (acknowledgement["ticket"], acknowledgement["mail"], acknowledgement["to"]) == (1001, 1, "bob@acme.test")
    assert acknowledgement["attempts"] == 1


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "failed", "held"])
def test_the_list_of_a_state(story: Story, state: str) -> None:
    everything = story.run("outbox", "list", "--json").lines
    wanted = [line["id"] for line in everything if line["state"] == state]
    assert [line["id"] for line in story.run("outbox", "list", "--json", "--state", state).lines] == wanted


def test_the_list_of_a_ticket(story: Story) -> None:
    lines = story.run("outbox", "list", "--json", "--ticket", "D-1002").lines
    assert {line["ticket"] for line in lines} == {1002}
    assert story.run("outbox", "list", "--ticket", "77").out == "no such mail\n"
    assert story.run("outbox", "list", "--ticket", "x").code == 2


def test_why_a_mail_waits_is_said(empty: Story) -> None:
    empty.desk.receive(letter())
    empty.desk.deliver_all(Post(lambda _: Outcome(State.DEFERRED, 451, "451 try later")))
    shown = empty.run("outbox", "list", "--state", "queued").out
    assert "451 try later" in shown
    assert shown.count("23 Nov 2026 09:30 GMT") == 3
    first = empty.run("outbox", "show", 1).out
    assert "deferred" in first.split("Attempts and reports")[1]


def test_one_mail_with_its_history(story: Story) -> None:
    (shown,) = story.run("outbox", "show", 1, "--json").lines
    assert set(shown) == KEYS | {"history"}
    assert [attempt["outcome"] for attempt in shown["history"]] == ["sent", "bounced"]
    words = story.run("outbox", "show", 1).out
    assert words.startswith("Outgoing mail 1: acknowledgement, failed\n")
    assert "550 no such user" in words
    assert story.run("outbox", "show", 1, "--raw").octets == story.desk.outbox()[0].octets


@pytest.mark.parametrize("command", ["show", "retry"])
def test_a_mail_that_is_not_there(story: Story, command: str) -> None:
    ran = story.run("outbox", command, 777)
    assert (ran.code, ran.err) == (1, "there is no outgoing mail 777: `maildesk outbox list` shows which there are\n")


@pytest.mark.parametrize("state", ["held", "failed", "queued"])
def test_what_waits_is_sent_now(story: Story, state: str) -> None:
    put(story, 1, state=state, reason="a budget is used up")
    ran = story.run("outbox", "retry", 1)
    assert ran.code == 0
    assert ran.out.startswith(
        f"outgoing mail 1 was {state}: it is due now; a desk that runs tries it at its next look, "
    )
    assert (row(story, 1)["state"], row(story, 1)["reason"]) == ("queued", "")


@pytest.mark.parametrize("state", ["sent", "sending"])
def test_what_is_sent_is_not_sent_again(story: Story, state: str) -> None:
    put(story, 1, state=state)
    ran = story.run("outbox", "retry", 1)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"outgoing mail 1 is {state}: only one that is held, failed or queued can be sent now\n"
    assert row(story, 1)["state"] == state
