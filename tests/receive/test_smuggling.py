"""One DATA stays one mail, whatever stands in it, and nothing of a mail becomes a command (decision 0003)."""

from collections.abc import Iterator
from itertools import product

import pytest

from maildesk.receive.smtp import SmtpIntake
from tests.rig.intake import DESK, Peer, Store, intake

INJECTED = f"MAIL FROM:<evil@client.test>\r\nRCPT TO:<{DESK}>\r\nDATA\r\nSubject: smuggled\r\n\r\n".encode()
LINE_ENDS = [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\r\n", b"\r\0\n", b"\r\n\0", b"\xc2\x85", b"\x0b", b"\x0c"]
ENDS = [before + b"." + after for before, after in product(LINE_ENDS, LINE_ENDS)]
# Before the dot a whole CRLF must stand, behind it another, and nothing between: "\r\r\n" ends in such a CRLF,
# "\r\n" begins with one.
REAL_ENDS = {b"\r\n.\r\n", b"\r\r\n.\r\n", b"\0\r\n.\r\n", b"\r\n.\r\n\0", b"\r\r\n.\r\n\0", b"\0\r\n.\r\n\0"}


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def running(store: Store) -> Iterator[SmtpIntake]:
    with intake(store) as running:
        yield running


@pytest.mark.parametrize("end", [end for end in ENDS if end not in REAL_ENDS], ids=repr)
@pytest.mark.parametrize("split", [False, True])
def test_a_false_end_is_text(running: SmtpIntake, store: Store, end: bytes, split: bool) -> None:
    peer = Peer(running.address).hello().begin()
    body = b"Subject: one\r\n\r\nfirst" + end + INJECTED
    if split:
        peer.send(body[:21] + end[:1])
        peer.send(end[1:] + INJECTED)
    else:
        peer.send(body)
    peer.send(b".\r\nNOOP\r\n")
    assert peer.replies(2) == ["250", "250"]
    peer.socket.settimeout(0.01)
    with pytest.raises(TimeoutError):
        peer.reply()
    [mail] = store.mails
    assert mail.envelope.reverse_path == "someone@client.test"
    kept = mail.octets.split(b"\r\n", 3)[3]
    assert kept == (body if not split else body[:21] + end + INJECTED).replace(b"\r\n.", b"\r\n")


@pytest.mark.parametrize("end", sorted(REAL_ENDS), ids=repr)
def test_a_real_end_is_one(running: SmtpIntake, store: Store, end: bytes) -> None:
    """That the test above can fail: with CRLF.CRLF the very same octets are two mails, as the sender said."""
    peer = Peer(running.address).hello().begin()
    peer.send(b"Subject: one\r\n\r\nfirst" + end + (b"\r\n" if end.endswith(b"\0") else b"") + INJECTED + b".\r\n")
    replies = [peer.reply()[:3] for _ in range(6 if end.endswith(b"\0") else 5)]
    assert [code for code in replies if code != "500"] == ["250", "250", "250", "354", "250"]
    assert len(store.mails) == 2


def test_a_dot_at_the_very_beginning_ends_only_with_crlf(running: SmtpIntake, store: Store) -> None:
    peer = Peer(running.address).hello().begin()
    peer.send(b".\n.\r.\n" + INJECTED + b".\r\n")
    assert peer.reply()[:3] == "250"
    [mail] = store.mails
    assert mail.octets.split(b"\r\n", 3)[3] == b"\n.\r.\n" + INJECTED
