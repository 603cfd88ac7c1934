"""A backup taken while the desk works, restored: it goes on from there, and all data agree [promise 21].

The commands are those of docs/running.md.
"""

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from maildesk.checks import prove
from maildesk.store.schema import inbound, outbox, ticket
from tests.rig.daemon import Customers, DaemonUnderTest, daemon_under_test, mails_of
from tests.rig.ports import wait_until
from tests.rig.relay import Relay
from tests.rig.skip import POSTGRES_PROGRAMS

if TYPE_CHECKING:
    from tests.rig.postgres import Postgres

MAILS, BEFORE = 60, 15


def test_sqlite(embedded: DaemonUnderTest, relay: Relay, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "desk.db"

    def back_up() -> str:
        copy.parent.mkdir()
        with closing(sqlite3.connect(make_url(embedded.url).database or "")) as connection:
            connection.execute(f"VACUUM INTO '{copy}'")
        return f"sqlite:///{copy}"

    take_and_restore(embedded, relay, tmp_path, back_up)


@pytest.mark.real
def test_postgresql(postgres: "Postgres", relay: Relay, tmp_path: Path) -> None:
    dump = tmp_path / "desk.dump"

    def back_up() -> str:
        run("pg_dump", "--format=custom", f"--file={dump}", *connection_of(url))
        fresh: str = postgres.fresh_database()
        run("pg_restore", "--no-owner", *connection_of(fresh), str(dump))
        return fresh

    url: str = postgres.fresh_database()
    with daemon_under_test(tmp_path, url, relay.port) as desk:
        take_and_restore(desk, relay, tmp_path, back_up)


def take_and_restore(desk: DaemonUnderTest, relay: Relay, folder: Path, back_up: Callable[[], str]) -> None:
    desk.start()
    customers = Customers(desk.port, mails_of(MAILS), connections=4)
    wait_until(lambda: desk.count(ticket) >= BEFORE, "no tickets", 60)
    url = back_up()
    desk.wait_until_quiet([customers])
    desk.kill()
    (folder / "restored").mkdir()
    with daemon_under_test(folder / "restored", url, relay.port) as restored:
        restored.start()
        restored.wait_until_quiet()
        assert BEFORE <= restored.count(ticket) <= MAILS
        assert list(prove(restored.database)) == []
        kept = {row.message_id: row.ticket for row in restored.rows(select(inbound))}
        assert None not in kept.values()
        acknowledged = [row.ticket for row in restored.rows(select(outbox).where(outbox.c.notice == "acknowledgement"))]
        assert sorted(acknowledged) == sorted(kept.values())


def run(name: str, *arguments: str) -> None:
    subprocess.run([str(POSTGRES_PROGRAMS / name), *arguments], check=True, timeout=60, capture_output=True)


def connection_of(url: str) -> list[str]:
    parts = make_url(url)
    return [f"--host={parts.query['host']}", f"--username={parts.username}", f"--dbname={parts.database}"]
