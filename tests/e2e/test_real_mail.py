"""Every real mail through the running desk: each is taken and done or held, people are answered once, robots never.

The mail has licences of its own and is no part of the project; where the folder is absent this is left out.
"""

import json
import smtplib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from maildesk.checks import prove
from maildesk.store.schema import inbound, outbox
from tests.e2e.test_hostile import say
from tests.rig.daemon import daemon_under_test
from tests.rig.letters import DESK
from tests.rig.ports import HOST
from tests.rig.relay import Relay
from tests.rig.wellformed import faults_of

MAILS = Path(__file__).resolve().parents[2].parent / "shared" / "mails"
A_PERSONS_PATH = "someone@sender.example"

pytestmark = pytest.mark.skipif(
    not (MAILS / "expectations.jsonl").is_file(), reason="the real mail is not here (../shared/mails)"
)


def test_every_real_mail_is_taken_and_only_people_are_answered(tmp_path: Path) -> None:
    lines = (MAILS / "expectations.jsonl").read_text("utf-8").splitlines()
    expected = [json.loads(line) for line in lines]
    with Relay() as relay, daemon_under_test(tmp_path, f"sqlite:///{tmp_path / 'desk.db'}", relay.port) as desk:
        desk.start(hasty=False)
        with smtplib.SMTP(HOST, desk.port, timeout=60) as server:
            server.ehlo("client.test")
            answers = {row["path"]: say(server, path_of(row), (MAILS / row["path"]).read_bytes()) for row in expected}
        desk.wait_until_quiet()

        assert {path: code for path, code in answers.items() if code != 250} == {}
        kept = desk.rows(select(inbound).order_by(inbound.c.id))
        assert len(kept) == len(expected) > 100
        states = {row["path"]: mail.state for row, mail in zip(expected, kept, strict=True)}
        assert set(states.values()) <= {"done", "held"}
        assert all(mail.reason for mail in kept)
        assert misanswered(expected, kept, acknowledgements(desk.rows(select(outbox)))) == {}
        faults = [f for mail in relay.mails for f in faults_of(mail.octets, sender=DESK, recipient=mail.recipients[0])]
        assert faults == []
        assert list(prove(desk.database)) == []
        assert desk.running


def path_of(row: dict[str, Any]) -> str:
    """Nothing is known of the envelopes, but that bounces have the null path (RFC 5321 §4.5.5)."""
    return "" if row.get("class") == "bounce" else A_PERSONS_PATH


def acknowledgements(rows: list[Any]) -> dict[int, list[str]]:
    """Who was told a number, by the mail that caused it."""
    found = defaultdict(list)
    for row in rows:
        if row.notice == "acknowledgement":
            found[row.inbound].append(row.recipient)
    return found


def misanswered(expected: list[dict[str, Any]], kept: list[Any], answers: dict[int, list[str]]) -> dict[str, Any]:
    """The mails whose senders were not told what they must be, or were told though they must not."""
    wanted = {"must": {1}, "must_not": {0}}
    return {
        row["path"]: (row["auto_reply"], mail.kind, mail.reason, answers[mail.id])
        for row, mail in zip(expected, kept, strict=True)
        if len(answers[mail.id]) not in wanted.get(row.get("auto_reply", ""), {0, 1})
    }
