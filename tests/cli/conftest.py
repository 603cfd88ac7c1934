"""The commands on a desk with a history: run as a user does, through the group, with the desk's own settings file."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from maildesk.cli import main
from maildesk.store.database import Database
from tests.rig.desk import NOW, Clock, DeskUnderTest, Post
from tests.rig.letters import DESK, answer, delivery_report, letter

ROBOT = {"Auto-Submitted": "auto-generated"}
VACATION = {"Auto-Submitted": "auto-replied"}


class Ran:
    """What a command did."""

    def __init__(self, result: Result) -> None:
        self.code, self.octets = result.exit_code, result.stdout_bytes
        self.out, self.err = result.stdout, result.stderr
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception

    @property
    def lines(self) -> list[Any]:
        """The JSON of each line."""
        return [json.loads(line) for line in self.out.splitlines()]


def maildesk(*words: object, **more: Any) -> Ran:
    """Run the command line."""
    return Ran(CliRunner().invoke(main, [str(word) for word in words], **more))


@dataclass(frozen=True)
class Story:
    """A desk on which a good deal has happened, and how to ask it."""

    desk: DeskUnderTest
    settings: Path

    def run(self, *words: object, **more: Any) -> Ran:
        return maildesk(*words, "--settings", self.settings, **more)


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the current schema, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "desk.db"
    database = Database(f"sqlite:///{file}")
    database.upgrade()
    database.close()
    return file


@pytest.fixture
def sqlite_url(_migrated: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(_migrated, tmp_path / 'desk.db')}"


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[[str], Story]]:
    """``begin(url)``: a desk of this database, with nothing in it yet."""
    stories: list[Story] = []

    def made(url: str) -> Story:
        desk = DeskUnderTest(tmp_path / "desk", url, Clock(NOW))
        stories.append(Story(desk, tmp_path / "desk" / "settings.yaml"))
        return stories[-1]

    yield made
    for story in stories:
        story.desk.close()


@pytest.fixture
def empty(begin: Callable[[str], Story], sqlite_url: str) -> Story:
    return begin(sqlite_url)


@pytest.fixture
def story(empty: Story) -> Story:
    return told(empty)


def told(story: Story) -> Story:
    """Mail 1 opens D-1001, 2 is its copy, 3 and 4 join it, 5 is a robot's D-1002, 6 is kept, 7 is held, 8 is a bounce."""
    desk = story.desk
    first = letter("The printer is on fire.\n\nPhone: 020 7946 0000", message_id="<first@acme.test>")
    (acknowledgement,) = desk.receive(first).to("bob@acme.test")
    desk.receive(first)
    desk.receive(answer(acknowledgement.octets, "It still burns.\n\nContract: C-17"))
    (notice,) = desk.outbox("new-ticket", to="ann@firm.test")
    desk.receive(answer(notice.octets, "note: I am on my way.", sender="Ann <ann@firm.test>"))
    desk.receive(letter("Disk 3 is full.", sender="monitor@acme.test", subject="Disk 3", fields=ROBOT))
    desk.receive(letter("I am away.", sender="eve@acme.test", subject="Away", fields=VACATION))
    desk.receive(letter("I am the desk.", sender=DESK))
    desk.deliver_all(Post())
    desk.receive(
        delivery_report(acknowledgement.octets, "bob@acme.test"), path="", to=[acknowledgement.row.reverse_path]
    )
    return story
