"""``maildesk ticket set``: all of its commands or none, in somebody's name, and what it says of it."""

from datetime import datetime
from typing import Any

import pytest

from maildesk.desk.commands import GRAMMAR
from maildesk.desk.events import Event
from tests.cli.conftest import Story
from tests.rig.desk import ANN, BILL, OPERATOR
from tests.rig.pages import page

AT = "maildesk.cli.ticket_set.system_clock"


@pytest.fixture
def desk(story: Story, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Ticket D-1001 is open, P3 proposed, with the support team; it is ten o'clock on Monday."""
    story.desk.clock.now = datetime.fromisoformat("2026-11-23T10:00+00:00")
    monkeypatch.setattr(AT, story.desk.clock)
    return story


def set_(desk: Story, *lines: object) -> Any:
    return desk.run("ticket", "set", "1001", *lines)


def log(desk: Story) -> list[Event]:
    return desk.desk.log(1001)


def test_commands_are_obeyed_in_their_order_and_told(desk: Story) -> None:
    before = len(log(desk))
    ran = set_(desk, "take", "priority P2", "pending customer: his log files", "--as", ANN)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "D-1001  Printer",
        "  done: take",
        "  done: priority P2",
        "  done: pending customer: his log files",
        "",
        "Changed",
        "  status        open -> pending customer",
        "  reason        none -> his log files",
        "  priority      P3 (proposed) -> P2",
        "  team          Support Team -> Systems Engineering Team",
        "  owner         none -> Ann",
        "",
        "Deadlines",
        "clock                     due                    state",
        "first response            23 Nov 2026 13:30 GMT  due in 3 h 30 min",
        "resolution                -                      rests: pending customer",
        "fix commitment            -                      rests: pending customer",
        "Systems Engineering Team  -                      rests: pending customer",
    ]
    assert [(event.kind, event.actor) for event in log(desk)[before:]] == [
        ("owner-set", ANN), ("priority-set", ANN), ("handed-over", ANN), ("status-set", ANN),
    ]  # fmt: skip
    assert desk.desk.outbox("handover")


def test_for_programs(desk: Story) -> None:
    (line,) = set_(desk, "priority P2", "--json", "--as", "ANN@home.test").lines
    assert line == {
        "number": 1001,
        "tag": "D-1001",
        "actor": ANN,
        "done": [{"line": "priority P2", "events": ["priority-set", "handed-over"]}],
        "changes": [
            {"what": "priority", "before": "P3 (proposed)", "after": "P2"},
            {"what": "team", "before": "Support Team", "after": "Systems Engineering Team"},
        ],
        "deadlines": [
            deadline("first_response", "2026-11-23T13:30:00+00:00", "business hours", 4, "due in 3 h 30 min"),
            deadline("resolution", "2026-11-26T09:30:00+00:00", "hours", 72, "due in 2 days 23 h"),
            deadline("fix_commitment", "2026-11-25T15:30:00+00:00", "business hours", 24, "due in 2 days 5 h"),
            deadline("handover:development", "2026-11-25T10:00:00+00:00", "business days", 2, "due in 2 days"),
        ],
    }


def deadline(key: str, due_at: str, unit: str, amount: int, state: str) -> dict[str, object]:
    return {"key": key, "due_at": due_at, "unit": unit, "amount": amount, "state": state}


def test_the_deadlines_are_in_the_firms_zone_as_it_stands_that_day(desk: Story) -> None:
    desk.desk.clock.now = datetime.fromisoformat("2027-06-01T09:00+00:00")
    said = set_(desk, "team development", "--json", "--as", ANN).lines[0]["deadlines"]
    (overrun,) = [each for each in said if each["key"] == "overrun:development"]
    assert overrun["due_at"].endswith("+01:00")
    assert "BST" in set_(desk, "owner bill", "--as", ANN).out


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["take", "priorty P2"], ['command 2, "priorty P2": it is no command; write like: priority P2']),
        (
            ["tke", "take", "resolved by a restart"],
            [
                'command 1, "tke": it is no command; write like: take',
                'command 3, "resolved by a restart": a colon is missing after resolved; write like: resolved: by a restart',
            ],
        ),
        (["take", "open"], ['command 2, "open": it is open already']),
        (["take", "priority P9"], ['command 2, "priority P9": there is no priority P9; priorities: P1, P2, P3, P4, P5']),
        (["take", "owner eve"], ['command 2, "owner eve": none of our people is called eve; Ann, Bill']),
        (["close", "take"], [
            'command 2, "take": D-1001 is closed, which is for good; a new mail of the customer opens a linked ticket',
        ]),
        (["pending", "customer"], [
            'command 1, "pending": it is no command; write like: pending customer',
            'command 2, "customer": it is no command; write like: cause customer',
            'if it is one command put it in quotes: "pending customer"',
        ]),
    ],
)  # fmt: skip
def test_one_that_cannot_be_obeyed_and_nothing_is_changed(desk: Story, lines: list[str], said: list[str]) -> None:
    before, mails = log(desk), len(desk.desk.outbox())
    ran = set_(desk, *lines, "--as", ANN)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [*said, "nothing was changed"]
    assert log(desk) == before
    assert len(desk.desk.outbox()) == mails


def test_a_refusal_leaves_what_time_owes_to_the_desk(desk: Story) -> None:
    desk.desk.clock.go_on(days=3)
    before = log(desk)
    assert set_(desk, "open", "--as", ANN).code == 1
    assert log(desk) == before
    assert set_(desk, "take", "--as", ANN).code == 0
    assert "breached" in [event.kind for event in log(desk)[len(before) :]]


def test_the_text_goes_to_the_customer(desk: Story) -> None:
    assert set_(desk, "take", "--text", "We are on it.", "--as", ANN).code == 0
    (mail,) = desk.desk.outbox("answer", to="bob@acme.test")
    assert "We are on it." in mail.text


@pytest.mark.parametrize(("lines", "notice"), [(["resolved"], "resolved"), ([], "answer")])
def test_the_text_may_come_from_a_file(desk: Story, lines: list[str], notice: str) -> None:
    file = desk.settings.parent / "text"
    file.write_text("It was the cable. Grüße\n", encoding="utf-8")
    assert set_(desk, *lines, "--text-file", file, "--as", ANN).code == 0
    (mail,) = desk.desk.outbox(notice, to="bob@acme.test")
    assert "It was the cable. Grüße" in mail.text
    ran = desk.run("ticket", "set", "1001", "--text-file", "-", "--as", ANN, input="And the plug.\n")
    assert ran.code == 0
    assert any("And the plug." in mail.text for mail in desk.desk.outbox("answer", to="bob@acme.test"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing is asked for"),
        (["--text", "a", "--text-file", "b"], "two texts"),
        (["--text", " "], "is empty"),
        (["--text", "x" * 100_001], "longer than 100000 characters"),
        (["--text-file", "{absent}"], "cannot be read: No such file"),
        (["--text-file", "{binary}"], "is no text in UTF-8"),
        (["take", "--as", "eve@evil.test"], f"eve@evil.test is nobody of the firm; write one of: {ANN}, {BILL}"),
    ],
)
def test_what_is_wrong_with_the_line_itself(desk: Story, words: list[str], said: str) -> None:
    binary = desk.settings.parent / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    before = log(desk)
    ran = set_(desk, *(word.format(absent=binary.with_name("no"), binary=binary) for word in words))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert log(desk) == before


def test_without_a_name_it_is_the_operators_word(desk: Story) -> None:
    assert set_(desk, "take").code == 0
    assert log(desk)[-1].actor == OPERATOR
    settings = desk.settings.read_text()
    desk.settings.write_text(settings.replace(f"operator: {OPERATOR}", "operator: null"))
    assert desk.settings.read_text() != settings
    ran = set_(desk, "note: hello")
    assert ran.code == 2
    assert ran.err == f"say who you are with --as ADDRESS, since there is no desk.operator: {ANN}, {BILL}\n"


def test_a_ticket_that_is_not_there(desk: Story) -> None:
    ran = desk.run("ticket", "set", "77", "take", "--as", ANN)
    assert (ran.code, ran.err) == (1, "there is no ticket D-77\n")


def test_strangers_words_do_not_play_with_the_terminal(desk: Story) -> None:
    ran = set_(desk, "note: \x1b[2J", "--as", ANN)
    assert ran.code == 0
    assert "\x1b" not in ran.out


def test_its_help_lists_the_grammar(desk: Story) -> None:
    said = desk.run("ticket", "set", "--help").out
    assert all(form in said for form, _ in GRAMMAR)


def test_the_document_lists_the_grammar() -> None:
    document = page("docs/commands.md")
    assert all(f"| `{form}` | {does} |" in document for form, does in GRAMMAR)
