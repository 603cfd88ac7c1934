"""Real mail: read at least as right as mail-parser alone and the standard library alone, field by field.

The mail has licences of its own and is no part of the project; where the folder is absent this is left out.
"""

import email
import email.policy
import html
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mailparser
import pytest

from maildesk.read.parse import read_mail

MAILS = Path(__file__).resolve().parents[2].parent / "shared" / "mails"
SLOWEST = 1.0  # seconds of CPU for one file

if not (MAILS / "expectations.jsonl").is_file():
    pytest.skip("the real mail is not here (../shared/mails)", allow_module_level=True)

EXPECTATIONS = [json.loads(line) for line in (MAILS / "expectations.jsonl").read_text("utf-8").splitlines()]
Facts = dict[str, Any]


def ours(octets: bytes) -> Facts:
    mail = read_mail(octets)
    sender = mail.sender
    return {
        "from": sender.address if sender else "",
        "from_name": sender.name if sender else "",
        "subject": mail.subject,
        "message_id": mail.message_id,
        "text": mail.text,
        "attachments": [each.name for each in mail.attachments],
    }


def standard_library(octets: bytes) -> Facts:
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    people = mail["from"].addresses if mail["from"] else ()
    body = mail.get_body(("plain", "html"))
    return {
        "from": people[0].addr_spec if people else "",
        "from_name": people[0].display_name if people else "",
        "subject": str(mail["subject"] or ""),
        "message_id": str(mail["message-id"] or ""),
        "text": body.get_content() if body is not None else "",
        "attachments": [part.get_filename() or "" for part in mail.iter_attachments()] if mail.is_multipart() else [],
    }


def plain_mail_parser(octets: bytes) -> Facts:
    mail = mailparser.parse_from_bytes(octets)
    return {
        "from": mail.from_[0][1] if mail.from_ else "",
        "from_name": mail.from_[0][0] if mail.from_ else "",
        "subject": mail.subject,
        "message_id": str(mail.message_id or ""),
        "text": "\n".join(mail.text_plain or mail.text_html),
        "attachments": [each["filename"] for each in mail.attachments],
    }


def words(text: object) -> str:
    return " ".join(re.sub("[\u200b\ufeff\u00a0\u202f]", " ", str(text or "")).split())


def plain_words(text: str) -> str:
    return words(html.unescape(re.sub("<[^>]+>", " ", text)) if "<html" in text.lower() else text)


def judged(wanted: Facts, got: Facts) -> Iterator[tuple[str, bool]]:
    """Each field that the expectations speak of, and whether it is right."""
    for name in ("from", "from_name", "subject"):
        if name in wanted:
            yield name, words(got[name]).lower() == words(wanted[name]).lower()
    if "message_id" in wanted:
        yield "message_id", got["message_id"].strip("<> ") == wanted["message_id"].strip("<> ")
    if "attachments_count" in wanted:
        yield "attachments_count", len(got["attachments"]) == wanted["attachments_count"]
    if wanted.get("attachment_names"):
        yield (
            "attachment_names",
            sorted(filter(None, got["attachments"])) == sorted(filter(None, wanted["attachment_names"])),
        )
    if wanted.get("text_contains"):
        yield "text_contains", words(wanted["text_contains"]) in words(got["text"])
    if wanted.get("text_body"):
        yield "text", words(got["text"]) == plain_words(wanted["text_body"])


def score(read: Callable[[bytes], Facts]) -> dict[str, int]:
    """How many files survive, and how many of each field are right."""
    right = {"survives": 0}
    for wanted in EXPECTATIONS:
        octets = (MAILS / wanted["path"]).read_bytes()
        try:
            got = read(octets)
        except Exception:  # noqa: BLE001 - a peer may raise anything, that is what is counted
            continue
        right["survives"] += 1
        for name, is_right in judged(wanted, got) if wanted["kind"] == "mail" else ():
            right[name] = right.get(name, 0) + is_right
    return right


def test_at_least_as_right_as_the_better_of_the_peers() -> None:
    right, peers = score(ours), [score(standard_library), score(plain_mail_parser)]
    assert right["survives"] == len(EXPECTATIONS)
    better = {name: max(peer.get(name, 0) for peer in peers) for name in right}
    assert {name: count for name, count in right.items() if count < better[name]} == {}
    assert right["subject"] > 0  # something was judged at all


def test_every_file_is_read_soon_and_clean() -> None:
    for wanted in EXPECTATIONS:
        octets = (MAILS / wanted["path"]).read_bytes()
        began = time.process_time()
        mail = read_mail(octets)
        assert time.process_time() - began < SLOWEST, wanted["id"]
        assert not any("the mail cannot" in each or "text of the mail cannot" in each for each in mail.faults), wanted[
            "id"
        ]
        for text in (mail.text, mail.html, mail.subject, *(each.name for each in mail.attachments)):
            text.encode("utf-8")
            assert "\0" not in text
            assert "\r" not in text
