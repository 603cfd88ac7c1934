"""Kinds and reports of real mail.  The folder is not part of the project: without it these checks are left out."""

import json
from pathlib import Path

import pytest

from maildesk.read.classify import Kind, Verdict, classify
from maildesk.read.parse import read_mail
from maildesk.read.report import read_report
from tests.rig.facts import envelope_of

ROOT = Path(__file__).resolve().parents[2]
REAL_MAIL = ROOT.parent / "shared" / "mails"
MOST_SLIPS = 0.05  # of the mail that must not be answered, where nothing is known of its envelope
LEAST_RECIPIENTS = 0.9  # of the bounces whose recipients are known
A_PERSONS_PATH = "someone@sender.example"

pytestmark = pytest.mark.skipif(
    not (REAL_MAIL / "expectations.jsonl").exists(), reason="the folder of real mail, ../shared/mails, is not here"
)


def expected(answer):
    lines = (REAL_MAIL / "expectations.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row.get("auto_reply") == answer]


def judged(row, reverse_path) -> Verdict:
    mail = read_mail((REAL_MAIL / row["path"]).read_bytes())
    return classify(mail, envelope_of(reverse_path), own=False, desk="support@desk.example")


def test_no_bounce_robot_or_list_is_answered_where_the_envelope_is_known():
    rows = expected("must_not")
    paths = {"bounce": ""}  # RFC 5321 §4.5.5; nothing is known of the others' envelopes
    answered = [row["path"] for row in rows if judged(row, paths.get(row["class"], A_PERSONS_PATH)).kind.answered]
    assert rows
    assert not answered


def test_hardly_one_slips_where_the_envelope_is_unknown():
    rows = expected("must_not")
    slips = [row["path"] for row in rows if judged(row, None).kind.answered]
    assert len(slips) <= MOST_SLIPS * len(rows), slips


@pytest.mark.parametrize("reverse_path", [A_PERSONS_PATH, None])
def test_every_person_is_answered(reverse_path):
    rows = expected("must")
    verdicts = {row["path"]: judged(row, reverse_path) for row in rows}
    assert rows
    assert not {path: verdict for path, verdict in verdicts.items() if not verdict.kind.answered}


def test_no_persons_mail_becomes_a_report():
    kinds = {row["path"]: judged(row, A_PERSONS_PATH).kind for row in expected("may") if row["kind"] == "mail"}
    assert kinds
    assert not {
        path for path, kind in kinds.items() if kind in (Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK, Kind.AUTO_REPLY)
    }


def test_the_recipients_of_a_bounce_are_found():
    rows = [row for row in expected("must_not") if row.get("bounced_recipients")]
    missed = [row["path"] for row in rows if not named(row) >= {it.lower() for it in row["bounced_recipients"]}]
    assert len(missed) <= (1 - LEAST_RECIPIENTS) * len(rows), missed


def named(row):
    report = read_report(read_mail((REAL_MAIL / row["path"]).read_bytes()))
    return {address.lower() for found in report.recipients for address in found.addresses} if report else set()
