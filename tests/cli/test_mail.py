"""``maildesk mail list|show|explain|retry``: what came in, and why it ended as it did."""

import pytest
from sqlalchemy import update

from maildesk.store.schema import inbound
from tests.cli.conftest import Story
from tests.rig.letters import letter

KEYS = {
    "id", "state", "kind", "reason", "ticket", "duplicate_of", "from", "subject", "message_id", "received_at", "source",
    "mailbox", "peer", "peer_trusted", "reverse_path", "forward_paths", "attempts", "next_attempt_at",
}  # fmt: skip
HELD = 7


def test_a_line_for_each_mail_newest_first(story: Story) -> None:
    lines = story.run("mail", "list", "--json").lines
    assert [line["id"] for line in lines] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert all(set(line) == KEYS for line in lines)
    first, copy = lines[-1], lines[-2]
    assert (first["ticket"], first["kind"], first["message_id"]) == (1001, "request", "first@acme.test")
    assert (first["reverse_path"], first["forward_paths"]) == ("bob@acme.test", ["support@desk.test"])
    assert (copy["duplicate_of"], copy["ticket"]) == (1, None)
    assert lines[0]["reverse_path"] == ""


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--state", "held"], [HELD]),
        (["--state", "received"], []),
        (["--kind", "auto-reply"], [6]),
        (["--kind", "request", "--limit", "1"], [4]),
    ],
)
def test_the_list_can_be_narrowed(story: Story, words: list[str], ids: list[int]) -> None:
    assert [line["id"] for line in story.run("mail", "list", "--json", *words).lines] == ids


def test_tables_for_people(story: Story, empty: Story) -> None:
    lines = story.run("mail", "list").out.splitlines()
    assert lines[-1].split()[:1] == ["1"]
    assert "opened D-1001" in lines[-1]
    assert story.run("mail", "list", "--state", "received").out == "no such mail\n"


def test_no_mail_yet(empty: Story) -> None:
    assert empty.run("mail", "list").out == "no mail came in yet\n"


def test_the_raw_mail_is_given_octet_for_octet(empty: Story) -> None:
    came = empty.desk.incoming(letter(body=b"caf\xe9\r\n\x00\x1b[31m\xff\nbare\rend", subject="raw"))
    empty.desk.receive_all([came])
    assert empty.run("mail", "show", 1, "--raw").octets == came.octets
    assert came.octets.endswith(b"\x00\x1b[31m\xff\nbare\rend")


def test_the_text_and_the_head(story: Story) -> None:
    assert story.run("mail", "show", 1, "--text").out.startswith("The printer is on fire.\n")
    shown = story.run("mail", "show", 1).out
    assert shown.startswith("Mail 1, done: opened D-1001\n")
    assert "From          Bob Smith <bob@acme.test>" in shown
    assert "received      23 Nov 2026 09:30 GMT by smtp from 192.0.2.1" in shown
    assert shown.rstrip().endswith("Phone: 020 7946 0000")
    assert story.run("mail", "show", 1, "--raw", "--text").code == 2


@pytest.mark.parametrize("command", ["show", "explain", "retry"])
def test_a_mail_that_is_not_there(story: Story, command: str) -> None:
    ran = story.run("mail", command, 77)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "there is no mail 77: `maildesk mail list` shows which there are\n"


@pytest.mark.parametrize(
    ("mail", "wanted"),
    [
        (
            1,
            [
                "kind          request, no mark of a robot",
                "because       no clue leads to a ticket",
                "answer        goes to",
            ],
        ),
        (2, ["same as       mail 1", "nothing of a ticket", "nobody"]),
        (
            3,
            [
                "ticket        D-1001",
                "because       it came to our signed reply address",
                "a mail of bob@acme.test joined",
            ],
        ),
        (4, ["authority     staff, addressed", "transcript"]),
        (5, ["answer        none: a robot or a list is not answered", "opened by monitor@acme.test"]),
        (6, ["outcome       an automatic answer to nothing of ours: kept", "nobody"]),
        (7, ["alert", "ops@firm.test"]),
        (8, ["reverse-path  <> (null)", "outcome       bounced: bob@acme.test"]),
    ],
)
def test_the_whole_chain_is_explained(story: Story, mail: int, wanted: list[str]) -> None:
    shown = story.run("mail", "explain", mail).out
    for words in wanted:
        assert words in shown


def test_the_chain_for_programs(story: Story) -> None:
    (first,) = story.run("mail", "explain", 1, "--json").lines
    assert set(first) == KEYS | {"explanation", "events", "notices"}
    assert first["explanation"]["ticket"] == "no clue leads to a ticket; its writer is the ticket's requester"
    assert set(first["explanation"]) == {"kind", "ticket", "authority", "answer", "done", "held"}
    assert [event["kind"] for event in first["events"]] == ["opened"]
    assert {(notice["notice"], notice["to"], notice["state"]) for notice in first["notices"]} == {
        ("acknowledgement", "bob@acme.test", "failed"),
        ("new-ticket", "ann@firm.test", "sent"),
        ("new-ticket", "bill@firm.test", "sent"),
    }
    (copy,) = story.run("mail", "explain", 2, "--json").lines
    assert (copy["explanation"]["answer"], copy["events"], copy["notices"]) == ("", [], [])


def test_a_mail_that_was_held_before_still_tells_of_its_alert(story: Story) -> None:
    """The alert is of no ticket, and the mail of one since somebody had it tried again."""
    with story.desk.database.writing() as transaction:
        transaction.execute(update(inbound).where(inbound.c.id == HELD).values(ticket=1001))
    (held,) = story.run("mail", "explain", HELD, "--json").lines
    assert [(notice["notice"], notice["ticket"]) for notice in held["notices"]] == [("alert", None)]


def test_a_held_mail_goes_back_in_line(story: Story) -> None:
    ran = story.run("mail", "retry", HELD)
    assert (ran.code, ran.out) == (0, "mail 7 is back in line: the desk takes it within seconds, or once it runs\n")
    (line,) = story.run("mail", "list", "--json", "--state", "received").lines
    assert (line["id"], line["attempts"]) == (HELD, 0)
    assert line["next_attempt_at"] != ""
    again = story.run("mail", "retry", HELD)
    assert (again.code, again.err) == (1, "mail 7 is received, not held: there is nothing to try again\n")


def test_a_mail_that_is_done_is_not_tried_again(story: Story) -> None:
    ran = story.run("mail", "retry", 1)
    assert (ran.code, ran.err) == (1, "mail 1 is done, not held: there is nothing to try again\n")
    assert story.desk.prove() is None
