"""No real mail is refused, and every octet of it is kept [promise 14]."""

from pathlib import Path

import pytest

from tests.rig.intake import Peer, Store, intake

MAILS = Path(__file__).resolve().parents[2].parent / "shared" / "mails" / "mails"

pytestmark = pytest.mark.skipif(not MAILS.is_dir(), reason="the real mail is not here (../shared/mails)")


def on_the_wire(mail: bytes) -> bytes:
    """As a correct client sends it: dots protected, the end after a CRLF (RFC 5321 §4.5.2)."""
    return (b"\r\n" + mail).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


@pytest.mark.parametrize("crlf", [True, False], ids=["line ends as sent", "bare LF as stored"])
def test_every_real_mail_is_taken_and_kept(crlf: bool) -> None:
    store = Store()
    files = [path for path in sorted(MAILS.rglob("*")) if path.is_file()]
    mails = [path.read_bytes() for path in files]
    if crlf:
        mails = [mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for mail in mails]
    mails = [mail if mail.endswith(b"\r\n") else mail + b"\r\n" for mail in mails]
    with intake(store, max_message_bytes=33_554_432) as running:
        peer = Peer(running.address).hello()
        for path, mail in zip(files, mails, strict=True):
            peer.begin().send(on_the_wire(mail))
            assert peer.reply()[:3] == "250", path
    assert len(mails) > 100
    for path, mail, kept in zip(files, mails, store.mails, strict=True):
        assert kept.octets.split(b"\r\n", 3)[3] == mail, path
