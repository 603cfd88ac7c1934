"""A director approves or refuses service credits by answering the statement [Procedure 10]."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.rig.books import DORA, Books, late
from tests.rig.desk import End, Sent
from tests.rig.history import at
from tests.rig.letters import answer

BORDER = {"trust": {"border": "mx.firm.test", "border_stated": True}}
PASS = {
    "Authentication-Results": "mx.firm.test; dmarc=pass header.from=firm.test",
    "Received": "from client by mx.firm.test",
}


@pytest.fixture(params=[{}, BORDER], ids=["no border", "border"])
def books(request: pytest.FixtureRequest, fresh_url: Callable[[], str], tmp_path: Path) -> Any:
    made = Books(tmp_path / "books", fresh_url(), request.param)
    made.ticket(late("03-02 09:00", "03-03 12:30"))
    made.turn("04-01 08:00")
    made.desk.clock.now = at("04-01 09:00")
    made.border = bool(request.param)  # type: ignore[attr-defined]
    yield made
    made.desk.close()


def reply(books: Books, text: str, *, sender: str = f"Dora <{DORA}>", passed: bool = False, **fields: str) -> End:
    sent = books.mails()[-1]
    octets = answer(sent.octets, text, sender=sender, fields={**(PASS if passed else {}), **fields})
    octets = octets.replace(b"Mon, 23 Nov 2026 09:00:00 +0000", b"Wed, 01 Apr 2026 09:00:00 +0000")
    return books.desk.receive(octets, trusted=True)


def state(books: Books) -> str:
    return books.shown("2026-03")["C-17"].state


def confirm(books: Books, asked: End) -> End:
    sent: Sent = next(sent for sent in asked.sent if sent.notice == "confirmation")
    code = sent.text.partition("confirm ")[2].split()[0]
    octets = answer(sent.octets, f"confirm {code}", sender=f"Dora <{DORA}>", quote=False)
    return books.desk.receive(octets, trusted=True)


def test_approved_by_reply_with_the_borders_pass_or_after_a_code(books: Any) -> None:
    end = reply(books, "approve", passed=True)
    if books.border:
        assert end.told == {("transcript", DORA)}
    else:
        assert (end.told, state(books)) == ({("confirmation", DORA)}, "proposed")
        confirm(books, end)
    assert state(books) == "approved"


def test_refused_with_a_reason(books: Any) -> None:
    end = reply(books, "refuse: we agreed otherwise", passed=True)
    if not books.border:
        confirm(books, end)
    assert state(books) == "refused"


@pytest.mark.parametrize("text", ["refuse", "Approved, thanks!", "> approve", "I do not approve"])
def test_anything_else_decides_nothing_and_is_said_so(books: Any, text: str) -> None:
    end = reply(books, text, passed=True)
    assert (end.told, state(books)) == ({("transcript", DORA)}, "proposed")
    assert "decides nothing" in end.sent[0].text


def test_others_robots_and_forgers_decide_nothing(books: Any) -> None:
    reply(books, "approve", passed=True, **{"Auto-Submitted": "auto-replied"})
    reply(books, "approve", sender="Ann <ann@firm.test>", passed=True)
    reply(books, "approve", sender="Eve <eve@evil.test>", passed=True)
    end = reply(books, "approve")  # in her name, without a pass
    assert end.told == {("confirmation", DORA)}
    assert state(books) == "proposed"
