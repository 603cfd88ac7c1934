from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.receive import smtp_policy as policy
from maildesk.receive.data import OVER_LIMIT
from maildesk.receive.smtp_policy import MailCommand

AT = datetime(2026, 3, 29, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("FROM:<a@b.test>", MailCommand("a@b.test", 0, False)),
        ("from: <A@B.test>", MailCommand("A@B.test", 0, False)),
        ("FROM:<>", MailCommand("", 0, False)),
        ("FROM:< >", MailCommand("", 0, False)),
        ("FROM:<a@b.test> SIZE=100 body=8bitmime SMTPUTF8", MailCommand("a@b.test", 100, True)),
        ("FROM:<a@b.test> SIZE=101", OVER_LIMIT),
        ("FROM:<a@b.test> SIZE=99999999999999999999", OVER_LIMIT),
        ("FROM:<a@b.test> SIZE=999999999999999999999", policy.SYNTAX_MAIL),
        ("FROM:<a@b.test> SIZE=-1", policy.SYNTAX_MAIL),
        ("FROM:<a@b.test> SIZE=²", policy.SYNTAX_MAIL),
        ("FROM:<a@b.test> SIZE", policy.SYNTAX_MAIL),
        ("FROM:<a@b.test> BODY=BINARYMIME", policy.BAD_BODY),
        ("FROM:<a@b.test> SMTPUTF8=1", policy.BAD_PARAMETER),
        ("FROM:<a@b.test> RET=HDRS", policy.BAD_PARAMETER),
        ("FROM:a@b.test SIZE=7", MailCommand("a@b.test", 7, False)),
        ('FROM:<"a > b"@b.test> SIZE=7', MailCommand('"a > b"@b.test', 7, False)),
        ("FROM:<@x.test,@y.test:a@b.test>", MailCommand("a@b.test", 0, False)),
        ("FROM:<user.@docomo.test>", MailCommand("user.@docomo.test", 0, False)),
        ("FROM:<grün@straße.test>", MailCommand("grün@straße.test", 0, False)),
        ("FROM:<prvs=tag=a@b.test>", MailCommand("prvs=tag=a@b.test", 0, False)),
        ("FROM:<MAILER-DAEMON>", MailCommand("MAILER-DAEMON", 0, False)),
        ("FROM:<a@b.test", policy.SYNTAX_MAIL),
        ("FROM:", policy.SYNTAX_MAIL),
        ("a@b.test", policy.SYNTAX_MAIL),
        (None, policy.SYNTAX_MAIL),
        ("FROM:<a b@c.test>", policy.BAD_REVERSE_PATH),
        ("FROM:<a<b@c.test>", policy.BAD_REVERSE_PATH),
        ("FROM:<a\0@b.test>", policy.BAD_REVERSE_PATH),
        ("FROM:<a\r@b.test>", policy.BAD_REVERSE_PATH),
        ('FROM:<"a\r"@b.test>', policy.BAD_REVERSE_PATH),
        ("FROM:<a\udcff@b.test>", policy.BAD_REVERSE_PATH),
        ("FROM:<a\u2028@b.test>", policy.BAD_REVERSE_PATH),
        (f"FROM:<{'a' * 513}@b.test>", policy.BAD_REVERSE_PATH),
    ],
)
def test_mail(argument: str | None, said: MailCommand | str) -> None:
    assert policy.read_mail_command(argument, 100) == said


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("TO:<a@b.test>", ("a@b.test", "")),
        ("to:<postmaster>", ("postmaster", "")),
        ("TO:<>", ("", policy.BAD_FORWARD_PATH)),
        ("TO:<a@b.test> NOTIFY=NEVER", ("a@b.test", policy.BAD_PARAMETER)),
        ("TO:", ("", policy.SYNTAX_RCPT)),
        ("FROM:<a@b.test>", ("", policy.SYNTAX_RCPT)),
        ("TO:<a\nb@c.test>", ("", policy.BAD_FORWARD_PATH)),
    ],
)
def test_rcpt(argument: str, said: tuple[str, str]) -> None:
    path, refusal = policy.read_rcpt_command(argument)
    assert refusal == said[1]
    assert refusal or path == said[0]


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("support@desk.test", True),
        ("SUPPORT@Desk.TEST", True),
        ("support+c1042.1.abc@desk.test", True),
        ("support+@desk.test", True),
        ('"support"@desk.test', True),
        ("postmaster@desk.test", True),
        ("Postmaster@DESK.test", True),
        ("postmaster", True),
        ("PostMaster", True),
        ("support", False),
        ("supporter@desk.test", False),
        ("sup+port@desk.test", False),
        ("support@other.test", False),
        ("support@desk.test.evil.test", False),
        ("support@desk.test@other.test", False),
        ("postmaster@other.test", False),
        ("@desk.test", False),
        ("support%other.test@desk.test", False),
    ],
)
def test_whose_address_it_is(path: str, ours: bool) -> None:
    assert policy.is_ours(path, "Support@desk.test") is ours


def test_a_desk_address_may_have_a_sub_address_itself() -> None:
    assert policy.is_ours("help+desk@desk.test", "help+desk@desk.test")


@pytest.mark.parametrize(
    ("lmtp", "extended", "tls", "utf8", "name"),
    [
        (False, False, False, False, "SMTP"),
        (False, True, False, False, "ESMTP"),
        (False, True, True, False, "ESMTPS"),
        (False, True, True, True, "UTF8SMTPS"),
        (True, True, False, False, "LMTP"),
        (True, True, False, True, "UTF8LMTP"),
    ],
)
def test_protocol(lmtp: bool, extended: bool, tls: bool, utf8: bool, name: str) -> None:
    assert policy.protocol_name(lmtp=lmtp, extended=extended, tls=tls, smtputf8=utf8) == name


def received(helo: str, peer: str) -> bytes:
    return policy.received_field(helo=helo, peer=peer, host="maildesk.desk.test", protocol="ESMTP", mail_id="1f", at=AT)


def test_a_long_greeting_is_cut() -> None:
    assert received("a" * 3000, "").startswith(b"Received: from " + b"a" * 255 + b"\r\n")


def test_trace_field() -> None:
    assert received("mx.test", "2001:db8::1") == (
        b"Received: from mx.test ([IPv6:2001:db8::1])\r\n\tby maildesk.desk.test with ESMTP id 1f;\r\n"
        b"\tSun, 29 Mar 2026 01:02:03 +0000\r\n"
    )
    assert received("", "").startswith(b"Received: from unknown\r\n")


@given(st.text())
def test_no_greeting_adds_a_line_or_a_comment(helo: str) -> None:
    field = received(helo, "192.0.2.1")
    assert (field.count(b"\n"), field.count(b"("), field.count(b";")) == (3, 1, 1)
    assert max(map(len, field.split(b"\r\n"))) < 998
