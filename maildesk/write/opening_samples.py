"""Samples of what staff are told of a ticket that they opened for somebody else."""

from datetime import UTC, datetime

from maildesk.desk.notices import Facts
from maildesk.desk.notices_opening import NotOpened, OpenedFor

_AT = datetime(2026, 11, 23, 10, 20, tzinfo=UTC)
_SUBJECT = "Checkout page shows error 502 since this morning"
_WORDS = "Hello,\n\nevery third visitor of our shop sees an error when he pays.\n\nBob"
_BOB = "Bob Miller <bob.miller@acme.example>"

SAMPLES: dict[str, tuple[Facts, ...]] = {
    "opened-for": (
        OpenedFor(
            "CB-1042",
            _SUBJECT,
            _BOB,
            'the mail of "Mon, 23 Nov 2026 09:00:00 +0000" that you forwarded',
            _AT,
            "P2",
            "goes to bob.miller@acme.example",
            _WORDS,
            ("your note is filed with it; it does not go to him",),
        ),
        OpenedFor(
            "CB-1042", "", "bob.miller@acme.example", "your mail", _AT, "P3", "none: a robot is not answered", ""
        ),
    ),
    "not-opened": (
        NotOpened(
            _SUBJECT, "called: noon", "it is no time", "called: 10:20", "new for bob@acme.example\ncalled: noon", 4711
        ),
        NotOpened("", "new for Bob", "one e-mail address belongs behind it", "new for bob@acme.example", "", 4711),
    ),
}
