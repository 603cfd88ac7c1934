"""The share of real replies, collected elsewhere, from which the writer's own text is read as their sources expect."""

import email
import json
import re
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from maildesk.read.reply import new_text

MAILS = Path(__file__).resolve().parents[2].parent / "shared" / "mails"
WANTED_SHARE = 0.9

pytestmark = pytest.mark.skipif(
    not (MAILS / "expectations.jsonl").exists(), reason=f"no folder of real mail at {MAILS}"
)


def words(text: str) -> str:
    return " ".join(re.sub(r"[\u200b\ufeff\u00a0\u202f]", " ", text).split())


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body else ""


def reply_of(expectation: dict[str, Any]) -> str:
    octets = (MAILS / expectation["path"]).read_bytes()
    if expectation["kind"] == "body":
        text = octets.decode("utf-8", "replace")
        return new_text("", text) if expectation.get("format") == "html" else new_text(text)
    message = email.message_from_bytes(octets, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return new_text(part(message, "plain"), part(message, "html"))


def test_replies_of_other_suites() -> None:
    expectations = [
        json.loads(line) for line in (MAILS / "expectations.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    judged = [expectation for expectation in expectations if expectation.get("reply_text") is not None]
    missed = [each["id"] for each in judged if not agrees(reply_of(each), each)]
    assert len(judged) > 50
    assert 1 - len(missed) / len(judged) >= WANTED_SHARE, missed


def agrees(reply: str, expectation: dict[str, Any]) -> bool:
    got, wanted = words(reply), words(expectation["reply_text"])
    return got.startswith(wanted) if expectation.get("reply_match") == "starts_with_words" else got == wanted
