"""One pass over a mailbox: whose fault it is when a mail is not taken, decided without a network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.read.mail import Envelope
from maildesk.receive.imap_drain import BATCH_MAILS, BATCH_OCTETS, REFUSED_PASSES, Drain, Pass
from maildesk.receive.imap_session import Refused, Session
from maildesk.receive.incoming import Incoming

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass
class Folder:
    """What a session shows of a folder; UIDs only, a mail's octets are its UID."""

    mails: list[int]
    uidvalidity: int = 7
    mailbox: str = "imap://desk@host/INBOX"
    size: int = 10
    unreadable: set[int] = field(default_factory=set)
    cutting: set[int] = field(default_factory=set)  # fetching one of them loses the connection
    unmarkable: bool = False
    marked: list[int] = field(default_factory=list)
    fetches: list[tuple[int, ...]] = field(default_factory=list)

    def waiting(self) -> list[int]:
        return sorted(self.mails)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        return {uid: self.size for uid in uids if uid in self.mails}

    def fetch(self, uids: Sequence[int], now: datetime) -> list[Incoming]:
        self.fetches.append(tuple(uids))
        if self.unreadable & set(uids):
            raise Refused("FETCH failed")
        if self.cutting & set(uids):
            raise ConnectionResetError
        envelope = Envelope("imap", now)
        return [Incoming(b"%d" % u, envelope, self.mailbox, self.uidvalidity, u) for u in uids if u in self.mails]

    def mark(self, uids: Sequence[int]) -> None:
        if self.unmarkable:
            raise Refused("over quota")
        self.marked += uids
        self.mails = [uid for uid in self.mails if uid not in uids]


class World:
    """A folder, a store that refuses some mails, a person, and a clock that goes only when told."""

    def __init__(self, mails: int, limit: int = 1000) -> None:
        self.folder = Folder(list(range(1, mails + 1)))
        self.kept: list[int] = []
        self.poison: set[int] = set()
        self.away = False
        self.away_after: int | None = None  # calls of accept until the store goes away
        self.told: list[str] = []
        self.deaf = False
        self.now = NOW
        self.drain = Drain(self.accept, self.alarm, lambda: self.now, limit)

    def accept(self, mails: Sequence[Incoming]) -> None:
        if self.away_after is not None:
            self.away_after -= 1
            self.away = self.away or self.away_after < 0
        uids = [mail.uid or 0 for mail in mails]
        if self.away or self.poison & set(uids):
            raise RuntimeError("not taken")
        self.kept += uids

    def alarm(self, kind: str, text: str) -> None:
        if self.deaf:
            raise RuntimeError("nobody to tell")
        assert self.folder.mailbox in text
        self.told.append(kind)

    def one_pass(self, seconds: float = 0) -> Pass:
        self.now += timedelta(seconds=seconds)
        result = self.drain.one_pass(cast("Session", self.folder), lambda: True)
        assert set(self.folder.marked) <= set(self.kept), "marked before it was kept"
        return result


def test_all_that_waits_is_kept_and_then_marked() -> None:
    world = World(250)
    result = world.one_pass()
    assert (result.accepted, result.stuck) == (250, False)
    assert world.kept == world.folder.marked == list(range(1, 251))
    assert max(map(len, world.folder.fetches)) == BATCH_MAILS


def test_batches_are_bounded_by_octets() -> None:
    world = World(10, limit=BATCH_OCTETS)
    world.folder.size = BATCH_OCTETS // 2
    world.one_pass()
    assert world.folder.fetches == [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]


@pytest.mark.parametrize(
    ("mails", "poison"),
    [(2, {1}), (2, {2}), (250, {1, 100, 101, 250}), (150, {1, 2, 3, 4, 5}), (150, set(range(96, 106))), (5, {3, 4, 5})],
)
def test_poison_stops_nothing_and_is_told_once(mails: int, poison: set[int]) -> None:
    world = World(mails)
    world.poison = poison
    for _ in range(40):
        world.one_pass(60)
        world.folder.mails.append(max(world.folder.mails) + 1 if world.folder.mails else 1000)  # life goes on
    good = set(range(1, mails + 1)) - poison
    assert good <= set(world.kept)
    assert poison == set(world.folder.mails) - {max(world.folder.mails)}
    assert world.told == ["imap-mail-refused"] * len(poison)


def test_poison_is_tried_less_and_less_often() -> None:
    world = World(2)
    world.poison = {1}
    tries = []
    for second in range(400):
        before = len(world.folder.fetches)
        world.one_pass(1)
        if len(world.folder.fetches) > before:
            tries.append(second)
    assert tries == [0, 2, 6, 14, 30, 62, 126, 254]


def test_poison_that_is_cured_is_taken() -> None:
    world = World(3)
    world.poison = {2}
    world.one_pass()
    assert world.folder.mails == [2]
    world.poison = set()
    world.one_pass(2)
    assert world.folder.mails == []


def test_one_refused_mail_alone_is_no_proof_against_it() -> None:
    world = World(1)
    world.poison = {1}
    assert world.one_pass().stuck
    assert world.told == []
    world.folder.mails.append(2)
    assert not world.one_pass().stuck
    assert (world.kept, world.told) == ([2], ["imap-mail-refused"])


def test_a_store_that_is_away_costs_no_mail_and_is_told_of_once() -> None:
    world = World(500)
    world.away = True
    for count in range(1, REFUSED_PASSES + 3):
        result = world.one_pass(60)
        assert result.stuck
        assert world.drain.refused_passes == count
    assert world.told == ["imap-not-taken"]
    world.away = False
    assert not world.one_pass(60).stuck
    assert (sorted(world.kept), world.folder.mails) == (list(range(1, 501)), [])
    assert world.drain.refused_passes == 0


@pytest.mark.parametrize("calls", [0, 1, 2, 3, 4])
def test_a_store_that_goes_away_in_the_midst_blames_no_mail(calls: int) -> None:
    world = World(500)
    world.away_after = calls
    assert world.one_pass().stuck
    world.away, world.away_after = False, None
    world.one_pass(1)
    assert sorted(world.kept) == list(range(1, 501))
    assert world.told == []
    assert world.drain.next_due() is None


def test_an_alarm_that_was_not_heard_is_raised_again() -> None:
    world = World(2)
    world.poison = {1}
    world.deaf = True
    world.one_pass()
    world.deaf = False
    world.one_pass(2)
    world.one_pass(60)
    assert world.told == ["imap-mail-refused"]


def test_an_unreadable_mail_stops_nothing_and_is_told_of_once() -> None:
    world = World(120)
    world.folder.unreadable = {50}
    for _ in range(10):
        world.one_pass(60)
    assert world.folder.mails == [50]
    assert sorted(world.kept) == [uid for uid in range(1, 121) if uid != 50]
    assert world.told == ["imap-mail-unreadable"]


def test_a_mail_that_loses_the_connection_stops_nothing() -> None:
    world = World(120)
    world.folder.cutting = {50}
    for _ in range(60):
        try:
            world.one_pass(60)
        except ConnectionResetError:
            continue
    assert world.folder.mails == [50]
    assert world.told == ["imap-mail-unreadable"]


def test_a_mail_over_the_limit_stays_and_is_told_of_once() -> None:
    world = World(3, limit=9)
    for _ in range(3):
        assert not world.one_pass(86_400).stuck
    assert (world.kept, world.folder.fetches) == ([], [])
    assert world.told == ["imap-mail-too-large"] * 3


def test_a_mail_that_was_kept_but_not_marked_is_only_marked() -> None:
    world = World(3)
    world.folder.unmarkable = True
    world.one_pass()
    world.one_pass()
    assert world.told == ["imap-mark"]
    world.folder.unmarkable = False
    world.one_pass()
    assert (world.kept, world.folder.mails) == ([1, 2, 3], [])


def test_another_uidvalidity_makes_the_same_uid_another_mail() -> None:
    world = World(3)
    world.folder.unmarkable = True
    world.one_pass()
    world.folder.uidvalidity += 1
    world.folder.unmarkable = False
    world.one_pass()
    assert world.kept == [1, 2, 3, 1, 2, 3]


def test_it_ends_between_two_batches() -> None:
    world = World(250)
    turns = iter([True, False])
    world.drain.one_pass(cast("Session", world.folder), lambda: next(turns))
    assert len(world.kept) == len(world.folder.marked) == BATCH_MAILS


def test_refused_mails_in_front_do_not_hide_a_good_one() -> None:
    world = World(5)
    world.poison, world.folder.cutting = {1, 2, 4}, {3}
    for _ in range(20):
        _try_a_pass(world)
    assert world.kept == [5]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_fails_every_good_mail_is_kept_in_the_end(data: Any) -> None:
    world = World(data.draw(st.integers(0, 230)))
    uids = st.sets(st.integers(1, 230), max_size=8)
    world.poison = data.draw(uids)
    world.folder.unreadable = data.draw(uids)
    world.folder.cutting = data.draw(uids)
    bad = world.poison | world.folder.unreadable | world.folder.cutting
    for trouble in data.draw(st.lists(st.sampled_from(["away", "dies", "unmarkable", "deaf", "none"]), max_size=12)):
        world.away = trouble == "away"
        world.away_after = data.draw(st.integers(0, 5)) if trouble == "dies" else None
        world.folder.unmarkable = trouble == "unmarkable"
        world.deaf = trouble == "deaf"
        _try_a_pass(world)
    world.away, world.away_after, world.deaf, world.folder.unmarkable = False, None, False, False
    for _ in range(40):
        _try_a_pass(world)
    good = set(range(1, 231)) - bad
    assert not good & set(world.folder.mails)
    assert set(world.folder.marked) <= set(world.kept)
    assert not set(world.kept) & bad


def _try_a_pass(world: World) -> None:
    try:
        world.one_pass(7 * 3600)
    except ConnectionResetError:
        return
