"""Claims, leases and the order of the outbox, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from maildesk.read.mail import Envelope
from maildesk.receive.incoming import Incoming
from maildesk.store import budget, inbound, keys, leases, outbox, suppression
from maildesk.store.budget import Budget
from maildesk.store.database import Database
from maildesk.store.outbox import Finished
from maildesk.store.schema import ticket

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MANY = 1 << 30


def incoming(octets: bytes, **cursor: Any) -> Incoming:
    return Incoming(octets, Envelope("imap" if cursor else "smtp", NOW, "bob@acme.example"), **cursor)


def keep(database: Database, *mails: Incoming) -> None:
    with database.writing() as transaction:
        inbound.keep(transaction, mails)


def claim(database: Database, me: str, count: int = 50, octets: int = MANY, now: datetime = NOW) -> list[int]:
    with database.writing() as transaction:
        return inbound.claim(transaction, me, now, count, octets)


def test_a_mail_is_claimed_once_in_order_of_arrival(database: Database) -> None:
    keep(database, *(incoming(b"%d" % n) for n in range(5)))
    assert claim(database, "one", count=3) == [1, 2, 3]
    assert claim(database, "other") == [4, 5]
    assert claim(database, "one") == []


def test_a_claim_loads_no_more_octets_than_asked_but_always_one_mail(database: Database) -> None:
    keep(database, incoming(b"a" * 100), incoming(b"b" * 10), incoming(b"c" * 10))
    assert claim(database, "one", octets=15) == [1]
    assert claim(database, "one", octets=15) == [2]
    assert claim(database, "one", octets=15) == [3]


def test_a_mail_is_loaded_as_it_came(database: Database) -> None:
    envelope = Envelope(
        "lmtp", NOW, "", ("support@desk.example", "support+x@desk.example"), "192.0.2.1", peer_trusted=True
    )
    keep(database, Incoming(b"\x00\xff", envelope))
    (id_,) = claim(database, "one")
    with database.reading() as transaction:
        (waiting,) = inbound.load(transaction, [id_])
    assert (waiting.octets, waiting.envelope, waiting.attempts) == (b"\x00\xff", envelope, 1)


def test_a_mailbox_cursor_is_kept_once_and_smtp_copies_each(database: Database) -> None:
    cursor = {"mailbox": "imap://x", "uidvalidity": 7, "uid": 1}
    keep(database, incoming(b"another mail, from before the mailbox was restored", **cursor))
    keep(database, incoming(b"a", **cursor))
    keep(database, incoming(b"a", **cursor), incoming(b"b", **cursor | {"uid": 2}))
    keep(database, incoming(b"a"), incoming(b"a"))
    assert len(claim(database, "one")) == 5


def test_the_ids_of_mails_are_told_in_order_and_none_of_a_mailbox(database: Database) -> None:
    with database.writing() as transaction:
        assert inbound.keep(transaction, [incoming(b"%d" % n) for n in range(3)]) == [1, 2, 3]
        assert inbound.keep(transaction, [incoming(b"x", mailbox="imap://x", uidvalidity=7, uid=1)]) == []
        assert inbound.keep(transaction, []) == []
    with database.reading() as transaction:
        assert [mail.octets for mail in inbound.load(transaction, [1, 2, 3])] == [b"0", b"1", b"2"]


def test_a_released_mail_waits_for_its_time(database: Database) -> None:
    keep(database, incoming(b"a"))
    claim(database, "one")
    with database.writing() as transaction:
        inbound.release(transaction, 1, NOW + MINUTE, "later")
    assert claim(database, "one") == []
    assert claim(database, "one", now=NOW + MINUTE) == [1]


def test_a_mail_is_finished_once(database: Database) -> None:
    keep(database, incoming(b"a"))
    claim(database, "one")
    with database.writing() as transaction:
        inbound.finish(transaction, 1, "done", reason="x")
    with pytest.raises(RuntimeError, match="somebody else"), database.writing() as transaction:
        inbound.finish(transaction, 1, "held", reason="y")


def test_a_held_mail_can_be_retried_and_no_other(database: Database) -> None:
    keep(database, incoming(b"a"), incoming(b"b"))
    claim(database, "one")
    with database.writing() as transaction:
        inbound.finish(transaction, 1, "held", reason="x")
        inbound.finish(transaction, 2, "done", reason="x")
        assert [inbound.retry(transaction, id_, NOW) for id_ in (1, 2, 3)] == [True, False, False]
    assert claim(database, "one") == [1]


ENDED = -1  # seconds: a lease that has ended by any clock


def test_claims_of_a_dead_daemon_are_freed_and_of_a_living_one_kept(database: Database) -> None:
    keep(database, incoming(b"a"), incoming(b"b"))
    claim(database, "dead", count=1)
    claim(database, "alive", count=1)
    with database.writing() as transaction:
        leases.take(transaction, "daemon:dead", "dead", NOW, ENDED)
        leases.take(transaction, "daemon:alive", "alive", NOW, 20)
        assert leases.free_claims(transaction, NOW) == 1
    assert claim(database, "alive") == [1]


def take_lease(database: Database, holder: str, seconds: float = 30, now: datetime = NOW) -> bool:
    with database.writing() as transaction:
        return leases.take(transaction, "imap:x", holder, now, seconds)


def test_a_lease_has_one_holder_until_it_ends(database: Database) -> None:
    assert take_lease(database, "one")
    assert not take_lease(database, "other")
    assert take_lease(database, "one", ENDED)
    assert take_lease(database, "other")
    assert not take_lease(database, "one")
    with database.writing() as transaction:
        leases.give_back(transaction, "other")
    assert take_lease(database, "one")


def test_on_sqlite_a_lease_ends_by_the_clock_that_is_handed_in(sqlite: Database) -> None:
    assert take_lease(sqlite, "one")
    assert not take_lease(sqlite, "other", now=NOW + timedelta(seconds=29))
    assert take_lease(sqlite, "one", now=NOW + timedelta(seconds=29))
    assert not take_lease(sqlite, "other", now=NOW + timedelta(seconds=31))
    assert take_lease(sqlite, "other", now=NOW + timedelta(seconds=60))


@pytest.mark.parametrize("skew", [-HOUR, HOUR])
def test_on_postgresql_clocks_of_machines_that_differ_end_no_lease(postgresql: Database, skew: timedelta) -> None:
    assert take_lease(postgresql, "one")
    assert not take_lease(postgresql, "other", now=NOW + skew)
    keep(postgresql, incoming(b"a"))
    claim(postgresql, "one")
    with postgresql.writing() as transaction:
        leases.take(transaction, "daemon:one", "one", NOW, 20)
        leases.take(transaction, "daemon:other", "other", NOW + skew, 20)
        assert leases.free_claims(transaction, NOW + skew) == 0
        assert leases.free_claims(transaction, NOW) == 0


# -- the outbox -----------------------------------------------------------------------------------------------------


def finished(name: str, **changes: Any) -> Finished:
    usual = {"notice": "acknowledgement", "recipient": "bob@acme.example", "reverse_path": "", "subject": ""}
    return Finished(**usual | {"dedup": name, "message_id": f"{name}@desk.example", "octets": name.encode()} | changes)


@pytest.fixture
def queue(database: Database) -> Callable[..., list[int]]:
    with database.writing() as transaction:
        for number in (1001, 1002):
            values = {
                "number": number,
                "status": "open",
                "priority": "P3",
                "team": "support",
                "requester": "",
                "requester_name": "",
            }
            transaction.execute(
                insert(ticket),
                values
                | {
                    "owed": True,
                    "subject": "",
                    "contact": {},
                    "course": {},
                    "opened_at": NOW,
                    "version": 1,
                    "participants": [],
                },
            )

    def queue(*mails: Finished, now: datetime = NOW) -> list[int]:
        with database.writing() as transaction:
            new = [mail for mail in mails if outbox.queue(transaction, mail, now)]
            rows = [outbox.by_message_id(transaction, mail.message_id) for mail in new]
        return [row.id for row in rows if row]

    return queue


def due(database: Database, count: int = 9, now: datetime = NOW) -> list[str]:
    with database.writing() as transaction:
        return [mail.octets.decode() for mail in outbox.claim(transaction, "me", now, count)]


Queue = Callable[..., list[int]]


def test_a_thing_is_said_once(database: Database, queue: Queue) -> None:
    assert len(queue(finished("a"))) == 1
    assert queue(finished("a", message_id="other@desk.example")) == []
    assert due(database) == ["a"]


def test_urgent_mail_goes_first_and_held_mail_not_at_all(database: Database, queue: Queue) -> None:
    to = [{"recipient": f"{n}@acme.example"} for n in range(4)]
    queue(finished("digest", urgency=1, **to[0]), finished("held", held="budget", **to[1]))
    queue(finished("answer", **to[2]), finished("later", **to[3]), now=NOW + MINUTE)
    assert due(database, count=2, now=NOW + MINUTE) == ["answer", "later"]
    assert due(database, now=NOW + MINUTE) == ["digest"]


def test_mail_to_one_person_within_a_ticket_keeps_its_order(database: Database, queue: Queue) -> None:
    first, *_ = queue(
        finished("a1", ticket=1001), finished("a2", ticket=1001), finished("b1", ticket=1002), finished("n")
    )
    queue(finished("c1", ticket=1001, recipient="ann@desk.example"))
    assert due(database) == ["a1", "b1", "n", "c1"]
    with database.writing() as transaction:
        assert outbox.settle(transaction, first, "me", state="queued", next_attempt_at=NOW + HOUR)
    assert due(database) == []
    with database.writing() as transaction:
        outbox.retry(transaction, first, NOW)
    assert due(database) == ["a1"]
    with database.writing() as transaction:
        outbox.settle(transaction, first, "me", state="sent", sent_at=NOW)
    assert due(database) == ["a2"]


def test_mails_of_no_ticket_wait_for_nobody(database: Database, queue: Queue) -> None:
    first, *_ = queue(finished("alert 1"), finished("alert 2"))
    assert due(database, count=1) == ["alert 1"]
    with database.writing() as transaction:
        outbox.settle(transaction, first, "me", state="queued", next_attempt_at=NOW + HOUR)
    assert due(database) == ["alert 2"]


def test_a_report_fails_only_what_was_sent(database: Database, queue: Queue) -> None:
    sent, waiting = queue(finished("a", ticket=1001), finished("b", ticket=1001))
    due(database)
    with database.writing() as transaction:
        outbox.settle(transaction, sent, "me", state="sent")
        newest = outbox.newest_sent(transaction, 1001, "BOB@acme.example")
        assert newest is not None
        assert newest.id == sent
        assert not outbox.mark_failed(transaction, waiting, "550")
        assert outbox.mark_failed(transaction, sent, "550")
        assert not outbox.mark_failed(transaction, sent, "550")


def test_only_the_claimant_settles(database: Database, queue: Queue) -> None:
    (id_,) = queue(finished("a"))
    due(database)
    with database.writing() as transaction:
        assert not outbox.settle(transaction, id_, "somebody", state="sent")
        assert outbox.settle(transaction, id_, "me", state="sent")
        assert not outbox.settle(transaction, id_, "me", state="queued")


def test_a_mail_in_the_air_of_a_dead_daemon_is_an_orphan(database: Database, queue: Queue) -> None:
    (id_,) = queue(finished("a"))
    due(database)
    with database.writing() as transaction:
        assert [row.id for row in outbox.orphans(transaction, NOW)] == [id_]
        leases.take(transaction, "daemon:me", "me", NOW, 20)
        assert outbox.orphans(transaction, NOW) == []
        leases.take(transaction, "daemon:me", "me", NOW, ENDED)
        assert [row.id for row in outbox.orphans(transaction, NOW)] == [id_]


# -- budgets, suppression, keys -------------------------------------------------------------------------------------


def test_a_budget_frees_itself_as_its_window_slides(database: Database) -> None:
    day = Budget("address:bob@acme.example", 3, DAY, "")

    def spend(now: datetime) -> bool:
        with database.writing() as transaction:
            return budget.take(transaction, [day], now) is None

    assert [spend(NOW + n * HOUR) for n in range(5)] == [True, True, True, False, False]
    assert not spend(NOW + 23 * HOUR)
    assert [spend(NOW + (25 + n) * HOUR) for n in range(3)] == [True, True, True]
    assert not spend(NOW + 28 * HOUR)


def test_budgets_of_several_scopes_do_not_mix(database: Database) -> None:
    one, other = Budget("domain:a.example", 1, HOUR, ""), Budget("domain:b.example", 1, HOUR, "")
    with database.writing() as transaction:
        assert budget.take(transaction, [one], NOW) is None
        assert budget.take(transaction, [other, one], NOW) is one
        assert budget.take(transaction, [other], NOW) is None  # what was refused has spent nothing
        assert budget.take(transaction, [other], NOW) is other
        budget.forget(transaction, NOW + DAY)
        assert budget.take(transaction, [one], NOW) is None


def test_an_address_is_muted_by_failures_on_two_days_and_freed_by_a_mail(database: Database) -> None:
    with database.writing() as transaction:
        assert not suppression.failed(transaction, "Bob@acme.example", NOW, "550")
        assert not suppression.failed(transaction, "bob@acme.example", NOW + HOUR, "550")
        assert suppression.failed(transaction, "bob@acme.example", NOW + DAY, "550")
        suppression.alive(transaction, "BOB@acme.example")
        assert not suppression.is_muted(transaction, "bob@acme.example")
        suppression.complained(transaction, "bob@acme.example", NOW, "abuse")
        assert suppression.is_muted(transaction, "bob@acme.example")


def test_a_key_verifies_for_400_days_after_its_last_use_and_the_newest_signs(database: Database) -> None:
    with database.writing() as transaction:
        assert [keys.add(transaction, b"a", NOW - 500 * DAY), keys.add(transaction, b"b", NOW - 399 * DAY)] == [1, 2]
        assert keys.valid(transaction, NOW) == {2: b"b"}
        keys.used(transaction, 1, NOW)
        assert keys.valid(transaction, NOW) == {1: b"a", 2: b"b"}
