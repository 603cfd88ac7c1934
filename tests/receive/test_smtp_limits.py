import threading

import pytest

from maildesk.receive import smtp_session
from maildesk.receive.smtp import SmtpIntake
from tests.rig.intake import DESK, TIMEOUT, Peer, Store, intake
from tests.rig.ports import wait_until

STRANGERS = {"trusted": ()}
MAIL = b"Subject: hello\r\n\r\nIt does not work.\r\n"


@pytest.fixture
def store() -> Store:
    return Store()


def refused(running: SmtpIntake, source: str = "127.0.0.1") -> str:
    peer = Peer(running.address, source)
    assert peer.greeting[:3] == "220" or peer.reply() == ""
    return peer.greeting


def test_connections_of_one_peer(store: Store) -> None:
    with intake(store, connections_per_peer=2, **STRANGERS) as running:
        first, _second = Peer(running.address), Peer(running.address)
        assert refused(running).startswith("421 4.7.0 too many connections from your address")
        assert refused(running, "127.0.0.2").startswith("220")
        first.say("QUIT")
        first.reply()
        assert refused(running).startswith("220")


def test_connections_of_all(store: Store) -> None:
    with intake(store, connections=2, **STRANGERS) as running:
        _first, second = Peer(running.address, "127.0.0.2"), Peer(running.address, "127.0.0.3")
        assert refused(running, "127.0.0.4").startswith("421 4.7.0 too many connections,")
        second.close()
        wait_until(lambda: refused(running, "127.0.0.4")[:3] == "220", "the place was not given back")


def test_mails_of_one_peer(store: Store) -> None:
    with intake(store, messages_per_minute=2, **STRANGERS) as running:
        peer = Peer(running.address).hello()
        for _ in range(2):
            peer.begin().send(MAIL + b".\r\n")
            assert peer.reply()[:3] == "250"
        assert peer.say("MAIL FROM:<>").startswith("450 4.7.1")
        assert Peer(running.address, "127.0.0.2").hello().say("MAIL FROM:<>")[:3] == "250"


def test_the_trusted_have_no_such_limits(store: Store) -> None:
    with intake(store, connections=1, connections_per_peer=1, messages_per_minute=1) as running:
        peers = [Peer(running.address).hello() for _ in range(5)]
        for peer in peers:
            peer.begin().send(MAIL + b".\r\n")
            assert peer.reply()[:3] == "250"
        codes = {peers[0].say("RCPT TO:<nobody@desk.test>")[:3] for _ in range(100)}
        assert codes == {"503"}


def test_silence(store: Store) -> None:
    with intake(store, idle_timeout=0.1) as running:
        silent, half = Peer(running.address).hello(), Peer(running.address).hello()
        half.begin().send(b"Subject: half")
        for peer in (silent, half):
            assert peer.reply().startswith("421 4.4.2")
            assert peer.reply() == ""
    assert store.mails == []


def test_waiting_for_our_commit_is_no_silence(store: Store) -> None:
    with intake(store, idle_timeout=0.1) as running:
        waiting, silent = Peer(running.address).hello(), Peer(running.address)
        store.shut()
        waiting.begin().send(MAIL + b".\r\n")
        assert silent.reply()[:3] == "421"
        assert Peer(running.address).reply()[:3] == "421"
        store.open()
        assert waiting.reply()[:3] == "250"


@pytest.mark.parametrize("octets", [b"x", b"NOOP\r\n"])
def test_slowloris(store: Store, monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    """Who says an octet now and then is not silent, but he may not stay for ever."""
    monkeypatch.setattr(smtp_session, "SESSION_LENGTH", 2)
    with intake(store, idle_timeout=0.2, **STRANGERS) as running:
        peer = Peer(running.address).hello()
        if octets == b"x":
            peer.begin()
        ended = threading.Event()

        def trickle() -> None:
            while not ended.wait(0.02):
                peer.send(octets)

        threading.Thread(target=trickle, daemon=True).start()
        try:
            reply = next(reply for reply in iter(peer.reply, "") if not reply.startswith("250"))
        finally:
            ended.set()
        assert reply.startswith("421 4.7.0 this session has lasted too long")


@pytest.mark.parametrize(
    ("line", "last", "count"),
    [
        ("FOO", "502 5.5.1 Too many unrecognized commands, goodbye.", 5),
        ("RCPT TO:<nobody@desk.test>", "421 4.7.0 too many errors", 22),
        ("DATA", "421 4.7.0 too many errors", 22),
        ("NOOP", "421 4.7.0 too many commands without a mail", 1000),
        ("RSET", "421 4.7.0 too many commands without a mail", 1000),
    ],
)
def test_too_many_bad_commands(store: Store, line: str, last: str, count: int) -> None:
    with intake(store, **STRANGERS) as running:
        peer = Peer(running.address).hello()
        peer.send(f"{line}\r\n".encode() * (count + 10))
        replies = list(iter(peer.reply, ""))
    assert replies[-1] == last
    assert len(replies) == count


def test_who_sends_mail_may_send_many_commands(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_session, "MOST_REPLIES", 20)
    with intake(store, messages_per_minute=None, **STRANGERS) as running:
        peer = Peer(running.address).hello()
        for _ in range(20):
            peer.begin().send(MAIL + b".\r\n")
            assert peer.reply()[:3] == "250"


def test_commands_behind_the_last_word_are_not_carried_out(store: Store) -> None:
    with intake(store, **STRANGERS) as running:
        peer = Peer(running.address).hello()
        mail = f"MAIL FROM:<>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n".encode() + MAIL + b".\r\n"
        peer.send(b"DATA\r\n" * 40 + mail)
        assert peer.replies(21) == ["503"] * 21
        assert peer.reply().startswith("421 4.7.0")
        assert peer.reply() == ""
    assert store.mails == []


def test_big_mails_wait_outside_while_memory_is_full(store: Store) -> None:
    with intake(store, max_message_bytes=40_000_000) as running:  # room for 80,000,000 octets
        big = b"x" * 35_000_000 + b"\r\n.\r\n"
        store.shut()
        peers = [Peer(running.address).hello().begin() for _ in range(2)]
        for peer in peers:
            peer.send(big)
        assert store.entered.wait(TIMEOUT)
        wait_until(lambda: len(running._group._waiting) == 1, "the second mail did not come to wait")
        late, small = Peer(running.address).hello(), Peer(running.address).hello()
        assert late.say("MAIL FROM:<> SIZE=35000000").startswith("452 4.3.1")
        late.begin().send(big)
        assert late.reply().startswith("452 4.3.1")
        small.begin().send(MAIL + b".\r\n")
        store.open()
        assert [peer.reply()[:3] for peer in (*peers, small)] == ["250"] * 3
        late.begin().send(big)
        assert late.reply()[:3] == "250"
    assert len(store.mails) == 4
