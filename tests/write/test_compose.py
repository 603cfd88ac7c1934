"""Composing: well-formed to every reader, whatever strangers wrote; ids whole; what cannot be sent is refused."""

import email
import email.policy
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.read.mail import Attachment
from maildesk.write import compose as module
from maildesk.write.compose import ComposeError, Letter, compose, usable_address
from tests.rig.wellformed import faults_of
from tests.write.letters import BOB, DESK, LETTER, LONG_ID, NASTY_IDS, OWN_ID, faults

ROOT = Path(__file__).parents[2]


def parsed(letter: Letter) -> EmailMessage:
    mail = email.message_from_bytes(compose(letter), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def raw_field(letter: Letter, name: str) -> str:
    """A header field with its folds, as it stands in the mail."""
    lines = compose(letter).decode().partition("\r\n\r\n")[0].replace("\r\n ", "\0").split("\r\n")
    return next(line.replace("\0", "\r\n ") for line in lines if line.startswith(f"{name}: "))


def test_an_acknowledgement_is_well_formed() -> None:
    assert faults_of(compose(LETTER), sender=DESK, recipient=BOB) == []
    mail = parsed(LETTER)
    assert mail["Subject"] == "[CB-1042] Shop is down"
    assert mail["From"] == "Capital Bytes Support <support@desk.example>"
    assert mail["Message-ID"] == f"<{OWN_ID}>"
    assert mail["Date"] == "Mon, 23 Nov 2026 18:30:00 +0000"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["X-Loop"] == DESK
    assert mail["Precedence"] is None
    assert body(mail, "plain") == LETTER.text
    assert body(mail, "html") == LETTER.html


def test_plain_text_stays_as_it_is() -> None:
    octets = compose(LETTER)
    assert b"Content-Transfer-Encoding: 7bit" in octets
    assert LETTER.text.replace("\n", "\r\n").encode() in octets


def test_hostile_text_adds_nothing() -> None:
    assert faults() == []


def interpreters() -> Iterator[Any]:
    for version in ("3.12", "3.13"):
        installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
        yield pytest.param(version, str(installed[-1]) if installed else f"python{version}", id=version)


@pytest.mark.parametrize(("version", "python"), list(interpreters()))
def test_hostile_text_adds_nothing_on_other_pythons(version: str, python: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [python, "-m", "tests.write.letters"]
    try:
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        if isinstance(error, FileNotFoundError) or "command not found" in error.stderr.decode():
            pytest.skip(f"Python {version} is not installed")
        raise
    said = json.loads(ran.stdout)
    assert said["version"] == [int(number) for number in version.split(".")]
    assert said["letters"] > 100
    assert said["faults"] == []


@pytest.mark.parametrize("length", [60, 77, 78, 120, 390])
def test_ids_stay_whole(length: int) -> None:
    long_id = f"{'x' * length}@m365.example"
    letter = replace(LETTER, in_reply_to=(long_id,), references=(OWN_ID, long_id))
    assert raw_field(letter, "In-Reply-To") == f"In-Reply-To: <{long_id}>"
    assert raw_field(letter, "References").split() == ["References:", f"<{OWN_ID}>", f"<{long_id}>"]
    assert faults_of(compose(letter), sender=DESK, recipient=BOB) == []


@pytest.mark.parametrize("bad", NASTY_IDS)
def test_only_ids_of_the_grammar_are_copied(bad: str) -> None:
    letter = replace(LETTER, in_reply_to=(bad,), references=(OWN_ID, bad, LONG_ID))
    mail = email.message_from_bytes(compose(letter), policy=email.policy.compat32)
    assert mail["In-Reply-To"] is None
    assert mail["References"].split() == [f"<{OWN_ID}>", f"<{LONG_ID}>"]


@pytest.mark.parametrize("id_", ["a%b@x", "$1$2@x", "[x]@[127.0.0.1]", "a:b.c/d=@x_y", "A+b~{c}@Host.Local"])
def test_odd_ids_that_do_no_harm_are_copied(id_: str) -> None:
    assert raw_field(replace(LETTER, in_reply_to=(id_,)), "In-Reply-To") == f"In-Reply-To: <{id_}>"


def test_an_id_named_twice_is_written_once() -> None:
    references = raw_field(replace(LETTER, references=("a@x", "b@x", "a@x")), "References")
    assert references == "References: <a@x> <b@x>"


def test_a_long_thread_keeps_its_first_and_its_newest_ids() -> None:
    thread = tuple(f"{number}@x.example" for number in range(200))
    references = raw_field(replace(LETTER, references=thread + thread), "References").split()[1:]
    assert references == ["<0@x.example>", *(f"<{number}@x.example>" for number in range(151, 200))]


@pytest.mark.parametrize(
    "address",
    [
        "bob",
        "bob@",
        "@x.example",
        "a@b, c@d",
        "a b@x",
        "bob@x.example\r\nBcc: a@b",
        "<bob@x>",
        "bob@x..example",
        "bob@@x.example",
        "bob@x.example;",
        "bob@[x y]",
        "",
        f"{'b' * 65}@x.example",
        f"bob@{'x.' * 130}example",
        f"{'b' * 60}@{'.'.join(['x' * 63] * 4)}",
        '"a"b"@x',
        "bob@exa mple",
        'b"ob@x.example',
        "bob@x.example>",
        "böb@x.example",
        "bob@bücher.example",
        "bob@x.example\n",
    ],
)
def test_an_unusable_address_is_refused(address: str) -> None:
    assert not usable_address(address)
    for letter in (replace(LETTER, to_address=address), replace(LETTER, from_address=address)):
        with pytest.raises(ComposeError):
            compose(letter)
    if address:
        with pytest.raises(ComposeError):
            compose(replace(LETTER, reply_to=address))


@pytest.mark.parametrize(
    "address",
    ["bob+tag@x.example", "o'hara@x.example", "a..b.@docomo.example", '"a b"@x.example', "bob@[127.0.0.1]", "r=o/x@y"],
)
def test_a_usable_address_goes_whole(address: str) -> None:
    assert raw_field(replace(LETTER, to_address=address), "To") == f"To: Bob Miller <{address}>"


def test_an_address_that_is_not_ascii_is_refused_in_clear_words() -> None:
    with pytest.raises(ComposeError, match="SMTPUTF8"):
        compose(replace(LETTER, to_address="bób@acme.example"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"message_id": ""},
        {"message_id": "a b@x"},
        {"message_id": "a@b>\r\nX: 1"},
        {"date": datetime(2026, 11, 23)},  # noqa: DTZ001  this is what is refused
        {"auto_submitted": "no"},
        {"loop_mark": "x\r\nBcc: a@b"},
    ],
)
def test_a_letter_of_ours_that_is_wrong_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ComposeError):
        compose(replace(LETTER, **wrong))


def test_the_date_is_utc() -> None:
    there = datetime(2026, 7, 1, 9, 0, tzinfo=timezone(timedelta(hours=-5)))
    assert parsed(replace(LETTER, date=there))["Date"] == "Wed, 01 Jul 2026 14:00:00 +0000"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Bob", "To: Bob <bob@acme.example>"),
        ("", "To: bob@acme.example"),
        ("Miller, Bob", 'To: "Miller, Bob" <bob@acme.example>'),
        ('B "x" \\', 'To: "B \\"x\\" \\\\" <bob@acme.example>'),
        ("Müller, Zoë", "To: =?utf-8?B?TcO8bGxlciwgWm/Dqw==?= <bob@acme.example>"),
        ("Miller, Zoë", "To: =?utf-8?B?TWlsbGVyLCBab8Or?= <bob@acme.example>"),
        ("Zoë", "To: =?utf-8?B?Wm/Dqw==?= <bob@acme.example>"),
        ("=?utf-8?q?x?=", "To: =?utf-8?B?PT91dGYtOD9xP3g/PQ==?= <bob@acme.example>"),
    ],
)
def test_names(name: str, written: str) -> None:
    letter = replace(LETTER, to_name=name)
    assert raw_field(letter, "To") == written
    assert parsed(letter)["To"].addresses[0].display_name == name


@pytest.mark.parametrize(
    "subject",
    [
        "[CB-1] Zoë sagt Grüß Gott",
        "[CB-1] " + "ж" * 100,
        "[CB-1] =?utf-8?q?x?=",
        "[CB-1] " + "word " * 20 + "end",
        "a" * 200,
        "[CB-1] 日本語の件名です" * 5,
        "\N{GRINNING FACE}" * 60,
    ],
)
def test_subjects_are_read_as_they_were_written(subject: str) -> None:
    letter = replace(LETTER, subject=subject)
    assert parsed(letter)["Subject"] == subject
    assert max(map(len, raw_field(letter, "Subject").split("\r\n"))) <= 76


def test_the_ticket_tag_stays_readable_before_an_encoded_subject() -> None:
    assert raw_field(replace(LETTER, subject="[CB-1042] Zoë"), "Subject").startswith("Subject: [CB-1042] =?utf-8?B?")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain\n", "7bit"),
        ("tab\there\n", "7bit"),
        ("x" * 998 + "\n", "7bit"),
        ("x" * 999 + "\n", "quoted-printable"),
        ("From here\n", "quoted-printable"),
        ("Grüße aus München, alles gut.\n", "quoted-printable"),
        ("ж" * 500 + "\n", "base64"),
        ("no end", "7bit"),
        ("a\0b\n", "7bit"),
    ],
)
def test_body_encodings(text: str, encoding: str) -> None:
    letter = replace(LETTER, text=text, html="")
    mail = parsed(letter)
    assert mail["Content-Transfer-Encoding"] == encoding
    assert mail.get_content().rstrip("\r\n") == text.rstrip("\n").replace("\0", "")
    assert b"\nFrom " not in compose(letter)


def test_line_ends_of_any_kind_become_those_of_mail() -> None:
    assert compose(replace(LETTER, text="a\r\nb\rc\nd", html="")).endswith(b"\r\n\r\na\r\nb\r\nc\r\nd\r\n")


def test_attachments_keep_name_and_octets() -> None:
    files = (
        Attachment("bericht für Zoë.pdf", "application/pdf", "file", 5000, "", bytes(range(256)) * 20),
        Attachment("long name " * 14 + "ü.txt", "text/plain", "file", 3, "", b"a\nb"),
        Attachment('a"b\\c.log', "text/plain", "file", 0, "", b""),
        Attachment("their mail.eml", "message/rfc822", "message", 3, "", b"a: b"),
        Attachment("x", "text/html; charset=x\r\nBcc: a@b", "file", 3, "", b"<b>"),
    )
    letter = replace(LETTER, attachments=files)
    found = list(parsed(letter).iter_attachments())
    assert [part.get_filename() for part in found] == [files[0].name, files[1].name, "a'b_c.log", "their mail.eml", "x"]
    assert [part.get_payload(decode=True) for part in found] == [file.octets for file in files]
    assert [part.get_content_type() for part in found][2:] == ["text/plain", *["application/octet-stream"] * 2]
    assert {part.get_content_disposition() for part in found} == {"attachment"}
    assert body(parsed(letter), "html") == LETTER.html
    assert faults_of(compose(letter), sender=DESK, recipient=BOB) == []


@pytest.mark.parametrize(
    ("octets", "content_type"),
    [
        (b"plain", "text/plain"),
        ("日本".encode(), 'text/plain; charset="utf-8"'),
        ("Zoë".encode("latin-1"), "application/octet-stream"),
        ("wide".encode("utf-16-le"), "application/octet-stream"),
    ],
)
def test_an_attached_text_says_its_charset_only_where_that_is_certain(octets: bytes, content_type: str) -> None:
    letter = replace(LETTER, attachments=(Attachment("a.txt", "text/plain", "file", len(octets), "", octets),))
    [part] = parsed(letter).iter_attachments()
    assert (str(part["Content-Type"]), part.get_payload(decode=True)) == (content_type, octets)


def test_the_same_letter_makes_the_same_octets() -> None:
    assert compose(LETTER) == compose(LETTER)


def test_a_header_that_is_not_the_intended_one_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "one_line", lambda text: text)
    monkeypatch.setattr(module, "_words", lambda text: [text])
    for subject in ("a\r\nBcc: eve@evil.example", "a\nBcc: x", "a\r\n\r\nbody", "a\r\n \r\nb", "é"):
        with pytest.raises(ComposeError):
            compose(replace(LETTER, subject=subject))


def test_a_text_with_the_boundary_in_it_is_refused() -> None:
    boundary = parsed(LETTER).get_boundary()
    with pytest.raises(ComposeError, match="boundary"):
        compose(replace(LETTER, text=f"--{boundary}--\n"))


anything = st.text(st.characters(codec=None), max_size=300) | st.text(
    alphabet='\r\n\t :<>@",;=?\\\0\u2028éж\U0001f600A', max_size=80
)


@settings(max_examples=400, deadline=None)
@given(anything, anything, anything, anything, st.lists(anything, max_size=3))
def test_random_text_adds_nothing(name: str, subject: str, text: str, file: str, ids: list[str]) -> None:
    attachments = (Attachment(file, file, "file", 1, "", text.encode("utf-8", "replace")),) if file else ()
    letter = replace(
        LETTER,
        to_name=name,
        subject=subject,
        text=text,
        html=text,
        in_reply_to=tuple(ids),
        references=(OWN_ID, *ids),
        attachments=attachments,
    )
    assert faults_of(compose(letter), sender=DESK, recipient=BOB) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_random_addresses_are_one_recipient_or_refused(address: str) -> None:
    letter = replace(LETTER, to_address=f"{address}@x.example", date=datetime(2026, 1, 1, tzinfo=UTC))
    try:
        octets = compose(letter)
    except ComposeError:
        return
    assert faults_of(octets, sender=DESK, recipient=letter.to_address) == []
