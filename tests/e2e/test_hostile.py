"""Mail made to break or to slow the desk, through the running daemon [promises 13, 14].

After each one a plain mail is answered within seconds; each is a ticket (or held, with its reason) and the two
processes stay small.
"""

import io
import random
import smtplib
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from maildesk.checks import prove
from maildesk.store.schema import inbound, outbox
from tests.read.test_hostile import FROM, HTML, MEGA, MIXED
from tests.read.test_hostile import HOSTILE as FOR_THE_READER
from tests.rig.daemon import DaemonUnderTest, daemon_under_test
from tests.rig.letters import DESK, letter
from tests.rig.ports import HOST, wait_until
from tests.rig.relay import Relay

SECONDS = 10.0  # until a plain mail is answered, on a machine that does much else
MEMORY = 512 * 1024  # KiB, both processes at their peaks together
PARTS = 6  # daemons, so that two workers can share them


def zip_bomb() -> bytes:
    """200 MB of nothing, packed twice."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("zeros", bytes(50 * MEGA))
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(4):
            archive.writestr(f"{number}.zip", inner.getvalue())
    return outer.getvalue()


def bomb_of_messages() -> bytes:
    """Each message holds the one before twice, until the caps are met."""
    octets = b"Content-Type: text/plain\r\n\r\nboom\r\n"
    for depth in range(14):
        part = b"--b%d\r\nContent-Type: message/rfc822\r\n\r\n" % depth + octets
        octets = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n" % depth + part * 2 + b"--b%d--\r\n" % depth
    return FROM + octets


def text(body: bytes, field: bytes = b"Content-Type: text/plain; charset=utf-8") -> bytes:
    return FROM + field + b"\r\n\r\n" + body


NO_TEXT = ("rot13", "zlib", "hex", "base64", "bz2", "uu", "quopri", "punycode", "idna", "undefined", "unicode_escape")
FOR_THE_DESK: dict[str, bytes] = {
    **{f"charset {name}": text(b"eJwDAAAAAAE= \\u0000", b"Content-Type: text/plain; charset=" + name.encode()) for name in NO_TEXT},
    **{f"subject in {name}": b"From: a@b.example\r\nSubject: =?" + name.encode() + b"?q?eJw?=\r\n\r\nhi" for name in NO_TEXT},
    "a charset that is a path": text(b"hi", b'Content-Type: text/plain; charset="../../etc/passwd"'),
    "a charset without end": text(b"hi", b"Content-Type: text/plain; charset=" + b"x" * 60_000),
    "NUL everywhere": b"Fr\0om: a@b.example\r\nFrom: a\0@b.example\r\nSubject: n\0ul\r\nX\0: \0\r\n\r\nn\0ul\0",
    "bare CR and LF": b"From: a@b.example\nSubject: bare\rX-Forged: 1\n\rTo: x@y.example\r\r\n\nhi\rthere\nhi\r.\rquit\n.\n",
    "a zip bomb that unpacks": FROM + b"Content-Type: application/zip; name=a.zip\r\n\r\n" + zip_bomb(),
    "a bomb of messages": bomb_of_messages(),
    "spaces": text(b"a" + b" " * MEGA + b"b"),
    "lines of spaces": text((b" " * 990 + b"x\r\n") * 1_000),
    "quotes": text(b'"' * MEGA),
    "signs of quotation": text(b">" * MEGA + b"\r\n" + b"> " * 500_000 + b"\r\n" + b">\r\n" * 300_000),
    "dashes": text(b"-" * MEGA + b"\r\n" + b"--\r\n" * 250_000 + b"-- \r\n" * 100_000 + b"_" * MEGA),
    "labels": text(b"Name: " * 150_000 + b"\r\n" + b"Phone:\r\n" * 100_000),
    "On ... wrote:": text(b"On " * 100_000 + b"wrote:\r\n" + b"On Mon wrote\r\n" * 60_000),
    "numbers": text(b"+44 " + b"1 " * 400_000 + b"(0)" * 100_000),
    "addresses": text(b"a@" * 400_000 + b"<mailto:" * 50_000),
    "links": text(b"http://" * 100_000 + b"www." * 100_000),
    "braces": text(b"{{ 7*7 }}{% for x in y %}" * 20_000) + b"{{" * 100_000,
    "white space in HTML": HTML + b"<p>" + b" &nbsp;\n" * 120_000 + b"x",
    "comments in HTML": HTML + b"<!--" * 200_000 + b"x",
    "30 MB of attachment": MIXED + b"--b\r\n\r\nhi\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJDREVGR0hJSktM" * 4 * 460_000 + b"\r\n--b--\r\n",
    "a line of 1 MB in the header": b"X-Long: " + b"x" * MEGA + b"\r\n" + FROM + b"\r\nhi",
    "a Subject of 60,000": b"From: a@b.example\r\nSubject: " + "ü".encode() * 30_000 + b"\r\n\r\nhi",
    "nothing at all": b"",
    "one line end": b"\r\n",
    "junk": random.Random(7).randbytes(MEGA),
    "no From": b"Subject: who am I?\r\n\r\nhi",
    "nothing but From": b"From: a@b.example\r\n",
    "1,000 Received": b"Received: from a by b; Mon, 23 Nov 2026 10:00:00 +0000\r\n" * 1_000 + FROM + b"\r\nround and round",
    "400 attachments": MIXED + b"".join(b"--b\r\nContent-Type: image/png; name=%d.png\r\n\r\nx\r\n" % n for n in range(400)) + b"--b--\r\n",
    "10,000 References": FROM + b"References: " + b"".join(b"<%d@b.example>\r\n " % n for n in range(10_000)) + b"\r\n\r\nhi",
    "a bounce of everybody": FROM + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + b"".join(b"Final-Recipient: rfc822; u%d@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n" % n for n in range(10_000)) + b"--b--\r\n",
}  # fmt: skip
HOSTILE = {**{name: octets for name, (octets, _) in FOR_THE_READER.items()}, **FOR_THE_DESK}
HELD = {"1,000 Received"}


@pytest.mark.parametrize("part", range(PARTS))
def test_after_each_hostile_mail_a_plain_one_is_answered_soon(tmp_path: Path, part: int) -> None:
    mails = dict(list(HOSTILE.items())[part::PARTS])
    with Relay() as relay, daemon_under_test(tmp_path, f"sqlite:///{tmp_path / 'desk.db'}", relay.port) as desk:
        desk.start(hasty=False)
        slow = {name: took for name, took in answers_after(desk, relay, mails).items() if took > SECONDS}
        desk.wait_until_quiet()
        assert slow == {}
        assert what_became_of(desk, mails) == {name: "held" if name in HELD else "done" for name in mails}
        assert memory_of(desk) < MEMORY
        assert list(prove(desk.database)) == []


def answers_after(desk: DaemonUnderTest, relay: Relay, mails: Mapping[str, bytes]) -> dict[str, float]:
    """Send each mail and a plain one after it; the seconds until that is answered."""
    took = {}
    for number, (name, octets) in enumerate(mails.items()):
        with smtplib.SMTP(HOST, desk.port, timeout=60) as server:
            server.ehlo("client.test")
            assert say(server, "mallory@b.example", octets) == 250, name
            began = time.monotonic()
            customer = f"customer{number}@acme.test"
            assert say(server, customer, letter(sender=customer)) == 250
        wait_until(lambda c=customer: any(mail.recipients == (c,) for mail in relay.mails), f"no answer: {name}", 60)  # type: ignore[misc]
        took[name] = time.monotonic() - began
    return took


def say(server: smtplib.SMTP, sender: str, octets: bytes) -> int:
    """The reply code to a whole mail, its octets as they are."""
    server.mail(sender)
    server.rcpt(DESK)
    try:
        return server.data(octets)[0]
    except smtplib.SMTPDataError as refusal:
        return refusal.smtp_code


def what_became_of(desk: DaemonUnderTest, mails: Mapping[str, bytes]) -> dict[str, str]:
    """The state of each, in the order they were sent: every other row is a plain mail's."""
    rows = desk.rows(select(inbound).order_by(inbound.c.id))
    assert len(rows) == 2 * len(mails)
    assert all(row.reason for row in rows)
    opened = {row.inbound for row in desk.rows(select(outbox.c.inbound))}
    lost = [name for name, row in zip(mails, rows[::2], strict=True) if row.id not in opened and row.kind != "bounce"]
    assert lost == [], "nobody was told of them"
    return {name: row.state for name, row in zip(mails, rows[::2], strict=True)}


def memory_of(desk: DaemonUnderTest) -> int:
    """The peak of the daemon and of its back room together, in KiB."""
    return sum(peak(pid) for pid in (desk.process.pid, desk.back_room))


def peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
