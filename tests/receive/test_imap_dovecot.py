"""IMAP intake on a real Dovecot: nothing lost, nothing marked before it is kept, whatever is cut, killed or refused."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildesk.receive.imap import LEASE_SECONDS, PERSON_SECONDS
from maildesk.receive.imap_session import Session, open_session
from maildesk.receive.incoming import Incoming
from tests.rig.certificates import Certificates, make_certificates
from tests.rig.desk_mailbox import Desk, desk_on, imap_settings, mail
from tests.rig.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.rig.ports import wait_until
from tests.rig.proxy import HEALTHY, REFUSE, Fault, Proxy

pytestmark = pytest.mark.real
WAYS = ["move:Processed", "flag:Taken", "delete"]


class Killed(BaseException):
    """The process ends here."""


def deliver(dovecot: Dovecot, user: str, count: int, start: int = 1) -> list[bytes]:
    mails = [mail(number) for number in range(start, start + count)]
    for octets in mails:
        dovecot.deliver(user, octets)
    return mails


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    return dovecot.new_user()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, certificates: Certificates) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


def untaken(dovecot: Dovecot, user: str, done: str) -> list[bytes]:
    """What lies in the INBOX without the mark."""
    if done.startswith("flag"):
        flags = dovecot.flags(user)
        return [octets for uid, octets in dovecot.mails(user).items() if b"Taken" not in flags[uid]]
    return list(dovecot.mails(user).values())


@pytest.mark.parametrize("done", WAYS)
def test_what_waits_is_kept_whole_and_then_marked(dovecot: Dovecot, user: str, done: str) -> None:
    mails = deliver(dovecot, user, 250)
    desk = desk_on(dovecot, user, done=done)
    assert desk.one_pass().accepted == 250
    assert sorted(desk.octets) == sorted(mails)
    assert untaken(dovecot, user, done) == []
    assert len(dovecot.mails(user, "Processed")) == (250 if done.startswith("move") else 0)
    assert desk.one_pass().accepted == 0


def test_a_mail_carries_its_envelope_and_its_place(dovecot: Dovecot, user: str) -> None:
    at = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    dovecot.deliver(user, mail(), at=at)
    dovecot.deliver(user, b"Received: by mx\r\nReturn-Path: <forged@x.test>\r\n\r\n", at=at)
    dovecot.deliver(user, b"Return-Path: <>\r\nReceived: by mx\r\n\r\n", at=at)
    desk = desk_on(dovecot, user)
    uidvalidity = dovecot.uidvalidity(user)
    desk.one_pass()
    paths = [incoming.envelope.reverse_path for incoming in desk.kept]
    assert sorted(paths, key=str) == ["", None, "customer@client.test"]
    place = f"imap://{user}@localhost:{desk.settings.port}/INBOX"
    for incoming in desk.kept:
        assert incoming.envelope.source == "imap"
        assert incoming.envelope.received_at == at
        assert incoming.envelope.received_at.tzinfo is UTC
        assert (incoming.mailbox, incoming.uidvalidity) == (place, uidvalidity)
    assert sorted(incoming.uid or 0 for incoming in desk.kept) == [1, 2, 3]


@pytest.mark.parametrize("hour", [0, 1])
def test_the_time_is_right_in_the_hour_that_comes_twice(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch, hour: int
) -> None:
    at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)  # both are 01:30 in London
    dovecot.deliver(user, mail(), at=at)
    desk = desk_on(dovecot, user)
    with monkeypatch.context() as london:
        london.setenv("TZ", "Europe/London")
        time.tzset()
        desk.one_pass()
    time.tzset()
    assert desk.kept[0].envelope.received_at == at


@pytest.mark.parametrize("done", ["flag:Taken", "flag:$Taken", "flag:\\Flagged"])
def test_no_flag_but_the_mark_is_touched(dovecot: Dovecot, user: str, done: str) -> None:
    deliver(dovecot, user, 2)
    desk_on(dovecot, user, done=done).one_pass()
    for flags in dovecot.flags(user).values():
        assert set(flags) - {b"\\Recent"} == {done.removeprefix("flag:").encode()}


def test_octets_are_kept_as_they_are(dovecot: Dovecot, user: str) -> None:
    octets = (
        b"Subject: \xe4\xff\r\n\r\n" + bytes(range(1, 256)) + b"\r\n" + b"x" * 100_000 + b"\r\n.\r\n\r\n)\r\n{5}\r\n"
    )
    dovecot.deliver(user, octets)
    desk = desk_on(dovecot, user)
    desk.one_pass()
    assert desk.octets == [octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")]


@pytest.mark.parametrize("name", ["Störungen", "Eingang & Ausgang", 'quoted "name"', "日本/箱"])
def test_folder_names_may_hold_anything(dovecot: Dovecot, user: str, name: str) -> None:
    with dovecot.client(user) as client:
        client.create_folder(name)
        client.append(name, mail())
    desk = desk_on(dovecot, user, folder=name, done=f"move:{name} erledigt")
    assert desk.one_pass().accepted == 1
    assert len(dovecot.mails(user, f"{name} erledigt")) == 1


@pytest.mark.parametrize("done", WAYS)
def test_a_server_of_few_words_is_enough(certificates: Certificates, done: str) -> None:
    """Neither MOVE nor UIDPLUS nor IDLE nor NAMESPACE."""
    with running_dovecot(certificates, {"imap_capability": "IMAP4rev1"}) as plain:
        user = plain.new_user()
        mails = deliver(plain, user, 3)
        desk = desk_on(plain, user, done=done, poll=5)
        waited = threading.Event()

        def on_wait(stop: threading.Event, _: float) -> None:
            if not waited.is_set():
                waited.set()
                plain.deliver(user, mail(4))
            if len(desk.kept) >= 4:
                stop.set()

        desk.on_wait = on_wait
        desk.run()
        assert sorted(desk.octets) == sorted([*mails, mail(4)])
        if done.startswith("move"):
            assert len(plain.mails(user, "Processed")) == 4
        with plain.client(user) as client:
            client.select_folder("INBOX")
            assert client.search(["UNDELETED", "UNKEYWORD", "Taken"]) == []
        assert desk.one_pass().accepted == 0


def test_folders_below_a_prefix_are_found_and_made(certificates: Certificates) -> None:
    prefixed = {"namespace inbox {\nprefix": "INBOX.\nseparator = .\n}"}
    with running_dovecot(certificates, prefixed) as courier:
        user = courier.new_user()
        deliver(courier, user, 2)
        desk = desk_on(courier, user)
        assert desk.one_pass().accepted == 2
        assert "INBOX.Processed" in courier.folders(user)
        courier.deliver(user, mail(3))
        assert desk.one_pass().accepted == 1
        assert len(courier.mails(user, "INBOX.Processed")) == 3


def test_it_sees_new_mail_soon_and_ends_at_once(dovecot: Dovecot, user: str) -> None:
    desk = desk_on(dovecot, user, poll=3600)
    with desk.running() as thread:
        for number in range(1, 4):
            dovecot.deliver(user, mail(number))
            wait_until(lambda: not dovecot.mails(user), "the mail stays", 5)
        stopped = time.monotonic()
        desk.stop.set()
        thread.join(5)
        assert time.monotonic() - stopped < 2
    assert len(desk.kept) == 3
    assert not thread.is_alive()


@pytest.mark.parametrize(("security", "port"), [("none", "imap"), ("tls", "imaps")])
@pytest.mark.usefixtures("trusted")
def test_idle_wakes(dovecot: Dovecot, user: str, security: str, port: str) -> None:
    asked = itertools.count(1)

    def go_on() -> bool:
        if (times := next(asked)) == 2:
            dovecot.deliver(user, mail())
        return times < 10

    with open_session(imap_settings(getattr(dovecot, port), user, security=security), PASSWORD) as session:
        assert session.waiting() == []
        session.idle(3600, go_on)
        assert session.waiting() == [1]
    assert next(asked) < 8


def test_idle_is_left_in_time(dovecot: Dovecot, user: str) -> None:
    with open_session(imap_settings(dovecot.imap, user), PASSWORD) as session:
        session.idle(0.5, lambda: True)
        session.idle(3600, lambda: False)
        assert session.waiting() == []


def test_a_connection_that_ends_in_idle_is_made_again(dovecot: Dovecot, user: str) -> None:
    desk = desk_on(dovecot, user, poll=3600)
    deliver(dovecot, user, 1)
    with desk.running():
        wait_until(lambda: desk.kept and not dovecot.mails(user), "the first mail stays")
        dovecot.kill_connections(user)
        dovecot.deliver(user, mail(2))
        wait_until(lambda: len(desk.kept) == 2, "the second mail stays")
    assert desk.told == []


def test_a_silent_server_does_not_keep_it_from_ending(
    dovecot: Dovecot, user: str, proxy: Callable[[int], Proxy]
) -> None:
    network = proxy(dovecot.imap)
    network.set(Fault(stall_down=600))  # in the midst of the log-in or the listing
    desk = Desk(imap_settings(network.port, user, timeout=60))
    with desk.running() as thread:
        wait_until(lambda: network.connections, "no connection")
        stopped = time.monotonic()
        desk.stop.set()
        thread.join(8)
        assert time.monotonic() - stopped < 3
        assert not thread.is_alive()


class TestKilled:
    """The process ends at a point; another one starts afresh."""

    @pytest.mark.parametrize("done", WAYS)
    @pytest.mark.parametrize("point", ["fetched", "kept", "marking", "marked"])
    def test_nothing_is_lost_and_nothing_marked_too_early(
        self, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch, done: str, point: str
    ) -> None:
        mails = deliver(dovecot, user, 130)
        desk = desk_on(dovecot, user, done=done)
        self._kill_at(point, desk, monkeypatch)
        with pytest.raises(Killed):
            desk.one_pass()
        kept, left = desk.octets, untaken(dovecot, user, done)
        assert set(kept) | set(left) == set(mails), "lost"
        if point != "marked":
            assert len(left) == 130, "marked before it was kept"
        monkeypatch.undo()
        desk.before_keeping = desk.after_keeping = lambda _: None
        desk.mailbox = desk.new_mailbox()
        desk.one_pass()
        assert set(desk.octets) == set(mails)
        assert max(Counter(desk.octets).values()) <= 2
        assert untaken(dovecot, user, done) == []

    @staticmethod
    def _kill_at(point: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        def killed(_: Sequence[Incoming]) -> None:
            raise Killed

        mark = Session.mark

        def marking(session: Session, uids: Sequence[int]) -> None:
            if point == "marked":
                mark(session, uids)
            raise Killed

        if point == "fetched":
            desk.before_keeping = killed
        elif point == "kept":
            desk.after_keeping = killed
        else:
            monkeypatch.setattr(Session, "mark", marking)


CUTS = [
    *(
        Fault(cut_down=octets)
        for octets in (1, 60, 300, 500, 700, 1_000, 1_300, 1_600, 2_000, 2_500, 3_000, 3_500, 4_000)
    ),
    *(Fault(cut_up=octets) for octets in (5, 40, 90, 130, 170, 200, 230, 260, 300)),
]


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: f"down-{fault.cut_down}-up-{fault.cut_up}")
def test_a_cut_connection_loses_nothing(
    dovecot: Dovecot, user: str, proxy: Callable[[int], Proxy], fault: Fault
) -> None:
    mails = deliver(dovecot, user, 12)
    network = proxy(dovecot.imap)
    network.set(fault)
    desk = Desk(imap_settings(network.port, user))

    def on_wait(stop: threading.Event, _: float) -> None:
        assert set(desk.octets) >= set(dovecot.mails(user, "Processed").values()), "marked before it was kept"
        network.set(HEALTHY)
        if network.connections > 1 and not dovecot.mails(user):
            stop.set()

    desk.on_wait = on_wait
    with desk.running() as thread:
        wait_until(lambda: not dovecot.mails(user), "mails stay")
        desk.stop.set()
        thread.join(10)
    assert set(desk.octets) == set(mails)
    assert sorted(dovecot.mails(user, "Processed").values()) == sorted(mails)
    assert desk.told == []


def test_a_network_that_cuts_again_and_again_is_got_through(
    dovecot: Dovecot, user: str, proxy: Callable[[int], Proxy]
) -> None:
    mails = deliver(dovecot, user, 40)
    network = proxy(dovecot.imap)
    network.set(Fault(cut_down=4_000))  # each connection gets so far and no further
    desk = Desk(imap_settings(network.port, user))
    with desk.running():
        wait_until(lambda: not dovecot.mails(user), "mails stay", 30)
    assert set(desk.octets) == set(mails)
    assert network.connections > 2


def test_a_server_that_stalls_is_left_and_asked_again(
    dovecot: Dovecot, user: str, proxy: Callable[[int], Proxy]
) -> None:
    mails = deliver(dovecot, user, 3)
    network = proxy(dovecot.imap)
    network.set(Fault(stall_down=1_100))
    desk = Desk(imap_settings(network.port, user, timeout=0.3))
    desk.on_wait = lambda *_: network.set(HEALTHY)
    with desk.running():
        wait_until(lambda: not dovecot.mails(user), "mails stay")
    assert set(desk.octets) == set(mails)


def test_a_server_that_comes_back_is_found(dovecot: Dovecot, user: str, proxy: Callable[[int], Proxy]) -> None:
    deliver(dovecot, user, 1)
    network = proxy(dovecot.imap)
    network.set(REFUSE)
    desk = Desk(imap_settings(network.port, user))
    desk.on_wait = lambda *_: network.set(HEALTHY) if len(desk.waits) == 3 else None
    with desk.running():
        wait_until(lambda: desk.kept, "the mail stays")
    assert desk.told == []


def test_a_new_uidvalidity_makes_no_other_mail(dovecot: Dovecot, user: str) -> None:
    mails = deliver(dovecot, user, 3)
    desk = desk_on(dovecot, user, done="flag:Taken")

    def lost_mark(_: Sequence[Incoming]) -> None:
        desk.stop.set()
        raise Killed

    desk.after_keeping = lost_mark
    with pytest.raises(Killed):
        desk.one_pass()
    before = dovecot.uidvalidity(user)
    dovecot.change_uidvalidity(user)
    desk.after_keeping = lambda _: None
    desk.stop.clear()
    desk.one_pass()
    assert {incoming.uidvalidity for incoming in desk.kept} == {before, before + 1}
    assert Counter(desk.octets) == dict.fromkeys(mails, 2), "the same content: one ticket each"
    dovecot.change_uidvalidity(user)
    dovecot.deliver(user, mail(4))
    desk.one_pass()
    assert desk.octets[6:] == [mail(4)]


def test_five_thousand_waiting_mails(dovecot: Dovecot, user: str) -> None:
    mails = deliver(dovecot, user, 5_000)
    desk = desk_on(dovecot, user)
    begun = time.monotonic()
    assert desk.one_pass().accepted == 5_000
    assert time.monotonic() - begun < 60
    assert sorted(desk.octets) == sorted(mails)
    assert dovecot.mails(user) == {}


def test_a_wrong_password_is_told_once_and_tried_slowly(dovecot: Dovecot, user: str) -> None:
    desk = desk_on(dovecot, user)
    desk.password = "wrong"

    def on_wait(stop: threading.Event, _: float) -> None:
        if len(desk.waits) == 3:
            desk.password = PASSWORD  # somebody mended it
        if len(desk.waits) == 4:
            stop.set()

    desk.on_wait = on_wait
    deliver(dovecot, user, 1)
    desk.after_keeping = lambda _: desk.stop.set()
    desk.run()
    assert desk.kinds == ["imap-password"]
    assert desk.waits[:3] == [PERSON_SECONDS] * 3
    assert len(desk.kept) == 1
    assert "wrong" not in desk.told[0][1]


@pytest.mark.parametrize(("security", "port"), [("tls", "imaps"), ("starttls", "imap")])
@pytest.mark.usefixtures("trusted")
def test_tls_with_an_authority_that_is_trusted(dovecot: Dovecot, user: str, security: str, port: str) -> None:
    deliver(dovecot, user, 1)
    desk = Desk(imap_settings(getattr(dovecot, port), user, security=security))
    assert desk.one_pass().accepted == 1


@pytest.mark.parametrize(("security", "port"), [("tls", "imaps"), ("starttls", "imap")])
def test_tls_with_an_authority_that_is_not(dovecot: Dovecot, user: str, security: str, port: str) -> None:
    refused(Desk(imap_settings(getattr(dovecot, port), user, security=security)))


@pytest.mark.parametrize(("security", "port"), [("tls", "imaps"), ("starttls", "imap")])
def test_tls_with_a_certificate_of_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str, port: str
) -> None:
    other = make_certificates(tmp_path, "subjectAltName=DNS:other.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.authority))
    with running_dovecot(other) as server:
        refused(Desk(imap_settings(getattr(server, port), server.new_user(), security=security)))


def refused(desk: Desk) -> None:
    """The certificate is not believed: a person is told, and it is tried again slowly."""
    desk.on_wait = lambda stop, _: stop.set()
    with desk.running():
        wait_until(lambda: desk.waits, "it was let in")
    assert (desk.kinds, desk.waits) == (["imap-certificate"], [PERSON_SECONDS])


def test_a_mail_that_cannot_be_read_stops_nothing(dovecot: Dovecot, user: str) -> None:
    mails = deliver(dovecot, user, 5)
    broken = dovecot.deliver(user, mail(6))
    dovecot.mails(user)  # it has its UID and its size
    [file] = broken.parent.parent.glob(f"*/{broken.name}*")
    file.chmod(0)
    desk = desk_on(dovecot, user)
    with desk.running():
        dovecot.deliver(user, mail(7))
        wait_until(lambda: len(desk.kept) == 6, "good mails stay")
        wait_until(lambda: desk.told, "nobody is told", 15)
    assert sorted(desk.octets) == sorted([*mails, mail(7)])
    assert desk.kinds == ["imap-mail-unreadable"]


def test_a_mail_that_cannot_be_taken_stops_nothing(dovecot: Dovecot, user: str) -> None:
    mails = deliver(dovecot, user, 20)
    desk = desk_on(dovecot, user)

    def refuse(taken: Sequence[Incoming]) -> None:
        if mail(7) in [incoming.octets for incoming in taken]:
            raise ValueError("no")

    desk.before_keeping = refuse
    desk.one_pass()
    assert sorted(desk.octets) == sorted(set(mails) - {mail(7)})
    assert list(dovecot.mails(user).values()) == [mail(7)]
    assert desk.kinds == ["imap-mail-refused"]


def test_what_is_over_the_limit_stays(dovecot: Dovecot, user: str) -> None:
    deliver(dovecot, user, 2)
    dovecot.deliver(user, b"Subject: big\r\n\r\n" + b"x" * 2_000)
    desk = Desk(imap_settings(dovecot.imap, user), wiring={"max_message_bytes": 1_000})
    desk.one_pass()
    desk.one_pass()
    assert len(desk.kept) == 2
    assert len(dovecot.mails(user)) == 1
    assert desk.kinds == ["imap-mail-too-large"]


def test_two_desks_on_one_mailbox_take_turns(dovecot: Dovecot, user: str) -> None:
    mails = deliver(dovecot, user, 1)
    looks = itertools.count()
    holder = "first"

    def desk(name: str) -> Desk:
        """Its clock leaps, so that it asks for the lease each time."""
        leaping = {"clock": lambda: datetime.fromtimestamp(1_800_000_000 + 20 * next(looks), UTC)}
        return Desk(imap_settings(dovecot.imap, user), wiring={"lease": lambda: holder == name, **leaping})

    first, second = desk("first"), desk("second")
    with first.running(), second.running():
        wait_until(lambda: not dovecot.mails(user), "the mail stays")
        assert (first.octets, second.octets) == (mails, [])
        assert LEASE_SECONDS not in first.waits
        holder = "second"
        wait_until(lambda: LEASE_SECONDS in first.waits, "the first does not let go")
        dovecot.deliver(user, mail(2))
        wait_until(lambda: second.kept, "the second does not take over")
    assert (first.octets, second.octets) == (mails, [mail(2)])
