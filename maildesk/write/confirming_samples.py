"""Samples of what is asked of our own people before a mail in their name is obeyed."""

from datetime import UTC, datetime

from maildesk.desk.notices import Facts
from maildesk.desk.notices_confirming import Confirmation

_NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
_UNTIL = datetime(2026, 11, 23, 19, 31, tzinfo=UTC)

SAMPLES: dict[str, tuple[Facts, ...]] = {
    "confirmation": (
        Confirmation(
            "CB-1042",
            "Re: [CB-1042] Checkout page shows error 502 since this morning",
            ("owner sam", "resolved: the payment proxy was full; we have made room and watch it"),
            "abcdefgh2345",
            _UNTIL,
            "eva@desk.example",
            _NOW,
            "it answers no mail of ours to its writer",
        ),
        Confirmation("", "", ("new for bob.miller@acme.example",), "abcdefgh2345", _UNTIL, "eva@desk.example", _NOW),
    ),
}
