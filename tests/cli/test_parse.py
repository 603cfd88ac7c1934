"""``maildesk mail parse``: a line a file, whatever the files hold, without a database and without settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from maildesk.cli.parse import guarded, lines
from maildesk.desk.token import Signer
from maildesk.read.classify import Kind
from tests.cli.conftest import Story, maildesk
from tests.rig.letters import complaint, delivery_report, letter, receipt

KEYS = [
    "path", "error", "from", "from_name", "to", "cc", "subject", "date", "message_id", "in_reply_to", "references",
    "kind", "reason", "text", "reply", "attachments", "contact", "faults",
]  # fmt: skip
CONTACT = {"name", "organisation", "contract", "email", "phone", "documentation"}
REAL = Path(__file__).parents[2].parent / "shared" / "mails"
ATTACHED = b"""\
--b\r
\r
Please look.\r
\r
Organisation: Acme Ltd\r
\r
> What is it?\r
--b\r
Content-Type: image/png; name="../../screen.png"\r
Content-Disposition: attachment; filename="../../screen.png"\r
Content-Transfer-Encoding: base64\r
\r
AAECAwQ=\r
--b--\r
"""


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with no settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILDESK_SETTINGS", raising=False)


def file(name: str, octets: bytes) -> Path:
    path = Path.cwd() / name
    path.write_bytes(octets)
    return path


def test_all_that_is_read_from_a_mail() -> None:
    fields = {
        "Return-Path": "<bob@acme.test>",
        "In-Reply-To": "<a@acme.test>",
        "References": "<b@acme.test> <a@acme.test>",
        "Cc": "Eve <eve@acme.test>",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/mixed; boundary="b"',
    }
    path = file("a.eml", letter(body=ATTACHED, fields=fields, message_id="<c@acme.test>"))
    (line,) = maildesk("mail", "parse", path, "--json").lines
    assert list(line) == KEYS
    assert line | {"text": "", "reply": "", "contact": {}} == {
        "path": str(path),
        "error": "",
        "from": "bob@acme.test",
        "from_name": "Bob Smith",
        "to": ["support@desk.test"],
        "cc": ["eve@acme.test"],
        "subject": "Printer",
        "date": "2026-11-23T09:00:00+00:00",
        "message_id": "c@acme.test",
        "in_reply_to": ["a@acme.test"],
        "references": ["b@acme.test", "a@acme.test"],
        "kind": "request",
        "reason": "no mark of a robot",
        "text": "",
        "reply": "",
        "attachments": [{"name": "screen.png", "content_type": "image/png", "kind": "file", "size": 5}],
        "contact": {},
        "faults": [],
    }
    assert "What is it?" in line["text"]
    assert line["reply"] == "Please look.\n\nOrganisation: Acme Ltd"
    assert set(line["contact"]) == CONTACT
    assert (line["contact"]["organisation"], line["contact"]["documentation"]) == ("Acme Ltd", ["screen.png"])


def test_files_that_cannot_be_read_are_lines_too() -> None:
    good, secret = file("good.eml", letter()), file("secret.eml", letter())
    Path("folder").mkdir()
    Path("loop").symlink_to("loop")
    secret.chmod(0)
    ran = maildesk("mail", "parse", "absent.eml", "folder", "loop", secret, good, "--json")
    assert ran.code == 0
    assert all(list(line) == KEYS for line in ran.lines)
    errors = [line["error"] for line in ran.lines]
    assert errors[:2] == ["No such file or directory", "Is a directory"]
    assert "symbolic links" in errors[2]
    assert errors[3] == ("" if os.geteuid() == 0 else "Permission denied")
    assert errors[4] == ""
    assert set(ran.lines[0]["contact"]) == CONTACT
    assert (ran.lines[0]["kind"], ran.lines[0]["attachments"], ran.lines[0]["date"]) == ("", [], "")


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maildesk.cli.parse.MOST_OCTETS", 10)
    (line,) = maildesk("mail", "parse", file("large.eml", letter()), "--json").lines
    assert line["error"] == "is larger than 10 octets"


def test_a_fault_of_reading_costs_no_other_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maildesk.cli.parse.read_contact", lambda *_: 1 // 0)
    first, second = maildesk("mail", "parse", file("a", letter()), file("b", letter()), "--json").lines
    assert first["error"] == second["error"] == "cannot be read: ZeroDivisionError"


def test_files_are_read_one_after_the_other() -> None:
    """The first line is there before the second file is touched."""
    found = lines((str(file("a", letter())), "later"), Signer("support@desk.test", {}))
    assert next(found)["error"] == ""
    file("later", letter())
    assert next(found)["error"] == ""


def test_standard_input() -> None:
    (line,) = maildesk("mail", "parse", "-", "--json", input=letter(subject="from a pipe")).lines
    assert (line["path"], line["subject"]) == ("-", "from a pipe")


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        ("request", letter()),
        ("empty", letter("")),
        ("auto-generated", letter(fields={"Auto-Submitted": "auto-generated"})),
        ("auto-generated", letter(fields={"Return-Path": "<>"})),
        ("request", letter(fields={"Received": "from x by y; Mon, 23 Nov 2026 09:00:00 +0000", "Return-Path": "<>"})),
        ("list", letter(fields={"List-Id": "<x.acme.test>"})),
        ("auto-reply", letter(fields={"Auto-Submitted": "auto-replied"})),
        ("bounce", delivery_report(letter(), "bob@acme.test")),
        ("receipt", receipt(letter(), "bob@acme.test")),
        ("feedback", complaint(letter(), "bob@acme.test")),
        ("loop", letter(fields={"X-Loop": "support@example.com"})),
    ],
)
def test_kinds(kind: str, octets: bytes) -> None:
    head, _, body = octets.partition(b"From: ")
    returned = next((f"{line}\r\n".encode() for line in octets.decode().split("\r\n") if "Received:" in line), b"")
    (line,) = maildesk("mail", "parse", file("a.eml", returned + head + b"From: " + body), "--json").lines
    assert (line["kind"], line["error"]) == (kind, "")
    assert line["reason"]


def test_our_own_mail_is_known_by_the_keys_of_the_desk(story: Story) -> None:
    path = file("own.eml", story.desk.outbox()[0].octets)
    (line,) = story.run("mail", "parse", path, "--json").lines
    assert line["kind"] == "own"
    assert maildesk("mail", "parse", path, "--json").lines[0]["kind"] != "own"


def test_a_database_that_cannot_be_asked_is_no_hindrance(story: Story) -> None:
    Path(str(story.desk.database.url.database)).write_bytes(b"this is no database" * 100)
    ran = story.run("mail", "parse", file("a.eml", letter()), "--json")
    assert (ran.code, ran.lines[0]["kind"]) == (0, "request")
    assert "our own mail will not be known" in ran.err


def test_nothing_is_made_by_reading() -> None:
    maildesk("mail", "parse", file("a.eml", letter()), "--json")
    assert [path.name for path in Path.cwd().iterdir()] == ["a.eml"]


def test_a_summary_for_people() -> None:
    ran = maildesk("mail", "parse", file("a.eml", letter()), "absent.eml")
    assert ran.code == 0
    assert "a.eml: request, no mark of a robot\n" in ran.out
    assert "  From          Bob Smith <bob@acme.test>\n" in ran.out
    assert "  | The printer is on fire.\n" in ran.out
    assert ran.out.endswith("absent.eml: No such file or directory\n")


@pytest.mark.parametrize("alphabet", ["ascii", "latin-1", "utf-8"])
def test_names_and_texts_beyond_the_terminals_alphabet(alphabet: str) -> None:
    name = os.fsdecode(b"bad\xff.eml")
    file(name, letter("\u20ac and \U0001f600", subject="=?utf-8?q?=E2=82=AC?="))
    environment = {**os.environ, "PYTHONIOENCODING": alphabet}
    for more in ([], ["--json"]):
        command = [sys.executable, "-m", "maildesk", "mail", "parse", name, *more]
        ran = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert b"bad" in ran.stdout


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.binary(max_size=600), strategies.sampled_from(["", "Content-Type: multipart/mixed; boundary=b\r\n"]))
def test_no_octets_raise(noise: bytes, head: str) -> None:
    line = guarded("x", b"From: a@b.test\r\n" + head.encode() + noise, Signer("support@desk.test", {}))
    assert line["error"] == ""
    assert line["kind"] in set(Kind)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real mails are not here (../shared/mails)")
def test_real_mails_are_each_a_line() -> None:
    files = sorted(path for path in (REAL / "mails").rglob("*") if path.is_file())[::5]
    ran = maildesk("mail", "parse", *files, "--json")
    assert [line["path"] for line in ran.lines] == [str(path) for path in files]
    assert [line["path"] for line in ran.lines if line["error"] or line["kind"] not in set(Kind)] == []
