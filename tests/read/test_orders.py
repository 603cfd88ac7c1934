import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.commands import SHAPES, Note, Say, SetOwner, SetPriority, SetStatus, Take, Unclear, parse
from maildesk.desk.course import Status
from maildesk.read.orders import COMMAND_WORDS, read_orders
from maildesk.read.reply import own_text

TEXT = "The disk was full. We have made room and will watch it for a day."
EXAMPLES = [
    "priority P2", "prio P1", "P3", "pending customer", "pending customer: a log", "pending third party Colo: a cable",
    "open", "reopen", "workaround", "workaround: use the other printer", "resolved", "resolved: the disk was full",
    "still resolved", "close", "closed", "cause ours", "cause customer: he pulled the plug",
    "cause third party Colo: power", "cause unknown", "take", "TAKE", "  take", "#take", "# take", "owner sam",
    "owner nobody", "team development", "escalate", "escalate: too deep for us", "note: he lies", "#note: he lies",
    "reply: it works", "answer: it works", "cc add bob@acme.example", "cc remove bob@acme.example",
    "requester bob@acme.example", "contract 4711", "merge into 1042", "split", "split mail 7", "link CB-1042",
    "undo 1042-3-abcdefghij",
]  # fmt: skip


@pytest.mark.parametrize("line", EXAMPLES)
def test_a_leading_line_that_wholly_matches_is_a_command(line):
    orders = read_orders(f"{line}\n", "")
    assert orders.doubt is None
    assert orders.message == ""
    assert [said.command for said in orders.lines] == [parse(line)]
    assert orders.lines[0].line == line.strip()


def test_every_command_of_the_grammar_is_tried_here():
    opened = {line.removeprefix("#").strip().casefold() for line in EXAMPLES}
    untried = [
        shape.form
        for shape in SHAPES
        if not any(line.startswith(opening) for opening in shape.openings for line in opened)
    ]
    assert [form for form in untried if form.split()[0] not in {"on", "silence", "ask", "approve", "refuse"}] == []


def test_several_lines_and_the_text_below():
    orders = read_orders(f"take\n\npriority P2\nresolved\n\n{TEXT}\n\nBye\n", "Re: [CB-1042] Disk")
    assert orders.commands == (Take(), SetPriority("P2"), SetStatus(Status.RESOLVED))
    assert orders.message == f"{TEXT}\n\nBye"
    assert not orders.note


DOUBTS = [
    "Open the door", "Take care", "Take care, Bob", "resolved it yesterday", "Close the window please", "Take.",
    "Split it in two", "Team, please look", "Escalate now", "cc bob", "priority",
    "prioritty P2", "clsoe", "tkae", "ownr sam", "noet: he lies", "ntoe he lies", "Notes: he lies",
    "nte: he lies", "not: he lies", "Note, he lies", "[note] he lies", "*note* he lies", "note he lies",
    "note - he lies", "note that he lies again about the backups he never made",
    "noet he lies again about the backups he never made", "#he lies", "# 1042", "#", "##take",
    "#take it from the shelf and put it back there", "resolved by: Bob and Ann", "reply", "reply:", "owner:",
    "cause", "cause he did it", "\u200bnote he lies", "\u200btake", "Undo it", "- take", "merge them", "split mail", "link it",
]  # fmt: skip


@pytest.mark.parametrize("line", DOUBTS)
@pytest.mark.parametrize("above", ["", "take\n"])
def test_what_is_neither_command_nor_prose_is_a_doubt(line, above):
    whole = f"{above}{line}\nSecret words that must not go out."
    orders = read_orders(whole, "")
    assert orders.doubt is not None
    assert orders.doubt.line == line.strip()
    assert orders.doubt.wrong
    assert orders.doubt.right
    assert (orders.lines, orders.commands, orders.note) == ((), (), False)
    assert orders.message == whole, "what is sent as it is loses nothing"


PROSE = [
    TEXT, "Open the door and look behind the left one.", "Take care not to touch the red lever, please.",
    "Resolved it yesterday, as far as we can tell from here.", "We took it.", "It is closed.", "I resolved it",
    "Please take the cable out.", "None of the servers in this rack is hurt.", "Not sure whether this is all we need.",
    "No", "On Monday", "In the morning", "Yes, Bob", "We note this", "Done", "OK", "1042", "P", "Priority support is what you pay us for",
    "Hello, this works again.", "\U0001f44d", "1. take",
]  # fmt: skip


@pytest.mark.parametrize("text", PROSE)
def test_prose_is_the_message(text):
    orders = read_orders(text, "Re: [CB-1042] Disk")
    assert orders.doubt is None
    assert (orders.lines, orders.message, orders.note) == ((), text, False)


@pytest.mark.parametrize("line", ["note", "Note", "NOTE:", "#note", "# note:", " note "])
@pytest.mark.parametrize("above", ["", "take\n", "\n\n"])
def test_note_alone_keeps_the_rest_inside(line, above):
    orders = read_orders(f"{above}{line}\n\nHe lies.\ntake\nclose\n", "")
    assert orders.note
    assert orders.message == "He lies.\ntake\nclose"
    assert [type(command) for command in orders.commands] == ([Take] if "take" in above else [])
    assert orders.doubt is None


def test_note_alone_without_a_text_is_unclear():
    orders = read_orders("note\n", "")
    assert isinstance(orders.lines[0].command, Unclear)
    assert orders.message == ""


def test_what_follows_a_note_belongs_to_it():
    orders = read_orders("note: he lies\nand his boss does\n\nBoth of them.", "")
    assert orders.commands == (Note("he lies\nand his boss does\n\nBoth of them."),)
    assert orders.message == ""


def test_what_follows_an_answer_belongs_to_it():
    assert read_orders("reply: it works\nagain", "").commands == (Say("it works\nagain"),)


@pytest.mark.parametrize("greeting", ["Hi Bob,", "Hello", "Dear Ms Smith,", "Hallo Anna", "Bonjour,", "Hola!", "Anna,"])
@pytest.mark.parametrize("line", ["note: he lies", "note", "noet he lies", "take", "resolved: the disk", "close"])
def test_a_command_below_a_greeting_is_a_doubt(greeting, line):
    orders = read_orders(f"{greeting}\n\n{line}\n\nSecret words", "")
    assert orders.doubt is not None
    assert orders.doubt.line == line
    assert not orders.lines


@pytest.mark.parametrize("greeting", ["Hi Bob,", "Dear Ms Smith,", "Hallo Anna,", "Bonjour,"])
def test_a_greeting_above_prose_is_part_of_it(greeting):
    orders = read_orders(f"{greeting}\n\n{TEXT}", "")
    assert (orders.doubt, orders.message) == (None, f"{greeting}\n\n{TEXT}")


@pytest.mark.parametrize(
    ("line", "doubtful"),
    [("#note: he lies", True), ("#tkae", True), ("#close", True), ("# take", True),
     ("# apt update", False), ("#1042 is his", False), ("#", False), ("take", False)],
)  # fmt: skip
def test_a_marked_line_below_the_text(line, doubtful):
    orders = read_orders(f"{TEXT}\n{line}\n", "")
    assert (orders.doubt is not None) is doubtful
    assert not orders.lines


def test_a_reason_that_a_client_has_broken_is_a_doubt():
    reason = "cause customer: he has pulled the plug of the server because he is"
    assert read_orders(f"{reason}\nan idiot\n\n{TEXT}", "").doubt is not None
    assert read_orders(f"{reason}\n\n{TEXT}", "").doubt is None
    assert read_orders(f"{reason}\nclose\n\n{TEXT}", "").doubt is None
    assert read_orders(f"cause customer: the plug\n{TEXT}", "").doubt is None


SUFFIXES = [
    ("Re: [CB-1042] Disk [priority=P2; owner=sam]", (SetPriority("P2"), SetOwner("sam"))),
    ("[priority = P2]", (SetPriority("P2"),)),
    ("Re: Disk [Priority=P2;owner=sam] ", (SetPriority("P2"), SetOwner("sam"))),
    ("Re: [CB-1042] Disk", ()), ("Re: Disk [CB-1042]", ()), ("[priority=P2] Disk", ()), ("[priority P2]", ()),
    ("[priority=P2; colour=red]", ()), ("[a=b]", ()), ("priority=P2]", ()), ("[]", ()), ("[=]", ()), ("", ()),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "commands"), SUFFIXES)
def test_the_suffix_of_the_subject(subject, commands):
    orders = read_orders(TEXT, subject)
    assert orders.commands == commands
    assert orders.message == TEXT


def test_a_suffix_with_a_wrong_argument_is_unclear():
    assert isinstance(read_orders("", "Disk [requester=bob]").lines[0].command, Unclear)


def test_a_suffix_that_the_customer_wrote_orders_nothing():
    assert not read_orders("", "Re: [CB-1042] Disk [priority=P1]", known_subject="Disk [Priority=P1]").lines
    assert read_orders("", "Re: [CB-1042] Disk [priority=P2]", known_subject="Disk [priority=P1]").lines


def test_other_parsers_read_leading_lines_too():
    def query(line):
        return line if line.startswith("show ") else None

    orders = read_orders("take\nshow 1042\nshow 7\n\nWe look at it.", "", others=[lambda _: None, query])
    assert orders.others == ("show 1042", "show 7")
    assert (orders.commands, orders.message) == ((Take(),), "We look at it.")
    assert read_orders("show 1042", "").message == "show 1042"


def test_one_edit_from_any_command_word():
    for word in COMMAND_WORDS:
        if len(word) < 4:
            continue
        for at in range(len(word)):
            for slip in (word[:at] + word[at + 1 :], word[:at] + "q" + word[at:], word[:at] + "q" + word[at + 1 :]):
                first = f"{slip} xyz"
                assert read_orders(first, "").doubt is not None, first


@given(st.text(alphabet=st.sampled_from("note take#:[]=; \n\u200bP2")) | st.text(max_size=300), st.text(max_size=60))
def test_nothing_raises_or_is_lost(own, subject):
    orders = read_orders(own, subject)
    if orders.doubt:
        assert not orders.lines
    kept = [*orders.message.split(), *" ".join(line.line for line in orders.lines).split()]
    if not orders.note and not any(isinstance(line.command, Note | Say) for line in orders.lines):
        assert set("".join(own.split())) <= set("".join(kept))


LEAD_INS = [
    "On Mon, 2 Mar 2026 at 10:00, Desk <support@desk.example> wrote:",
    "Am Mo., 2. März 2026 um 10:00 Uhr schrieb Desk <support@desk.example>:",
    "Le lun. 2 mars 2026 à 10:00, Desk <support@desk.example> a écrit :",
    "El lun, 2 mar 2026 a las 10:00, Desk (<support@desk.example>) escribió:",
    "Il giorno lun 2 mar 2026 alle ore 10:00 Desk <support@desk.example> ha scritto:",
]
FOOTERS = ["-- \nSam\nDesk Ltd", "Sent from my iPhone", "Von meinem iPhone gesendet", "Get Outlook for Android"]


@pytest.mark.parametrize("lead_in", LEAD_INS)
@pytest.mark.parametrize("footer", ["", *FOOTERS])
def test_quotes_and_footers_order_nothing(lead_in, footer):
    quoted = f"{lead_in}\n\n> take\n> note: he lies\n> close\n"
    orders = read_orders(own_text(f"priority P2\n\n{footer}\n\n{quoted}"), "")
    assert (orders.commands, orders.message, orders.doubt) == ((SetPriority("P2"),), "", None)


def test_a_command_below_the_quote():
    lead_in = LEAD_INS[0]
    orders = read_orders(own_text(f"{lead_in}\n> close\n> note: he lies\n\ntake\n"), "")
    assert orders.commands == (Take(),)


def test_a_mail_of_html_only():
    html = "<div>take</div><div>priority P2</div><div><br></div><div>We look at it at once.</div>"
    orders = read_orders(own_text("", html), "")
    assert orders.commands == (Take(), SetPriority("P2"))
    assert orders.message == "We look at it at once."
