"""Each crash happens on SQLite and on PostgreSQL, in the real daemon with a relay that hears everything."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rig.relay import Relay

pytest.register_assert_rewrite("tests.rig.daemon")  # it counts for all tests here: say what was wrong

from tests.rig.daemon import DaemonUnderTest, daemon_under_test  # noqa: E402 - rewritten as it is imported


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of one engine after the other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'desk.db'}"
    server: Any = request.getfixturevalue("postgres")
    return str(server.fresh_database())


@pytest.fixture
def relay() -> Iterator[Relay]:
    """Where the desk sends to."""
    with Relay() as running:
        yield running


@pytest.fixture
def daemon(tmp_path: Path, url: str, relay: Relay) -> Iterator[DaemonUnderTest]:
    """A desk, not started yet."""
    with daemon_under_test(tmp_path, url, relay.port) as made:
        yield made


@pytest.fixture
def embedded(tmp_path: Path, relay: Relay) -> Iterator[DaemonUnderTest]:
    """The same on SQLite only."""
    with daemon_under_test(tmp_path, f"sqlite:///{tmp_path / 'desk.db'}", relay.port) as made:
        yield made
