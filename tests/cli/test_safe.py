"""No text of a mail can play with the terminal of who looks at it [11]."""

import json
import unicodedata

import pytest

from maildesk.cli.common import one_line, print_json, several_lines
from tests.cli.conftest import Story
from tests.rig.letters import letter

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt.exe\u2028new\x7f\x08"
COMMANDS = [
    ("ticket", "list"), ("ticket", "show", "1001"), ("mail", "list"), ("mail", "show", "1"), ("mail", "show", "1", "--text"),
    ("mail", "explain", "1"), ("outbox", "list"), ("outbox", "show", "1"),
]  # fmt: skip
JSON = [command for command in COMMANDS if command[:2] != ("mail", "show")]


def hostile(text: str) -> list[str]:
    """What a terminal would obey."""
    return [char for char in text if char != "\n" and (unicodedata.category(char)[0] == "C" or char in "\u2028\u2029")]


@pytest.fixture
def attacked(empty: Story) -> Story:
    encoded = "".join(f"={octet:02X}" for octet in EVIL.encode())
    word = f"=?utf-8?q?{encoded}?="
    octets = letter(f"{EVIL}\nName: {EVIL}\nOrganisation: Acme {EVIL}", subject=word, sender=f"{word} <bob@acme.test>")
    empty.desk.receive(octets, path=f"bob{EVIL}@acme.test")
    return empty


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_people_see(attacked: Story, command: tuple[str, ...]) -> None:
    ran = attacked.run(*command)
    assert ran.code == 0
    assert hostile(ran.out) == []


@pytest.mark.parametrize("command", JSON, ids=" ".join)
def test_what_programs_see(attacked: Story, command: tuple[str, ...]) -> None:
    ran = attacked.run(*command, "--json")
    assert ran.lines
    assert hostile(ran.out) == []
    assert ran.out.isascii()


def test_parse(attacked: Story, tmp_path: object) -> None:
    file = attacked.settings.parent / "evil.eml"
    file.write_bytes(letter(EVIL, subject="=?utf-8?q?=1B[2J?="))
    for more in ([], ["--json"]):
        assert hostile(attacked.run("mail", "parse", file, *more).out) == []


def test_one_line_and_several() -> None:
    assert one_line("a\tb\x1bc\nd\u202ee") == "a b c d e"
    assert several_lines("a\tb\r\nc\x1b") == "a   b \nc "


def test_json_is_whole_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"text": EVIL})
    out = capsys.readouterr().out
    assert (hostile(out), json.loads(out)) == ([], {"text": EVIL})
