import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from maildesk.read.mail import Envelope
from maildesk.receive.group import FAULTS_IN_A_ROW, GroupCommit, StoppedError
from maildesk.receive.incoming import Incoming
from tests.rig.intake import NOW, TIMEOUT, Store

ENVELOPE = Envelope("smtp", NOW)


class Desk:
    """A group commit on a store, with the faults it told of."""

    def __init__(self, **limits: int) -> None:
        self.store = Store()
        self.faults: list[int] = []
        self.group = GroupCommit(self.store, lambda _, mails: self.faults.append(mails), **limits)
        self.group.start()

    def put(self, *texts: bytes) -> list[Future[int]]:
        return [self.group.put(Incoming(text, ENVELOPE)) for text in texts]

    def put_while_busy(self, *texts: bytes) -> list[Future[int]]:
        """Put mails that gather behind the commit of a first one."""
        self.store.shut()
        first = self.put(b"first")
        assert self.store.entered.wait(TIMEOUT)
        futures = first + self.put(*texts)
        self.store.open()
        return futures

    def groups(self) -> list[list[bytes]]:
        return [[mail.octets for mail in group] for group in self.store.groups]


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.store.open()
    desk.group.stop(TIMEOUT)


def outcomes(futures: list[Future[int]]) -> list[str]:
    return [type(future.exception(TIMEOUT)).__name__ for future in futures]


def test_what_waits_during_a_commit_is_one_commit(desk: Desk) -> None:
    assert outcomes(desk.put_while_busy(b"a", b"b", b"c")) == ["NoneType"] * 4
    assert desk.groups() == [[b"first"], [b"a", b"b", b"c"]]


def test_each_is_told_its_own_id(desk: Desk) -> None:
    desk.store.refuse = (b"bad",)
    futures = desk.put_while_busy(b"a", b"bad", b"c")
    assert outcomes(futures) == ["NoneType", "NoneType", "OSError", "NoneType"]
    assert [futures[at].result() for at in (0, 1, 3)] == [1, 2, 3]


def test_nothing_is_said_before_the_commit_returned(desk: Desk) -> None:
    desk.store.shut()
    [future] = desk.put(b"a")
    assert desk.store.entered.wait(TIMEOUT)
    assert not future.done()
    desk.store.open()
    assert outcomes([future]) == ["NoneType"]


def test_groups_are_bounded_by_number_and_octets() -> None:
    desk = Desk(most_mails=3, most_octets=10)
    outcomes(desk.put_while_busy(b"1", b"2", b"3", b"4", b"5" * 6, b"6" * 5, b"7" * 50, b"8"))
    desk.group.stop(TIMEOUT)
    assert desk.groups() == [[b"first"], [b"1", b"2", b"3"], [b"4", b"5" * 6], [b"6" * 5], [b"7" * 50], [b"8"]]


def test_one_bad_mail_defers_no_other(desk: Desk) -> None:
    desk.store.refuse = (b"bad",)
    assert outcomes(desk.put_while_busy(b"a", b"bad", b"c")) == ["NoneType", "NoneType", "OSError", "NoneType"]
    assert desk.groups() == [[b"first"], [b"a"], [b"c"]]
    assert desk.faults == [3, 1]


def test_a_store_that_is_away_is_not_asked_for_every_mail(desk: Desk) -> None:
    desk.store.refuse = (b"",)
    assert outcomes(desk.put_while_busy(*[b"a"] * 50)) == ["OSError"] * 51
    assert desk.store.attempts == 2 + FAULTS_IN_A_ROW
    desk.store.refuse = ()
    assert outcomes(desk.put(b"b")) == ["NoneType"]


def test_a_mail_nobody_waits_for_is_dropped_at_once(desk: Desk) -> None:
    desk.store.shut()
    first, second, third = desk.put(b"a") + (desk.store.entered.wait(TIMEOUT) and desk.put(b"b", b"c"))
    assert not first.cancel()
    assert second.cancel()
    assert [waiting.incoming.octets for waiting in desk.group._waiting] == [b"c"]
    desk.store.open()
    assert outcomes([first, third]) == ["NoneType", "NoneType"]
    assert desk.groups() == [[b"a"], [b"c"]]


def test_stopping_commits_what_waits_and_takes_no_more(desk: Desk) -> None:
    desk.store.shut()
    futures = desk.put(b"a", b"b")
    stopped: list[bool] = []
    stopper = threading.Thread(target=lambda: stopped.append(desk.group.stop(TIMEOUT)))
    stopper.start()
    while not desk.group._stopping:
        threading.Event().wait(0.001)
    late = desk.put(b"late")
    desk.store.open()
    stopper.join()
    assert stopped == [True]
    assert outcomes(futures) == ["NoneType", "NoneType"]
    assert outcomes(late) == [StoppedError.__name__]


def test_a_hanging_store_does_not_keep_it_from_stopping(desk: Desk) -> None:
    desk.store.shut()
    [future] = desk.put(b"a")
    assert desk.store.entered.wait(TIMEOUT)
    assert desk.group.stop(0.01) is False
    assert not future.done()
