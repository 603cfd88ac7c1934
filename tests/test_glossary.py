"""docs/glossary.md names every kind, event, notice and state that there is, and none that is not."""

import pytest

from maildesk.cli.mail import STATES as MAIL_STATES
from maildesk.cli.outbox import command as outbox_command
from maildesk.desk.course import Status
from maildesk.desk.events import KINDS
from maildesk.read.classify import Kind
from maildesk.send.outcome import State
from maildesk.write.samples import SAMPLES
from tests.rig.pages import page, rows

SECTIONS = dict(
    part.split("\n", 1) for part in page("docs/glossary.md").split("\n## ")[1:]
)  # a heading and what stands below it


def named(section: str) -> list[str]:
    """The names in the first column of a section's table."""
    return [row[0].strip("`") for row in rows(SECTIONS[section]) if row[0].startswith("`")]


def outbox_states() -> list[str]:
    (option,) = [option for option in outbox_command.commands["list"].params if option.name == "state"]
    return list(option.type.choices)


@pytest.mark.parametrize(
    ("section", "there"),
    [
        ("Kinds of mail", [str(kind) for kind in Kind]),
        ("Events", list(KINDS)),
        ("Notices", list(SAMPLES)),
        ("States of a mail that came in", list(MAIL_STATES)),
        ("States of a mail of ours", outbox_states()),
        ("States of a ticket", [str(state) for state in Status]),
        ("What came of an attempt", [str(state) for state in State]),
    ],
)
def test_each_name_stands_there_once(section: str, there: list[str]) -> None:
    assert sorted(named(section)) == sorted(there)


@pytest.mark.parametrize("kind", Kind)
def test_what_becomes_of_a_kind(kind: Kind) -> None:
    (row,) = [row for row in rows(SECTIONS["Kinds of mail"]) if row[0] == f"`{kind}`"]
    assert row[1:] == ["yes" if holds else "no" for holds in (kind.joins, kind.opens, kind.answered)]


def test_words_are_explained_once() -> None:
    words = [row[0] for row in rows(SECTIONS["Words"])]
    assert len(words) == len(set(words))
