import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest

from maildesk.receive.smtp import SmtpIntake
from tests.rig.intake import DESK, TIMEOUT, Peer, Store, intake

MAIL = b"Subject: hello\r\n\r\nIt does not work.\r\n"
RECIPIENTS = (DESK, "support+a@desk.test", "postmaster@desk.test")


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def running(store: Store) -> Iterator[SmtpIntake]:
    with intake(store, protocol="lmtp") as running:
        yield running


@pytest.fixture
def peer(running: SmtpIntake) -> Peer:
    return Peer(running.address).hello("LHLO")


def test_one_reply_for_each_recipient_and_one_mail(peer: Peer, store: Store) -> None:
    peer.begin(*RECIPIENTS).send(MAIL + b".\r\nNOOP\r\n")
    replies = [peer.reply() for _ in range(3)]
    assert len(set(replies)) == 1
    assert replies[0].startswith("250 2.6.0 kept as mail ")
    assert peer.reply() == "250 OK"
    [mail] = store.mails
    assert (mail.envelope.source, mail.envelope.forward_paths) == ("lmtp", RECIPIENTS)
    assert b"with LMTP id" in mail.octets


def test_a_refused_recipient_has_had_his_reply(peer: Peer) -> None:
    peer.say("MAIL FROM:<>")
    assert peer.say("RCPT TO:<nobody@desk.test>").startswith("550 5.1.1")
    peer.say(f"RCPT TO:<{DESK}>")
    peer.say("DATA")
    peer.send(MAIL + b".\r\nNOOP\r\n")
    assert peer.replies(2) == ["250", "250"]
    peer.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        peer.reply()


@pytest.mark.parametrize(("big", "refuse", "code"), [(False, (b"hello",), "451"), (True, (), "552")])
def test_trouble_is_told_to_each_recipient(
    peer: Peer, store: Store, big: bool, refuse: tuple[bytes, ...], code: str
) -> None:
    store.refuse = refuse
    peer.begin(*RECIPIENTS).send(MAIL + b"x" * 2_000_000 * big + b"\r\n.\r\nNOOP\r\n")
    assert peer.replies(4) == [code, code, code, "250"]
    assert store.mails == []


def test_a_fault_before_the_commit_is_told_to_each_recipient(
    peer: Peer, running: SmtpIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(running._group, "put", broken)
    peer.begin(*RECIPIENTS).send(MAIL + b".\r\nNOOP\r\n")
    assert peer.replies(4) == ["451", "451", "451", "250"]


def test_data_without_a_recipient(peer: Peer) -> None:
    peer.say("MAIL FROM:<>")
    assert peer.say("DATA").startswith("503 5.5.1")


def test_hello_is_lhlo(running: SmtpIntake) -> None:
    peer = Peer(running.address)
    assert peer.greeting == "220 maildesk.desk.test LMTP maildesk"
    assert peer.say("HELO x")[:3] == "500"
    assert peer.say("EHLO x")[:3] == "500"
    assert peer.say("MAIL FROM:<>")[:3] == "503"
    assert "250-PIPELINING" in peer.say("LHLO x").split("\n")


def test_a_client_of_lmtp_on_a_unix_socket(store: Store, tmp_path: Path) -> None:
    with intake(store, protocol="lmtp", listen=f"unix:{tmp_path}/l") as running:
        client = smtplib.LMTP(running.address.removeprefix("unix:"), timeout=TIMEOUT)
        assert client.sendmail("a@b.test", list(RECIPIENTS), MAIL) == {}
        client.quit()
    assert (store.mails[0].envelope.peer_trusted, store.mails[0].envelope.reverse_path) == (True, "a@b.test")
