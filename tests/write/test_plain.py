"""Strangers' text in our own: fenced, folded, clean."""

import time
from unicodedata import east_asian_width

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.desk.notices import Enclosure, Fact, Joined, Recipient
from maildesk.desk.token import Purpose
from maildesk.write.plain import (
    COLUMNS,
    MOST_LINE,
    MOST_TEXT,
    bullet,
    fence,
    fold,
    lines,
    many_lines,
    presentable,
    row,
    size,
    wrap,
)
from maildesk.write.samples import sample_notices

NASTY = "a\r\nb\rc\u2028d\x0be\x1cf\x85g\0\x1b[31m\u202eh\u200bi\tj"


def columns(line: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in line)


def test_every_visible_line_becomes_a_line() -> None:
    assert many_lines("a\r\nb\rc\u2028d\x0be\x1cf\x85g") == "a\nb\nc\nd\ne\nf\ng"
    assert many_lines("\n\n  a  \n\n") == "  a"
    assert many_lines("a\0\x1b[31m\u202eb\u200bc") == "a[31mbc"
    assert many_lines("ن\u200cم \N{WOMAN}\u200d\N{MICROSCOPE}") == "ن\u200cم \N{WOMAN}\u200d\N{MICROSCOPE}"


def test_a_huge_text_says_what_is_left_out() -> None:
    text = many_lines("x" * (MOST_TEXT + 7))
    assert text.endswith("x\n[7 more characters: see the stored mail]")


def test_fence() -> None:
    assert fence("a\n\n  b") == "| a\n|\n|   b"
    assert fence("word " * 16 + "end") == "| " + ("word " * 15).rstrip() + "\n| word end"


def test_a_text_of_our_own_keeps_its_lines_and_has_no_fence() -> None:
    assert lines("a\n\n  b") == "a\n\n  b"
    assert lines("word " * 16 + "end") == ("word " * 15).rstrip() + "\nword end"


@pytest.mark.parametrize(
    ("line", "width", "rows"),
    [
        ("", 10, [""]),
        ("short", 10, ["short"]),
        ("exactly te", 10, ["exactly te"]),
        ("one two three", 10, ["one two", "three"]),
        ("one two three", 7, ["one two", "three"]),
        ("abcdefghijklm", 5, ["abcde", "fghij", "klm"]),
        ("    abcdefghijk", 8, ["    abcd", "efghijk"]),
        ("日本語日本語", 5, ["日本", "語日", "本語"]),
        ("日本 語日本語", 7, ["日本", "語日本", "語"]),
        ("e\u0301" * 6, 6, ["e\u0301" * 3, "e\u0301" * 3]),
    ],
)
def test_fold(line: str, width: int, rows: list[str]) -> None:
    assert fold(line, width) == rows


@settings(max_examples=300)
@given(st.text(max_size=300) | st.text(alphabet="ab 語 \u0301", max_size=300))
def test_no_row_is_too_wide_and_no_word_is_lost(text: str) -> None:
    line = many_lines(text).replace("\n", " ")
    rows = fold(line, 20)
    assert all(columns(one) <= 20 for one in rows)
    assert "".join(rows).replace(" ", "") == line.replace(" ", "")


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_nothing_leaves_the_fence(text: str) -> None:
    lines = fence(many_lines(text)).splitlines()
    assert all(line == "|" or line.startswith("| ") for line in lines)
    assert all(columns(line) <= COLUMNS for line in lines)


def test_rows_and_bullets_go_on_below_themselves() -> None:
    assert row("From", "Bob") == "From:         Bob"
    assert row("A very long label", "Bob", 6) == "A very long label: Bob"
    assert row("Empty", "") == "Empty:"
    assert row("From", "word " * 20).split("\n")[1].startswith(" " * 14 + "word")
    assert bullet("word " * 20).split("\n")[1].startswith("  word")


def test_wrap_fills_paragraphs_and_keeps_commands_whole() -> None:
    assert wrap("  one\n two\n\nthree ") == "one two\n\nthree"
    command = "`maildesk mail explain 4711`"
    assert command in wrap("word " * 13 + command)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KB"),
        (2662, "2.6 KB"),
        (5 * 1024 * 1024, "5.0 MB"),
    ],
)
def test_sizes(octets: int, said: str) -> None:
    assert size(octets) == said


def test_every_string_of_the_facts_is_clean() -> None:
    moment = next(sample_notices()).facts
    joined = Joined(
        number="CB-1",
        subject=NASTY,
        author=NASTY,
        role="requester",
        received_at=moment.begins_at,  # type: ignore[union-attr]
        text=NASTY,
        facts=(Fact("name", "Name", NASTY),),
        flags=(NASTY, "x" * 5000),
        enclosures=(Enclosure(NASTY, NASTY, 5, enclosed=False),),
    )
    clean = presentable(joined)
    line = "a b c d e f g[31mhi j"
    assert (clean.subject, clean.author, clean.facts[0].value, clean.flags[0]) == (line,) * 4
    assert (clean.enclosures[0].name, clean.enclosures[0].size, clean.enclosures[0].enclosed) == (line, 5, False)
    assert clean.text == "a\nb\nc\nd\ne\nf\ng[31mhi j"
    assert len(clean.flags[1]) == MOST_LINE
    assert clean.received_at is joined.received_at


def test_a_recipient_keeps_his_purpose() -> None:
    recipient = presentable(Recipient("bob@acme.example", "Bob\r\nX: 1", purpose=Purpose.STAFF))
    assert recipient == Recipient("bob@acme.example", "Bob X: 1", purpose=Purpose.STAFF)
    assert recipient.purpose is Purpose.STAFF


@pytest.mark.parametrize("unit", ["x", "x ", " ", "語", "\u0301", "\n", "\u200b", "\t", "a\u202eb\r"])
def test_time_grows_no_faster_than_the_text(unit: str) -> None:
    began = time.process_time()
    fence(many_lines(unit * 1_000_000))
    assert time.process_time() - began < 3
