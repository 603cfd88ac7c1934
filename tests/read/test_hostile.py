"""Mail made to break or to slow its reader: each is read, within two seconds of CPU, with its fault told.

The sizes are those of promise 13, up to the largest mail that is taken in.
"""

import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maildesk.read.address import usable
from maildesk.read.mail import Mail
from maildesk.read.message_id import is_message_id
from maildesk.read.parse import read_mail

LONGEST = 2.0  # seconds of CPU, on a slow machine that does much else; none took 0.7 where it was written
MEGA = 1_000_000

FROM = b"From: a@b.example\r\nSubject: s\r\n"
HTML = FROM + b"Content-Type: text/html\r\n\r\n"
MIXED = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"

HOSTILE = {
    "10,000 fields": (b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + FROM + b"\r\nhi", "too many fields"),
    "a header without end": (b"A: b\r\n" * 3_000_000, "header is too long"),
    "a field without end": (b"Subject: " + b"x" * 20 * MEGA, "header is too long"),
    "a fold without end": (b"A: b\r\n" + b" x\r\n" * 3_000_000, "header is too long"),
    "50,000 recipients": (FROM + b"To: " + b",\r\n ".join(b'"N, %d" <u%d@x.example>' % (n, n) for n in range(50_000)) + b"\r\n\r\nhi", "header is too long"),
    "30,000 short recipients": (FROM + b"To: " + b",".join([b"a@b"] * 30_000) + b"\r\n\r\nhi", "too many addresses in To"),
    "900 broken fields": (FROM + (b"To: " + b"a <b@c," * 35 + b"\r\n") * 900 + b"\r\n", ""),
    "nested 1,000 deep": (FROM + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_000)), "nested too deep"),
    "messages 1,000 deep": (FROM + b"Content-Type: message/rfc822\r\n\r\n" * 1_000, ""),
    "10,000 parts": (MIXED + b"--b\r\n\r\nx\r\n" * 10_000 + b"--b--\r\n", "too many parts"),
    "5,000,000 lines like a delimiter": (MIXED + b"--b\r\n\r\nx\r\n" + b"--bx\n" * 5 * MEGA, "look like the end of a part"),
    "500 parts with 1,000 fields": (MIXED + (b"--b\r\n" + b"X: y\r\n" * 999 + b"\r\nx\r\n") * 499 + b"--b--", "too many fields"),
    "500 parts with long names": (MIXED + (b'--b\r\nContent-Type: text/plain; name="' + b"=?utf-8?q?a?= " * 4_500 + b'"\r\n\r\nx\r\n') * 499 + b"--b--", ""),
    "500 messages with long subjects": (MIXED + (b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: " + b"=?utf-8?q?a?= " * 4_000 + b"\r\n\r\nx\r\n") * 499 + b"--b--", ""),
    "500 parts of HTML": (MIXED + (b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>x" * 500 + b"\r\n") * 499 + b"--b--", "too many tags"),
    "100,000 attributes": (HTML + b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">hi</p>", ""),
    "1 MB in one tag": (HTML + (b"<p " + b" ".join(b"a%d" % n for n in range(200_000)))[:MEGA] + b">hi", ""),
    "tags 100,000 deep": (HTML + b"<div>" * 100_000 + b"hi", "too many tags"),
    "quotations 10,000 deep": (HTML + b"<blockquote>" * 10_000 + b"hi<br>" * 9_000, ""),
    "tables 6,000 deep": (HTML + b"<table><tr><td>" * 6_000 + b"hi", ""),
    "links in links": (HTML + b'<a href="http://x.example/aaaa">t' * 19_000, ""),
    "end tags of others": (HTML + b"<b><i>" * 5_000 + b"</p>" * 10_000 + b"x", ""),
    "1,000,000 open brackets": (HTML + b"<" * MEGA, "too many tags"),
    "entities": (HTML + b"<!DOCTYPE h [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>" + b"&b;&amp;&#x;" * 80_000, ""),
    "1,000,000 NUL": (FROM + b"\r\n" + b"\0" * MEGA, ""),
    "5,000,000 CR": (FROM + b"\r\n" + b"\r" * 5 * MEGA, "text is too long"),
    "one line of 30 MB": (FROM + b"\r\n" + b"a" * 30 * MEGA, "text is too long"),
    "any octets": (bytes(range(256)) * 40_000, "no header"),
    "40,000 encoded words": (b"Subject: " + b"=?utf-8?q?a?= " * 40_000 + b"\r\n\r\n", "header is too long"),
    "encoded words without end": (b"Subject: " + b"=?a?q?x" * 9_000 + b"\r\n\r\n", ""),
    "encoded words in From": (b"From: " + b"=?utf-8?b?YQ==?= " * 3_800 + b" <a@b.example>\r\n\r\n", ""),
    "a long word in idna": (b"From: =?idna?q?" + b"a" * 60_000 + b"?= <a@b.example>\r\n\r\n", ""),
    "quotes": (b"From: " + b'"' * 60_000 + b"\r\n\r\n", "no usable address"),
    "quotes and backslashes": (b"From: " + b'"\\' * 30_000 + b"a@b.example\r\n\r\n", ""),
    "comments": (b"From: " + b"(" * 60_000 + b"a@b.example\r\n\r\n", ""),
    "angles": (b"From: " + b"<" * 60_000 + b"a@b.example\r\n\r\n", ""),
    "at signs": (b"From: " + b"@" * 60_000 + b"\r\n\r\n", "no usable address"),
    "groups": (b"From: " + b"g:a@b.c;" * 8_000 + b"\r\n\r\n", ""),
    "parameters": (FROM + b"Content-Type: text/plain" + b';a="\\"' * 9_000 + b"\r\n\r\nhi", ""),
    "parameters without end": (FROM + b"Content-Type: text/plain;" + b"a " * 30_000 + b"\r\n\r\nhi", ""),
    "900 continuations": (FROM + b"Content-Type: text/plain" + b"".join(b";f*%d*=%%41" % n for n in range(900)) + b"\r\n\r\nhi", ""),
    "references": (FROM + b"References: " + b"<a" * 30_000 + b"\r\n\r\n", ""),
    "a date of brackets": (FROM + b"Date: " + b"(" * 60_000 + b"\r\n\r\n", "date cannot be read"),
    "a year without end": (FROM + b"Date: 1 Jan " + b"9" * 60_000 + b" 00:00 +0000\r\n\r\n", "date cannot be read"),
    "broken base64": (FROM + b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJDR" * 4_000_001, "base64 was damaged"),
    "no base64 at all": (FROM + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"!" * 10 * MEGA, "text is too long"),
    "short lines of uuencode": (FROM + b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: uuencode\r\n\r\nbegin 644 a\n" + b"M\n" * 5 * MEGA, "too long for uuencoding"),
    "flowed lines": (FROM + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> a \r\n" * 160_000, ""),
    "escapes of iso-2022-jp": (FROM + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + b"\x1b$B" * 300_000, ""),
    "utf-7": (FROM + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+2AA-" * 160_000, ""),
    "a zip bomb": (FROM + b"Content-Type: application/zip; name=a.zip\r\n\r\nPK\3\4" + b"\0" * MEGA, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_soon(name: str) -> None:
    octets, fault = HOSTILE[name]
    began = time.process_time()
    mail = read_mail(octets)
    assert time.process_time() - began < LONGEST
    assert fault in " / ".join(mail.faults)
    assert not any(each.startswith("the mail cannot") for each in mail.faults)
    assert_clean(mail)


def assert_clean(mail: Mail) -> None:
    texts = [mail.text, mail.html, mail.subject, *(text for _, text in mail.reports), *mail.faults]
    for text in texts:
        text.encode("utf-8")  # refuses lone surrogates
        assert not set(text) & set("\0\r\x08\x0b\x1b\x7f\x85\u2028")
    lines = [mail.subject, *(text for pair in mail.fields for text in pair), *(each.name for each in mail.attachments)]
    for person in (*mail.from_, *mail.to, *mail.cc, *mail.reply_to):
        assert usable(person.address) == person.address
        lines.append(person.name)
    for line in lines:
        line.encode("utf-8")
        assert not set(line) & set("\0\r\n\t\x1b")
    assert all(is_message_id(each) for each in (*mail.references, *mail.in_reply_to, *filter(None, [mail.message_id])))


MODEL = (
    b'Received: from x\r\nFrom: "Doe, Jane" <jane@example.com>\r\nTo: a@b.example, =?utf-8?q?J=C3=B6rg?= <c@d.example>\r\n'
    b"Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <a.b@example.com>\r\n"
    b'References: <c@d> <e@f>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_b"\r\n\r\n--=_b\r\n'
    b"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nHello=20\r\nw=C3=B6rld\r\n> quoted \r\n--c\r\n"
    b"Content-Type: text/html\r\n\r\n<p>Hello <a href='http://x.example'>w&ouml;rld</a><blockquote>q</blockquote></p>\r\n--c--\r\n"
    b"--=_b\r\nContent-Type: application/pdf; name*=utf-8''%41.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n"
    b"--=_b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--=_b\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: in\r\n\r\nx\r\n--=_b--\r\n"
)
SNIPPETS = [b"\r\n", b"\n", b"\r", b"\0", b"--=_b", b"--c", b"=?", b"?=", b"=?utf-7?q?+2AA-?=", b"\xff\xfe", b"\xed\xa0\x80", b'"', b"<", b">", b"(", b"\\",
            b";", b"charset=idna", b"multipart/", b"base64", b"Content-Type: ", b"\x1b$B", b"&#xd800;", b"<pre>", b"*0*=", b"%"]  # fmt: skip


def mutated(seed: int) -> bytes:
    """The model with pieces cut, doubled, moved and put in."""
    chance = random.Random(seed)
    octets = MODEL
    for _ in range(chance.randint(1, 8)):
        here, there = sorted((chance.randrange(len(octets) + 1), chance.randrange(len(octets) + 1)))
        octets = chance.choice(
            [
                octets[:here] + octets[min(there, here + 30) :],
                octets[:here] + chance.choice(SNIPPETS) + octets[here:],
                octets[:there] + octets[here : here + 60] + octets[there:],
                octets[: max(there, 20)],
                octets[:here] + bytes([chance.randrange(256)]) + octets[here + 1 :],
            ]
        )
    return octets


@pytest.mark.parametrize("block", range(10))
def test_mutated_mail_is_read_and_clean(block: int) -> None:
    for seed in range(block * 200, block * 200 + 200):
        mail = read_mail(mutated(seed))
        assert_clean(mail)
        assert not any("cannot be read" in each and "date" not in each for each in mail.faults), (seed, mail.faults)


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_octets(octets: bytes) -> None:
    mail = read_mail(octets)
    assert_clean(mail)
    assert "the mail cannot be read; the raw mail is kept" not in mail.faults


@given(
    st.sampled_from([b"From", b"To", b"Subject", b"Date", b"Message-ID", b"References", b"Content-Type"]),
    st.binary(max_size=200),
)
def test_any_field(name: bytes, value: bytes) -> None:
    mail = read_mail(name + b": " + value + b"\r\n\r\nbody")
    assert_clean(mail)
    assert not any("broken" in each for each in mail.faults)
