"""The lines that staff command with: what each means, what only looks like one, and what is said of it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.commands import (
    GRAMMAR,
    LONGEST,
    MOST_NAME_WORDS,
    SHOWN,
    AddParticipant,
    Escalate,
    Link,
    MergeInto,
    Note,
    RemoveParticipant,
    Say,
    SetCause,
    SetContract,
    SetOwner,
    SetPriority,
    SetRequester,
    SetStatus,
    SetTeam,
    Split,
    StillResolved,
    Take,
    TicketCommand,
    Unclear,
    Undo,
    parse,
    with_text,
    words,
)
from maildesk.desk.course import Status

OPEN, CLOSED, RESOLVED = SetStatus(Status.OPEN), SetStatus(Status.CLOSED), SetStatus(Status.RESOLVED)
PENDING, THIRD = Status.PENDING_CUSTOMER, Status.PENDING_THIRD_PARTY


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("priority P2", SetPriority("P2")),
        ("PRIORITY p2", SetPriority("p2")),
        ("priority 2", SetPriority("2")),
        ("prio P2", SetPriority("P2")),
        ("P2", SetPriority("P2")),
        ("# p2", SetPriority("p2")),
        ("pending customer", SetStatus(PENDING)),
        ("Pending Customer: the log  files, please", SetStatus(PENDING, reason="the log files, please")),
        ("pending third party BT", SetStatus(THIRD, "BT")),
        ("pending third party BT Openreach: Line: CUT", SetStatus(THIRD, "BT Openreach", "Line: CUT")),
        ("pending 3rd party BT", SetStatus(THIRD, "BT")),
        ("open", OPEN),
        ("reopen", OPEN),
        ("Reopen", OPEN),
        ("workaround", SetStatus(Status.WORKAROUND)),
        ("workaround: use the other site", SetStatus(Status.WORKAROUND, reason="use the other site")),
        ("resolved", RESOLVED),
        ("resolve", RESOLVED),
        ("resolved: The disk was full.", SetStatus(Status.RESOLVED, reason="The disk was full.")),
        ("resolved:The disk was full.", SetStatus(Status.RESOLVED, reason="The disk was full.")),
        ("still resolved", StillResolved()),
        ("close", CLOSED),
        ("closed", CLOSED),
        ("cause ours", SetCause("ours")),
        ("cause ours: we pulled the plug", SetCause("ours", reason="we pulled the plug")),
        ("cause customer", SetCause("customer")),
        ("cause unknown", SetCause("unknown")),
        ("Cause Third Party Acme Ltd: their DNS", SetCause("third party", "Acme Ltd", "their DNS")),
        ("cause 3rd party Acme", SetCause("third party", "Acme")),
        ("take", Take()),
        ("  TAKE \t", Take()),
        ("#take", Take()),
        ("# take", Take()),
        ("owner sam", SetOwner("sam")),
        ("owner Sam  Smith", SetOwner("Sam Smith")),
        ("owner sam@firm.example", SetOwner("sam@firm.example")),
        ("owner nobody", SetOwner("nobody")),
        ("team Systems Engineering", SetTeam("Systems Engineering")),
        ("escalate", Escalate()),
        ("escalate: needs a developer", Escalate("needs a developer")),
        ("note: he is on the phone", Note("he is on the phone")),
        ("note: two\n\n lines ", Note("two\n\n lines")),
        ("reply: Dear Bob,\nit works.", Say("Dear Bob,\nit works.")),
        ("Answer: it works", Say("it works")),
        ("still\u00a0resolved", StillResolved()),
        ("cc add Carol@ACME.example", AddParticipant("carol@acme.example")),
        ("cc carol@acme.example", AddParticipant("carol@acme.example")),
        ("cc remove carol@acme.example", RemoveParticipant("carol@acme.example")),
        ("requester carol@acme.example", SetRequester("carol@acme.example")),
        ("contract AC 2231", SetContract("AC 2231")),
        ("merge into 1042", MergeInto("1042")),
        ("Merge into [CB-1042]", MergeInto("[CB-1042]")),
        ("split", Split()),
        ("split mail 17", Split("17")),
        ("link CB-1042", Link("CB-1042")),
        ("undo 3-5-ABCDEFGHIJ", Undo("3-5-abcdefghij")),
    ],
)
def test_what_each_line_means(line: str, command: TicketCommand) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(
    ("line", "wrong", "right"),
    [
        ("", "no command stands there", "note: TEXT"),
        (" # ", "no command stands there", "note: TEXT"),
        (":", "no command stands there", "note: TEXT"),
        ("Hello Bob", "it is no command", "note: Hello Bob"),
        ("Dear Bob: it works", "it is no command", "note: Dear Bob: it works"),
        ("priority", "priority lacks what it names", "priority P2"),
        ("priority P2: it burns", "priority has nothing behind a colon", "priority P2"),
        ("priorty P3", "it is no command", "priority P3"),
        ("p2 please", "it is no command", "note: p2 please"),
        ("P22", "it is no command", "note: P22"),
        ("P\u0662", "it is no command", "note: P\u0662"),
        ("pending", "it is no command", "pending customer"),
        ("pending: his logs", "it is no command", "pending customer: his logs"),
        ("pending custmer: his logs", "it is no command", "pending customer: his logs"),
        ("pending customer his logs", "a colon is missing after pending customer", "pending customer: his logs"),
        ("pending third party", "pending third party lacks what it names", "pending third party NAME"),
        ("pending third party: BT", "pending third party lacks what it names", "pending third party NAME: BT"),
        ("pendng third party BT: cut", "it is no command", "pending third party BT: cut"),
        ("open the door", "open stands alone", "open"),
        ("Open: see below", "open has nothing behind a colon", "open"),
        ("reopn", "it is no command", "reopen"),
        ("workaround found", "a colon is missing after workaround", "workaround: found"),
        ("resolved by a restart", "a colon is missing after resolved", "resolved: by a restart"),
        ("resolved:", "nothing stands behind resolved:", "resolved"),
        ("Resolved.", "it is no command", "resolved"),
        ("still", "it is no command", "still resolved"),
        ("still resolvd", "it is no command", "still resolved"),
        ("close the window", "close stands alone", "close"),
        ("close: done", "close has nothing behind a colon", "close"),
        ("cause", "it is no command", "cause ours"),
        ("cause custmer", "it is no command", "cause customer"),
        ("cause third party", "cause third party lacks what it names", "cause third party NAME"),
        ("take it", "take stands alone", "take"),
        ("tke", "it is no command", "take"),
        ("owner", "owner lacks what it names", "owner NAME"),
        ("owner a b c d e f g", "a name has at most 6 words and 80 characters; is a colon missing?", "owner NAME"),
        ("team", "team lacks what it names", "team support"),
        ("escalate to development", "a colon is missing after escalate", "escalate: to development"),
        ("note", "nothing stands behind note:", "note: TEXT"),
        ("note call him", "a colon is missing after note", "note: call him"),
        ("ntoe: he is a fool", "it is no command", "note: he is a fool"),
        ("note :", "nothing stands behind note:", "note: TEXT"),
        ("reply", "nothing stands behind reply:", "reply: TEXT"),
        ("##take", "it is no command", "take"),
        ("cc", "cc lacks what it names", "cc bob@acme.example"),
        ("cc add", "cc add lacks what it names", "cc add bob@acme.example"),
        ("cc add Carol", "Carol is not what cc add names", "cc add bob@acme.example"),
        ("merge 1042", "it is no command", "merge into 1042"),
        ("merge into the other one", "the other one is not what merge into names", "merge into 1042"),
        ("split the cost", "split stands alone", "split"),
        ("link below", "below is not what link names", "link 1042"),
        ("undo that", "that is not what undo names", "undo 3-5-abcdefghij"),
        ("take\nP2", "take stands alone", "take"),
    ],
)
def test_what_is_no_command_is_said_with_the_nearest_right_line(line: str, wrong: str, right: str) -> None:
    unclear = parse(line)
    assert isinstance(unclear, Unclear)
    assert (unclear.wrong, unclear.right) == (wrong, right)


@pytest.mark.parametrize(
    "prose",
    [
        "Take care, Ann",
        "Open source it is.",
        "Close, but no cigar",
        "Notes from today's call",
        "Priority is what we need to talk about",
        "Resolved to go on",
        "Still resolved on our side",
        "Escalate if it goes on",
        "Reply to Bob",
        "Split screens are wrong",
        "Link it to the other one, please",
        "Requester is on holiday",
        "Undo what you did",
        "On it",
        "note\u2014do not tell him",
        "workaround; see below",
    ],
)
def test_prose_that_begins_like_a_command_is_none(prose: str) -> None:
    assert isinstance(parse(prose), Unclear)


def test_the_grammar_lists_every_command_once() -> None:
    forms = [form for form, _ in GRAMMAR]
    assert len(forms) == len(set(forms))
    shown = [parse(form.replace("[", "").replace("]", "")) for form in forms]
    assert {type(command) for command in shown} == {type(command) for command, _ in ROUND}
    assert all(does for _, does in GRAMMAR)


line = st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(lambda text: " ".join(text.split()))
name = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"], exclude_characters=":"), min_size=1, max_size=8)
    .map(lambda text: "".join(text.split())).filter(bool),
    min_size=1, max_size=MOST_NAME_WORDS,
).map(" ".join)  # fmt: skip
said = st.text(max_size=60).map(str.strip).filter(bool)
reasoned = (Status.PENDING_CUSTOMER, Status.WORKAROUND, Status.RESOLVED)
commands = st.one_of(
    st.builds(SetPriority, name),
    st.builds(SetStatus, st.sampled_from(reasoned), st.just(""), line),
    st.builds(SetStatus, st.just(THIRD), name, line),
    st.builds(SetStatus, st.sampled_from([Status.OPEN, Status.CLOSED])),
    st.builds(SetCause, st.sampled_from(["ours", "customer", "unknown"]), st.just(""), line),
    st.builds(SetCause, st.just("third party"), name, line),
    st.builds(SetOwner, name),
    st.builds(SetTeam, name),
    st.builds(Escalate, line),
    st.builds(Say, said),
    st.builds(Note, said),
    st.sampled_from([Take(), StillResolved()]),
)


@given(commands)
def test_a_command_written_as_a_line_is_read_as_itself(command: TicketCommand) -> None:
    assert parse(words(command)) == command


@given(commands, st.sampled_from(["", "#", "# ", " #\t"]), st.sampled_from([str.upper, str.title, str.lower]))
def test_neither_case_of_its_words_nor_a_hash_changes_it(command: TicketCommand, mark: str, case: object) -> None:
    said = words(command)
    opening = next(o for o in OPENINGS if said == o or said.startswith((f"{o} ", f"{o}:")))
    assert parse(f"{mark}{case(opening)}{said[len(opening) :]}") == command  # type: ignore[operator]


OPENINGS = (
    "pending customer", "pending third party", "still resolved", "cause ours", "cause customer", "cause unknown",
    "cause third party", "priority", "open", "workaround", "resolved", "closed", "take", "owner", "team", "escalate",
    "note", "reply",
)  # fmt: skip

ROUND: tuple[tuple[TicketCommand, str], ...] = (
    (SetPriority("P2"), "priority P2"),
    (SetStatus(THIRD, "BT", "cut"), "pending third party BT: cut"),
    (StillResolved(), "still resolved"),
    (SetCause("third party", "Acme"), "cause third party Acme"),
    (Take(), "take"),
    (SetOwner("sam"), "owner sam"),
    (SetTeam("support"), "team support"),
    (Escalate("hard"), "escalate: hard"),
    (Say("Hello"), "reply: Hello"),
    (Note("Hello"), "note: Hello"),
    (AddParticipant("amy@acme.test"), "cc add amy@acme.test"),
    (RemoveParticipant("amy@acme.test"), "cc remove amy@acme.test"),
    (SetRequester("amy@acme.test"), "requester amy@acme.test"),
    (SetContract("AC 7"), "contract AC 7"),
    (MergeInto("CB-7"), "merge into CB-7"),
    (Split(), "split"),
    (Split("17"), "split mail 17"),
    (Link("7"), "link 7"),
    (Undo("3-5-abcdefghij"), "undo 3-5-abcdefghij"),
)


@pytest.mark.parametrize(("command", "written"), ROUND)
def test_how_a_command_is_written(command: TicketCommand, written: str) -> None:
    assert words(command) == written


def test_no_line_merges() -> None:
    with pytest.raises(ValueError, match="merged into another"):
        words(SetStatus(Status.MERGED))


@given(st.text(max_size=200) | st.builds("{} {}".format, st.sampled_from(OPENINGS), st.text(max_size=50)))
def test_the_line_that_would_be_right_is_right(text: str) -> None:
    parsed = parse(text)
    if isinstance(parsed, Unclear):
        assert not isinstance(parse(parsed.right), Unclear)
        assert len(parsed.line) <= SHOWN + 1
        assert "\n" not in parsed.line + parsed.right


@pytest.mark.parametrize(
    "hostile",
    [
        "note: " + "x" * LONGEST,
        "take" * 1_000_000,
        " " * 5_000_000,
        "#" * (LONGEST - 1),
        ":" * LONGEST,
        "pending " * (LONGEST // 8),
        "a " * (LONGEST // 2),
        "pending third party " + "x " * (LONGEST // 3),
        "\u0130" * LONGEST,
        "owner " + "x" * 9_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_line_costs_nothing(hostile: str) -> None:
    begun = time.process_time()
    unclear = parse(hostile)
    assert time.process_time() - begun < 0.2
    assert isinstance(unclear, Unclear)
    assert len(unclear.line) <= SHOWN + 1
    assert len(unclear.right) <= 3 * SHOWN


def test_the_longest_note_is_taken() -> None:
    text = "x" * (LONGEST - len("note: "))
    assert parse(f"note: {text}") == Note(text)
    assert isinstance(parse(f"note: {text}x"), Unclear)


@pytest.mark.parametrize(
    ("lines", "with_it"),
    [
        ([], ["reply: Hello"]),
        (["take"], ["reply: Hello", "take"]),
        (["take", "resolved"], ["take", "resolved: Hello"]),
        (["workaround"], ["workaround: Hello"]),
        (["resolved: it was the cable"], ["reply: Hello", "resolved: it was the cable"]),
        (["pending customer"], ["reply: Hello", "pending customer"]),
    ],
)
def test_a_text_for_the_customer(lines: list[str], with_it: list[str]) -> None:
    commands = [command for command in map(parse, lines) if not isinstance(command, Unclear)]
    assert [words(command) for command in with_text(commands, "Hello")] == with_it
    assert with_text(commands, "") == commands
