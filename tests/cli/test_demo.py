"""`maildesk demo`: the real daemon plays its story, says each mail, and leaves a Maildir that mutt opens."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from maildesk.demo import BEGINS, StoryClock
from maildesk.read.parse import read_mail
from tests.rig.desk import NOW
from tests.rig.ports import wait_until

MAILDESK = Path(sys.executable).with_name("maildesk")
MOST_SECONDS = 20
STORY = (  # what must be told, in this order
    "request from dana@harbour-hotels.example",
    "opened CB-1001",
    "acknowledgement to dana@harbour-hotels.example",
    "Work on your ticket begins Tue 10 Mar 2026, 08:00 GMT",
    "HH-2201",  # her contract is on the register: she may see what we know
    "new-ticket to priya@capitalbytes.example",
    "management is told at once",
    "ladder to priya@capitalbytes.example",
    "The desk this morning: 1 open, 0 waiting, 0 late",
    "request from marek@novak-books.example",
    "opened CB-1002",
    "Our support team is at work",
    "Your organisation:",
    "auto-reply from marek@novak-books.example",
    "joined CB-1002",
    "Nobody is sent anything.",
    "request from marek@novak-books.example",
    "it came to our signed reply address",
    "joined to priya@capitalbytes.example",
    "invoices-february.csv",
    "New in this mail:",
    "+420 222 555 017",
    "P1 not solved after 2 hours",
    "(a copy of mail 4)",
    "Nobody is sent anything.",
    "request from priya@capitalbytes.example",
    "answered the customer on CB-1001",
    "answer to dana@harbour-hotels.example",
    "6 mails came in, 9 went out.",
)


def demo(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(MAILDESK), "demo", *map(str, words)], capture_output=True, text=True, timeout=90, check=False
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, float]:
    """What the demonstration said, its folder, and how many seconds it took."""
    folder = tmp_path_factory.mktemp("demo") / "here"
    begun = time.monotonic()
    found = demo("--keep", folder)
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout, folder, time.monotonic() - begun


def test_the_story_is_told_in_order(played: tuple[str, Path, float]) -> None:
    said, at = played[0].replace("\n  | ", " "), 0  # long lines of a mail are broken
    for words in STORY:
        found = said.find(words, at)
        assert found >= 0, f"{words!r} is missing after:\n{said[:at]}"
        at = found + len(words)


def test_it_ends_soon_by_itself(played: tuple[str, Path, float]) -> None:
    assert played[2] < MOST_SECONDS * (3 if os.environ.get("PYTEST_XDIST_WORKER") else 1)  # there it shares its cores


def test_it_reads_well_on_a_small_terminal(played: tuple[str, Path, float]) -> None:
    said, folder, _ = played
    assert [line for line in said.splitlines() if len(line) > 80 and str(folder) not in line] == []
    assert "\n\n\n" not in said


def test_the_answers_lie_in_the_maildir_for_who_they_are_for(played: tuple[str, Path, float]) -> None:
    mails = [read_mail(file.read_bytes()) for file in (played[1] / "outgoing/new").iterdir()]
    told = sorted((mail.to[0].address.partition("@")[0], mail.subject) for mail in mails)
    assert [name for name, _ in told] == ["dana", "dana", "marek", *["priya"] * 6]
    assert [subject for _, subject in told if "[CB-100" not in subject] == [
        "The desk this morning: 1 open, 0 waiting, 0 late"
    ]


def test_the_commands_that_it_names_work(played: tuple[str, Path, float]) -> None:
    commands = re.findall(r"^  (.*/maildesk (?:ticket|mail) .*)$", played[0], re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        found = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
        assert (found.returncode, found.stderr) == (0, "")
        assert found.stdout


def test_what_it_leaves_agrees_with_itself(played: tuple[str, Path, float]) -> None:
    command = [str(MAILDESK), "check", "--tickets", "--settings", str(played[1] / "settings.yaml")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    found = demo("--keep", tmp_path)
    assert (found.returncode, found.stdout) == (2, "")
    assert f"{tmp_path} is not empty" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.real
def test_mutt_opens_what_it_leaves(real: Callable[..., None], played: tuple[str, Path, float], tmp_path: Path) -> None:
    """In a real terminal: the index shows each answer, and Return opens one."""
    real("mutt", "tmux")
    (command,) = re.findall(r"^  (mutt .*)$", played[0], re.MULTILINE)
    rc = tmp_path / "muttrc"
    rc.write_text("set sort=date\n")
    (tmp_path / "Mail").mkdir()  # mutt would ask whether to make it

    def tmux(*words: str) -> str:
        run = subprocess.run(
            ["tmux", "-L", f"demo{os.getpid()}", "-f", "/dev/null", *words],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
            env={**os.environ, "HOME": str(tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8"},
        )
        return run.stdout

    tmux("new-session", "-d", "-s", "m", "-x", "100", "-y", "30", f"{command} -n -F {rc}")
    try:
        wait_until(lambda: "P1 not solved" in tmux("capture-pane", "-p", "-t", "m"), "no index", 15)
        assert tmux("capture-pane", "-p", "-t", "m").count("[CB-100") == 8
        tmux("send-keys", "-t", "m", "1", "Enter", "Enter")
        wait_until(
            lambda: "From: Capital Bytes Support <support@" in tmux("capture-pane", "-p", "-t", "m"), "no mail", 15
        )
    finally:
        tmux("kill-server")


def test_the_clock_leaps_and_then_runs(tmp_path: Path) -> None:
    clock = StoryClock(tmp_path / "clock")
    clock.set(BEGINS)
    first = clock()
    assert 0 <= (first - BEGINS).total_seconds() < 60
    assert clock() >= first
    clock.set(NOW)
    assert 0 <= (clock() - NOW).total_seconds() < 60
