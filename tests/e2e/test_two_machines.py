"""Two desks share the work over one PostgreSQL database: nothing twice, and one goes on when the other dies."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from maildesk.checks import prove
from maildesk.store.schema import inbound, lease, outbox, ticket
from tests.e2e.test_mailbox import mailbox_settings
from tests.rig.certificates import Certificates
from tests.rig.daemon import CONNECTIONS, Customers, daemon_under_test, mails_of, message_id_of
from tests.rig.dovecot import Dovecot
from tests.rig.letters import letter
from tests.rig.ports import wait_until
from tests.rig.relay import Relay

if TYPE_CHECKING:
    from tests.rig.daemon import DaemonUnderTest
    from tests.rig.postgres import Postgres

pytestmark = pytest.mark.real
MAILS, LATER, FETCHED = 100, 20, 10
PATIENCE = 60.0  # seconds; a dead machine's mailbox is free once its lease has ended


@pytest.fixture
def relay() -> Iterator[Relay]:
    """Where both send to."""
    with Relay() as running:
        yield running


def test_two_machines_share_the_work_and_one_survives_the_other(
    tmp_path: Path,
    postgres: "Postgres",
    dovecot: Dovecot,
    relay: Relay,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    url, user = postgres.fresh_database(), dovecot.new_user()
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    changes = mailbox_settings(tmp_path, dovecot, user)
    with (
        daemon_under_test(folders[0], url, relay.port, changes) as one,
        daemon_under_test(folders[1], url, relay.port, changes) as other,
    ):
        one.start()
        wait_until(lambda: holders(one), "it does not take the mailbox", PATIENCE)
        [first_holder] = holders(one)
        other.start()

        mails = mails_of(MAILS)
        customers = [Customers(one.port, mails), Customers(other.port, mails[::-1])]  # everybody writes to both
        fill(dovecot, user, "early")
        wait_until(lambda: len(dovecot.mails(user, "Processed")) == FETCHED, "the mailbox is not emptied", PATIENCE)
        one.wait_until_quiet(customers)
        nothing_twice(one, relay, MAILS + FETCHED)
        assert one.count(inbound) == MAILS * 2 + FETCHED
        assert holders(one) == [first_holder]

        last = Customers(one.port, mails_of(LATER, "late"), timeout=5)
        last.join()
        one.kill()
        fill(dovecot, user, "late")
        wait_until(
            lambda: len(dovecot.mails(user, "Processed")) == 2 * FETCHED, f"nobody: {other.log[-2000:]}", PATIENCE
        )
        other.wait_until_quiet([Customers(other.port, mails_of(LATER, "later"))])
        nothing_twice(other, relay, MAILS + 2 * FETCHED + 2 * LATER, repeats=CONNECTIONS)
        assert holders(other) != [first_holder]


def fill(dovecot: Dovecot, user: str, name: str) -> None:
    """Mails of as many people come into the mailbox."""
    for number in range(FETCHED):
        octets = letter(sender=f"{name}-reader{number}@acme.test", subject=f"By IMAP {number}")
        dovecot.deliver(user, b"Return-Path: <bounces@acme.test>\r\nReceived: by mx.desk.test\r\n" + octets)


def holders(desk: "DaemonUnderTest") -> list[str]:
    """Who empties the mailbox."""
    return [holder for (holder,) in desk.rows(select(lease.c.holder).where(lease.c.name.startswith("imap:")))]


def nothing_twice(desk: "DaemonUnderTest", relay: Relay, tickets: int, repeats: int = 0) -> None:
    """So many tickets with as many answers, each with its number, each sent once; ``repeats``: what was in the air."""
    states = Counter(state for (state,) in desk.rows(select(inbound.c.state)))
    assert set(states) == {"done"}, states
    numbers = [number for (number,) in desk.rows(select(ticket.c.number))]
    answers = desk.rows(select(outbox).where(outbox.c.notice == "acknowledgement"))
    assert len(numbers) == tickets
    assert sorted(row.ticket for row in answers) == sorted(numbers)
    assert len({row.recipient for row in answers}) == tickets
    sent = Counter(message_id_of(mail.octets) for mail in relay.mails)
    assert set(sent) == {row.message_id for row in desk.rows(select(outbox))}
    assert sent.total() - len(sent) <= repeats
    assert list(prove(desk.database)) == []
