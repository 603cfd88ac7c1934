"""Letters as tests write them, and the hostile ones; run as a program by any Python, it says what is wrong with them."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from maildesk.read.mail import Attachment
from maildesk.write.compose import Letter, compose
from tests.rig.wellformed import faults_of

DESK, BOB = "support@desk.example", "bob@acme.example"
OWN_ID = "abcdefghijklmnop.c1042.1.qrstuvwxyz234567@desk.example"
LETTER = Letter(
    from_name="Capital Bytes Support",
    from_address=DESK,
    to_name="Bob Miller",
    to_address=BOB,
    subject="[CB-1042] Shop is down",
    text="Hello,\n\nthank you for your mail.\n",
    html="<p>Hello,</p>\n",
    message_id=OWN_ID,
    date=datetime(2026, 11, 23, 18, 30, tzinfo=UTC),
    loop_mark=DESK,
    auto_submitted="auto-replied",
    in_reply_to=("their.id@acme.example",),
    references=(OWN_ID, "older.id@acme.example", "their.id@acme.example"),
)
LONG_ID = f"{'x' * 120}@AM6PR0102MB1234.eurprd01.prod.outlook.com"
NASTY = (
    "a\r\nBcc: eve@evil.example",
    "a\nX-Evil: 1",
    "a\rX-Evil: 1",
    "a\0b\x1b[31m",
    "a\u2028X-Evil: 1\u0085X-Evil: 1\x0bX: 1\x0cX: 1\x1cX: 1",
    "=?utf-8?q?a=0D=0ABcc: eve@evil.example?=",
    "=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?= x",
    '"Eve" <eve@evil.example>, <eve@evil.example>',
    "eve@evil.example, \\",
    '\\" <eve@evil.example>',
    "\udcff\ud800 lone surrogates",
    "Zoë " + "\N{GRINNING FACE}" * 300,
    "\u202egnp.exe \u2066x\u2069 \u200b",
    "x" * 2000,
    "word " * 500,
    " \t ",
    "",
    "(comment) : group:; [tag]",
    "{{ 7*7 }} {% raw %} ${7*7}",
    "From me\n.\n\nFrom you\n..\n--" + "=_",
)
NASTY_IDS = (
    "=?utf-8?q?a=0D=0AX: 1?=@x",
    "=?utf-8?q?a?=@x.example",
    "a@b>\r\nBcc: eve@evil.example",
    "a b@x",
    "a@b@c",
    "noat",
    "",
    "<a@b>",
    "é@x",
    'a"b@x',
    "a,b@x",
    "a@" + "b" * 900,
)


def hostile_letters() -> Iterator[Letter]:
    """Each nasty text in each place that a stranger's text can come to."""
    for nasty in NASTY:
        attachment = Attachment(nasty, nasty, "file", 3, nasty, b"abc")
        yield replace(LETTER, to_name=nasty)
        yield replace(LETTER, from_name=nasty)
        yield replace(LETTER, subject=nasty)
        yield replace(LETTER, text=nasty, html=nasty)
        yield replace(LETTER, attachments=(attachment, replace(attachment, content_type="message/rfc822")))
    for nasty in (*NASTY, *NASTY_IDS):
        yield replace(LETTER, in_reply_to=(nasty,), references=(OWN_ID, nasty, "their.id@acme.example"))


def faults() -> list[str]:
    """What is wrong with the mails made of them."""
    found = []
    for at, letter in enumerate(hostile_letters()):
        found += [f"letter {at}: {fault}" for fault in faults_of(compose(letter), sender=DESK, recipient=BOB)]
    return found


if __name__ == "__main__":
    json.dump(
        {"version": sys.version_info[:2], "letters": len(list(hostile_letters())), "faults": faults()}, sys.stdout
    )
