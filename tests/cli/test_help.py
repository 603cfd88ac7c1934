"""``maildesk --help`` answers at once, and every command explains itself."""

import resource
import subprocess
import sys

import pytest

from maildesk.cli import COMMANDS
from tests.cli.conftest import maildesk

MOST_SECONDS = 0.15
SLOW = ("sqlalchemy", "pydantic", "alembic", "jinja2", "lxml", "yaml", "mailparser", "structlog", "aiosmtpd")


def test_nothing_slow_is_imported_for_the_overview() -> None:
    program = f"import sys, maildesk.cli; print(sorted(set({SLOW!r}) & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_overview_is_there_at_once() -> None:
    """The processor's seconds, since other tests run beside this one; the best of five."""
    command = [sys.executable, "-m", "maildesk", "--help"]

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, capture_output=True, timeout=60, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < MOST_SECONDS


def test_the_overview_names_every_command() -> None:
    out = maildesk("--help").out
    assert all(f"\n  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        "check", "ticket", "ticket list", "ticket show", "mail", "mail list", "mail show", "mail explain", "mail retry",
        "mail parse", "outbox", "outbox list", "outbox show", "outbox retry", "db upgrade", "run",
    ],
)  # fmt: skip
def test_each_command_explains_itself(words: str) -> None:
    ran = maildesk(*words.split(), "--help")
    assert (ran.code, ran.out.startswith("Usage:")) == (0, True)


@pytest.mark.parametrize(
    "words", ["nothing", "ticket nothing", "mail show x", "mail list --state x", "ticket list --limit 0"]
)
def test_a_wrong_command_line(words: str) -> None:
    assert maildesk(*words.split()).code == 2
