"""The share of real replies, collected elsewhere, from which the writer's own text is read as their sources expect."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from maildesk.read.parse import read_mail
from maildesk.read.reply import new_text

MAILS = Path(__file__).resolve().parents[2].parent / "shared" / "mails"
WANTED_SHARE = 0.9
HEADER = b"From: pat@sender.test\nMIME-Version: 1.0\nContent-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"

pytestmark = pytest.mark.skipif(
    not (MAILS / "expectations.jsonl").exists(), reason=f"no folder of real mail at {MAILS}"
)


def words(text: str) -> str:
    return " ".join(re.sub(r"[\u200b\ufeff\u00a0\u202f]", " ", text).split())


def reply_of(expectation: dict[str, Any]) -> str:
    octets = (MAILS / expectation["path"]).read_bytes()
    if expectation["kind"] == "body":
        octets = HEADER % expectation.get("format", "plain").encode() + octets
    mail = read_mail(octets)
    return new_text(mail.text, mail.html)


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
