"""``maildesk check --border``: a border is believed after it was seen to remove a forged field; nothing is sent."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from maildesk.cli.check_border import try_border
from maildesk.settings import load
from maildesk.settings.model import Settings
from maildesk.store import bookmarks
from maildesk.store.database import Database
from tests.rig.desk import Clock, DeskUnderTest
from tests.rig.letters import letter

MX = "mx.firm.test"
RESULTS = f"{MX}; dmarc=none header.from=elsewhere.test"


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    database = Database(url)
    database.upgrade()
    database.close()
    made = DeskUnderTest(tmp_path, url, Clock(), {"trust": {"border": MX}})
    yield made
    made.close()


def tried(desk: DeskUnderTest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[bool, str]:
    holds = try_border(load(tmp_path / "settings.yaml"))
    return holds, capsys.readouterr().out


def seen(desk: DeskUnderTest) -> str:
    with desk.reading() as transaction:
        return bookmarks.get(transaction, bookmarks.border(MX))


def mail(code: str, results: list[str]) -> bytes:
    fields = {"Authentication-Results": results, "X-Maildesk-Border": code}
    return letter(sender="ops@elsewhere.test", subject=f"border {code}", fields=fields)


def test_it_says_what_to_send_and_then_looks_for_it(
    desk: DeskUnderTest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    holds, out = tried(desk, tmp_path, capsys)
    assert not holds
    assert "FAULT: border mx.firm.test: no mail has tried it yet" in out
    code = re.findall(r"X-Maildesk-Border: ([a-z2-7]{16})", out)[0]
    assert f"Authentication-Results: {MX}; dmarc=pass header.from=forged-{code}.invalid" in out
    assert tried(desk, tmp_path, capsys) == (False, out), "the code stays the same"
    before = len(desk.outbox())
    desk.receive(mail(code, [RESULTS]), source="imap", uid=1)
    sent = len(desk.outbox())
    assert sent > before, "the desk answers it as any mail"
    holds, out = tried(desk, tmp_path, capsys)
    assert (holds, "removed the forged" in out, len(desk.outbox())) == (True, True, sent)
    assert seen(desk)
    desk.receive(mail(code, [RESULTS, f"{MX}; dmarc=pass header.from=forged-{code}.invalid"]), source="imap", uid=2)
    holds, out = tried(desk, tmp_path, capsys)
    assert (holds, "still in it" in out, seen(desk)) == (False, True, "")


def test_without_a_border_it_says_what_that_means(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.yaml").write_text(yaml.safe_dump({"database": "sqlite:///none.db"}))
    settings: Settings = load(tmp_path / "s.yaml")
    assert try_border(settings)
    assert "whoever has seen a notice can answer as its reader" in capsys.readouterr().out
    assert not (tmp_path / "none.db").exists()
