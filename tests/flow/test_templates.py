"""A broken template costs no mail: the built-in text goes out, and the operator hears of it once a day."""

import shutil
from pathlib import Path

import pytest

from maildesk.shipped import shipped
from tests.rig.desk import ANN, OPERATOR, DeskUnderTest
from tests.rig.letters import answer, letter

BOB = "bob@acme.test"
BROKEN = [
    ("acknowledgement.txt", "Hello {{ notice.nothing }}"),
    ("acknowledgement.txt", "{% if %}"),
    ("acknowledgement.html", "{{ ().__class__.__bases__[0].__subclasses__() }}"),
    ("acknowledgement.subject.txt", ""),
]


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A copy of the shipped ones, to be broken."""
    return Path(shutil.copytree(shipped("templates"), tmp_path / "templates"))


@pytest.mark.parametrize(("file", "words"), BROKEN)
def test_the_built_in_text_goes_out(desk: DeskUnderTest, templates: Path, file: str, words: str) -> None:
    (templates / file).write_text(words)
    desk.use_templates(templates)
    end = desk.receive(letter())
    (ack,) = end.to(BOB)
    assert f"It is ticket D-{end.ticket}." in ack.text
    assert str(ack.mail["Subject"]) == f"[D-{end.ticket}] Printer"
    (alert,) = end.to(OPERATOR)
    assert file.partition(".")[0] in alert.text
    assert len(end.to(ANN)) == 1


def test_one_alert_a_day(desk: DeskUnderTest, templates: Path) -> None:
    (templates / "new-ticket.txt").write_text("{{ notice.nothing }}")
    desk.use_templates(templates)
    told = []
    for hours in (0, 1, 10, 14):
        desk.clock.go_on(hours=hours)
        told.append(len(desk.receive(letter()).to(OPERATOR)))
    assert told == [1, 0, 0, 1]  # the last one on the next day
    assert len(desk.outbox("new-ticket")) == 8


def test_a_broken_alert_makes_no_alert(desk: DeskUnderTest, templates: Path) -> None:
    for name in ("alert.txt", "acknowledgement.txt"):
        (templates / name).write_text("{{ notice.nothing }}")
    desk.use_templates(templates)
    (alert,) = desk.receive(letter()).to(OPERATOR)
    assert "A mail template is broken" in alert.text


def test_every_template_broken_still_answers_everybody(desk: DeskUnderTest, templates: Path) -> None:
    for file in templates.glob("*.*"):
        file.write_text("{{ nothing }}")
    desk.use_templates(templates)
    first = desk.receive(letter())
    note = desk.receive(answer(first.to(ANN)[0].octets, "note: not for him", sender=ANN))
    assert "done: filed an internal note" in note.to(ANN)[0].text
    outsider = desk.receive(answer(first.to(BOB)[0].octets, sender="eve@evil.test"))
    assert "Your mail has reached us." in outsider.to("eve@evil.test")[0].text


def test_no_template_at_all(desk: DeskUnderTest, tmp_path: Path) -> None:
    desk.use_templates(tmp_path / "nowhere")
    assert len(desk.receive(letter()).to(BOB)) == 1
