"""The same mail any number of times is one ticket and one answer: promise 8, mail-rules "Same mail again"."""

import threading
from typing import Any

import pytest

from maildesk.desk.token import Signer
from maildesk.receive.incoming import Incoming
from maildesk.steps import process as steps
from maildesk.steps.post import post
from tests.rig.desk import DeskUnderTest
from tests.rig.letters import DESK, letter

ID = "<one@acme.test>"


def acknowledged(desk: DeskUnderTest) -> int:
    """How many acknowledgements stand in the outbox."""
    return len(desk.outbox("acknowledgement"))


def at_once(desk: DeskUnderTest, groups: list[list[Incoming]]) -> None:
    """Each group is accepted and processed by a daemon of its own, all at once."""
    daemons = [desk.colleague() for _ in groups]
    barrier = threading.Barrier(len(groups))

    def take(daemon: DeskUnderTest, mails: list[Incoming]) -> None:
        barrier.wait()
        daemon.take(mails)

    threads = [threading.Thread(target=take, args=pair) for pair in zip(daemons, groups, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.clock.go_on(minutes=1)  # a mail that met another one is tried again
    desk.process()
    for daemon in daemons:
        daemon.close()


COPIED = [
    ("smtp", "smtp", {}),
    ("smtp", "smtp", {"Received": "from relay2.test by mx.firm.test; Mon, 23 Nov 2026 09:01:00 +0000"}),
    ("smtp", "smtp", {"Cc": "carol@acme.test"}),
    ("smtp", "imap", {"Return-Path": "<bob@acme.test>", "Delivered-To": DESK}),
    ("imap", "smtp", {"DKIM-Signature": "v=1; a=rsa-sha256; d=acme.test; b=xyz", "X-Spam-Score": "0.1"}),
    ("imap", "imap", {}),
    ("lmtp", "imap", {}),
]


@pytest.mark.parametrize(("first", "second", "fields"), COPIED, ids=[" ".join([*row[:2], *row[2]]) for row in COPIED])
def test_a_copy_that_came_another_way(desk: DeskUnderTest, first: str, second: str, fields: dict[str, str]) -> None:
    original = desk.receive(letter(message_id=ID), source=first, uid=1)
    desk.clock.go_on(days=90)
    copy = desk.receive(letter(message_id=ID, to="Help <support@desk.test>", fields=fields), source=second, uid=2)
    assert (copy.row.duplicate_of, copy.ticket, copy.sent) == (original.row.id, None, ())
    assert f"the same mail as {original.row.id}" in copy.why
    assert (len(desk.tickets()), acknowledged(desk)) == (1, 1)


def test_white_space_that_a_relay_changed(desk: DeskUnderTest) -> None:
    desk.receive(letter("The  printer\nis on fire. ", message_id=ID))
    desk.receive(letter("The printer is\non fire.\n\n", message_id=ID))
    assert len(desk.tickets()) == 1


def test_a_mail_of_many_copies_in_one_group(desk: DeskUnderTest) -> None:
    octets = letter(message_id=ID)
    ends = desk.receive_all([desk.incoming(octets) for _ in range(8)])
    assert [end.row.duplicate_of is None for end in ends] == [True] + [False] * 7
    assert (len(desk.tickets()), acknowledged(desk)) == (1, 1)


OTHERS: list[tuple[str, bytes]] = [
    ("text", letter("Now the screen too.", message_id=ID)),
    ("subject", letter(subject="Screen", message_id=ID)),
    ("date", letter(date="Mon, 23 Nov 2026 09:00:01 +0000", message_id=ID)),
    ("sender", letter(sender="carol@acme.test", message_id=ID)),
    (
        "attachment",
        letter(
            message_id=ID,
            fields={"Content-Type": "multipart/mixed; boundary=b"},
            body=b"--b\r\n\r\nThe printer is on fire.\r\n--b\r\nContent-Type: image/png\r\n\r\nsmoke\r\n--b--\r\n",
        ),
    ),
]


@pytest.mark.parametrize(("_what", "other"), OTHERS, ids=[what for what, _ in OTHERS])
def test_the_same_message_id_with_other_content_is_another_mail(desk: DeskUnderTest, _what: str, other: bytes) -> None:
    desk.receive(letter(message_id=ID))
    end = desk.receive(other)
    assert end.row.duplicate_of is None
    assert (len(desk.tickets()), acknowledged(desk)) == (2, 2)


MONITOR = letter("Disk full", sender="monitor@firm.test", message_id="", date="")


@pytest.mark.parametrize(("hours", "tickets"), [(0, 1), (1, 1), (23.9, 1), (24.1, 2)])
def test_a_monitor_without_message_id_and_date(desk: DeskUnderTest, hours: float, tickets: int) -> None:
    desk.receive(MONITOR)
    desk.clock.go_on(hours=hours)
    end = desk.receive(MONITOR)
    assert len(desk.tickets()) == tickets
    assert (end.row.duplicate_of is None) == (tickets == 2)


def test_a_monitor_that_says_the_same_each_hour_opens_one_ticket_a_day(desk: DeskUnderTest) -> None:
    for _ in range(49):
        desk.receive(MONITOR)
        desk.clock.go_on(hours=1)
    assert len(desk.tickets()) == 3


def test_a_monitor_that_says_something_else(desk: DeskUnderTest) -> None:
    desk.receive(MONITOR)
    desk.receive(letter("Disk fuller", sender="monitor@firm.test", message_id="", date=""))
    assert len(desk.tickets()) == 2


def test_the_imap_cursor_keeps_a_mail_from_being_kept_twice(desk: DeskUnderTest) -> None:
    octets = letter(message_id=ID)
    desk.receive_all([desk.incoming(octets, source="imap", uid=7)])
    desk.receive_all([desk.incoming(octets, source="imap", uid=7)])
    assert len(desk.received()) == 1
    last = desk.receive(octets, source="imap", uid=8)
    assert (len(desk.received()), last.row.duplicate_of) == (2, 1)


COPIES = 8
AT_ONCE = [
    ("with a Message-ID", letter(message_id=ID)),
    ("without Message-ID and Date", letter(message_id="", date="")),
]


@pytest.mark.parametrize(("_what", "octets"), AT_ONCE, ids=[what for what, _ in AT_ONCE])
def test_copies_at_once_over_many_daemons(desk: DeskUnderTest, _what: str, octets: bytes) -> None:
    at_once(desk, [[desk.incoming(octets)] for _ in range(COPIES)])
    assert (len(desk.tickets()), acknowledged(desk), len(desk.outbox())) == (1, 1, 3)
    ends = desk.received()
    assert len(ends) == COPIES
    assert [row.duplicate_of is None for row in ends].count(True) == 1
    assert {row.state for row in ends} == {"done"}


def test_many_mails_at_once_have_a_number_each(desk: DeskUnderTest) -> None:
    """Promise 9: many daemons, one counter."""
    at_once(desk, [[desk.incoming(letter(sender=f"p{n}.{m}@a{n}.test")) for m in range(5)] for n in range(8)])
    numbers = [mail.row.ticket for mail in desk.outbox("acknowledgement")]
    assert (len(numbers), len(set(numbers)), len(desk.tickets())) == (40, 40, 40)


def test_a_mail_that_always_fails_is_held_and_costs_no_number_twice(
    desk: DeskUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was rolled back may leave a gap, never a number of two tickets; its neighbours go on."""

    def post_but_poison(*arguments: Any) -> None:
        if any("poison" in getattr(notice.facts, "subject", "") for notice in arguments[2]):
            raise ValueError("a fault of ours")
        post(*arguments)

    monkeypatch.setattr(steps, "post", post_but_poison)
    ends = desk.receive_all([desk.incoming(letter(subject=subject)) for subject in ("one", "poison", "two")])
    assert [end.row.state for end in ends] == ["done", "received", "done"]
    for _ in range(10):
        desk.clock.go_on(hours=1)
        desk.process()
    assert [row.state for row in desk.received()] == ["done", "held", "done"]
    (alert,) = desk.outbox("alert")
    assert f"maildesk mail retry {ends[1].row.id}" in alert.text
    numbers = [desk.receive(letter()).ticket, *(end.ticket for end in ends if end.ticket)]
    assert len(set(numbers)) == len(desk.tickets()) == 3


def test_no_text_of_a_mail_is_logged_when_it_fails(
    desk: DeskUnderTest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of the database quotes the statement's values, a mail's octets among them, unless it is told not to."""
    first = desk.receive(letter())
    monkeypatch.setattr(Signer, "message_id", lambda *_: first.sent[0].row.message_id)
    capsys.readouterr()
    desk.receive(letter("the secret of the printer", subject="the secret subject"))
    said = capsys.readouterr()
    assert "group failed" in said.out
    assert "secret" not in said.out + said.err
