"""Samples of what the writer of a command mail is told."""

from datetime import UTC, datetime

from maildesk.desk.notices import Facts
from maildesk.desk.notices_orders import Changed, Due, InDoubt, Order, Transcript

_AT = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
_SUBJECT = "Checkout page shows error 502 since this morning"
_TEXT = "Hello Bob,\n\nwe found it: the disk of one of our gateways is full.\n\nSam"

SAMPLES: dict[str, tuple[Facts, ...]] = {
    "transcript": (
        Transcript(
            "CB-1042",
            _SUBJECT,
            (Order("take", done=True), Order("priority P2", done=True), Order("answered the customer", done=True)),
            obeyed=True,
            changed=(Changed("priority", "P3 (proposed)", "P2"), Changed("owner", "", "Sam")),
            due=(Due("first response", "met", None), Due("resolution", "due in 70 h", _AT)),
            undo="4-6-k2xq7m4abc",
            told=("the customer: Hello Bob, we found it: the disk of one of our gateways is full.",),
        ),
        Transcript(
            "CB-1042",
            "",
            (
                Order("owner Sma", done=False, why="none of our people is called Sma", right="owner Sam"),
                Order("take", done=False, why="another line was refused, so nothing was done"),
            ),
            obeyed=False,
            text=_TEXT,
        ),
    ),
    "doubt": (
        InDoubt("CB-1042", _SUBJECT, "nore: he is furious", "it is no command", "note: he is furious", _TEXT, 17),
        InDoubt("CB-1042", "", "take it", "take stands alone", "take", "take it", 18),
    ),
}
