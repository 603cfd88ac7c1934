"""Each notice as the whole mail that it becomes, held against a golden one (`tests.rig.golden` for the wildcards)."""

from dataclasses import replace
from pathlib import Path

import pytest

from maildesk.desk.notices import Notice
from maildesk.write.compose import compose
from maildesk.write.render import DeskFacts, Renderer
from maildesk.write.samples import sample_notices
from tests.rig.golden import golden_difference
from tests.rig.wellformed import faults_of
from tests.write.letters import DESK, LETTER

GOLDEN = Path(__file__).parent / "golden"
RENDERER = Renderer(Path(__file__).parents[2] / "templates", DeskFacts("Capital Bytes Support", DESK, "0845 8627463"))
NOTICES = list(sample_notices())


def file_of(notice: Notice) -> Path:
    """``sample:new-ticket:0`` -> new-ticket-0.eml."""
    return GOLDEN / (notice.key.removeprefix("sample:").replace(":", "-") + ".eml")


def mail_of(notice: Notice) -> bytes:
    words, to = RENDERER.render(notice), notice.recipient
    return compose(
        replace(LETTER, to_name=to.name, to_address=to.address, subject=words.subject, text=words.text, html=words.html)
    )


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.key)
def test_the_mail_is_the_golden_one(notice: Notice) -> None:
    octets = mail_of(notice)
    assert faults_of(octets, sender=DESK, recipient=notice.recipient.address) == []
    difference = golden_difference(file_of(notice).read_text(encoding="ascii"), octets.decode("ascii"))
    assert difference == "", difference


def test_each_golden_mail_is_of_a_notice() -> None:
    assert set(GOLDEN.glob("*.eml")) == {file_of(notice) for notice in NOTICES}


@pytest.mark.parametrize(
    ("golden", "actual", "same"),
    [
        ("a\nb", "a\r\nb\r\n", True),
        ("a\nb", "a\nc", False),
        ("a", "a\nb", False),
        ("a\nb", "a", False),
        ("a {{x}} c", "a b c", True),
        ("a {{x}} c", "a b d", False),
        ("{{x}}\n{{x}}", "1\n1", True),
        ("{{x}}\n{{x}}", "1\n2", False),
        ("{{x}} {{x}}", "1 1", True),
        ("{{x}} {{x}}", "1 2", False),
        ("a\n*\nz", "a\nb\nc\nz", True),
        ("a\n*\nz", "a\nz", True),
        ("a\n*\nz", "a\nb", False),
        ("*", "", True),
        ("a.c", "abc", False),
    ],
)
def test_wildcards(golden: str, actual: str, same: bool) -> None:
    assert (golden_difference(golden, actual) == "") == same
