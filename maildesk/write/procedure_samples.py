"""Samples of the procedure's notices, each at its fullest and at its barest (`maildesk.write.samples`)."""

from datetime import UTC, datetime, timedelta

from maildesk.desk.notices import (
    Answer,
    Brief,
    ChangeBrief,
    ClosedNews,
    Coming,
    Facts,
    HandOverBrief,
    HoldingUpdate,
    LadderBrief,
    MergedNews,
    OverrunBrief,
    Past,
    ResolvedNews,
    Target,
    TargetBrief,
    UpdateBrief,
    WorkaroundFound,
)

_NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
_OPENED = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
_SUBJECT = "Checkout page shows error 502 since this morning"
_BOB = "Bob Miller <bob.miller@acme.example>"
_HOUR = timedelta(hours=1)
_EMPTY = ""

_TARGETS = (
    Target("first response", "4 business hours", _OPENED + 4 * _HOUR, "missed by 2 h 10 min"),
    Target("resolution", "24 hours", _OPENED + 24 * _HOUR, "due in 16 h"),
    Target("fix commitment", "24 business hours", None, "rests: pending third party Example Payments"),
    Target("Systems Engineering Team", "2 business days", _OPENED + 48 * _HOUR, "due in 1 day 16 h"),
)
_COMING = (
    Coming(_NOW + 8 * _HOUR, "the director is told"),
    Coming(_NOW + 10 * _HOUR, "warning: resolution comes near"),
    Coming(_NOW + 16 * _HOUR, "resolution is missed"),
    Coming(_NOW + 24 * _HOUR, "a holding update goes to the customer"),
)
_HISTORY = (
    Past(
        _OPENED,
        "desk",
        f"opened by {_BOB} (request): P1, team systems engineering, contract AC-2231",
        "Hello,\n\nsince about 9 o'clock every third visitor of our shop sees an error when he pays.\n\nKind regards\nBob",
    ),
    Past(_OPENED, "desk", "step 1 of the P1 ladder: support manager was told"),
    Past(_OPENED + 0.2 * _HOUR, "eva@desk.example", "owner: eva@desk.example"),
    Past(_OPENED + 2 * _HOUR, "desk", "step 2 of the P1 ladder: systems engineering manager was told"),
    Past(_OPENED + 3 * _HOUR, "desk", "staff were warned: first response of P1 comes near"),
    Past(_OPENED + 4 * _HOUR, "desk", "first response of P1 missed"),
    Past(
        _OPENED + 5 * _HOUR,
        "eva@desk.example",
        "an internal note",
        "Looks like the payment proxy.\nThe provider does not answer the phone.",
        private=True,
    ),
    Past(
        _OPENED + 6 * _HOUR,
        "eva@desk.example",
        "the customer was answered",
        "Hello Bob,\n\nwe see the fault too. It lies between us and your payment provider; we have called them.",
    ),
    Past(
        _OPENED + 6.2 * _HOUR,
        "bob.miller@acme.example",
        "a mail of bob.miller@acme.example joined (requester, request)",
        "Thank you. It happens to card payments only.",
    ),
    Past(
        _OPENED + 7 * _HOUR, "eva@desk.example", "pending third party Example Payments: their proxy drops connections"
    ),
)
_FULL = Brief(
    number="CB-1042",
    subject=_SUBJECT,
    customer=_BOB,
    organisation="ACME Trading Ltd",
    contract="AC-2231",
    priority="P1",
    proposed=True,
    meaning="total service impact, all users, all websites",
    status="pending third party Example Payments",
    since=_OPENED + 7 * _HOUR,
    reason="their proxy drops connections",
    team="Systems Engineering Team",
    owner="Eva Lund",
    opened_at=_OPENED,
    cause="third party Example Payments",
    targets=_TARGETS,
    coming=_COMING,
    history=_HISTORY,
)
_BARE = Brief(
    number="CB-1042",
    subject=_EMPTY,
    customer="nobody that can be answered",
    organisation=_EMPTY,
    contract=_EMPTY,
    priority="P5",
    proposed=False,
    meaning=_EMPTY,
    status="open",
    since=_OPENED,
    reason=_EMPTY,
    team="Support Team",
    owner=_EMPTY,
    opened_at=_OPENED,
    cause="unknown",
)
_CAUSES = ("Whose fault was it?", "cause ours, cause customer, or cause third party NAME: reason")
_LINE = "The payment provider's proxy dropped connections; it has been replaced and card payments work again."

SAMPLES: dict[str, tuple[Facts, ...]] = {
    "ladder": (
        LadderBrief(
            _FULL, 3, "development manager", "8 hours", ("support manager", "systems engineering manager"), skipped=2
        ),
        LadderBrief(_BARE, 1, "support manager", "0 hours"),
    ),
    "handover": (
        HandOverBrief(_FULL, "Development Team", "Systems Engineering Team", "it needs a change in the payment module"),
        HandOverBrief(_BARE, "Support Team", "Development Team"),
    ),
    "warning": (
        TargetBrief(_FULL, "resolution", "24 hours", _OPENED + 24 * _HOUR),
        TargetBrief(_BARE, "first response", "4 business hours", _OPENED + 4 * _HOUR),
    ),
    "breach": (
        TargetBrief(_FULL, "first response", "4 business hours", _OPENED + 4 * _HOUR),
        TargetBrief(_BARE, "resolution", _EMPTY, _OPENED),
    ),
    "overrun": (OverrunBrief(_FULL, "Development Team", _NOW), OverrunBrief(_BARE, "Development Team", _NOW)),
    "update-ask": (UpdateBrief(_FULL, _NOW), UpdateBrief(_BARE, _NOW)),
    "priority": (
        ChangeBrief(
            _FULL,
            "Eva Lund",
            ("Priority P3 \N{RIGHTWARDS ARROW} P1.", "first response (4 business hours): missed by 2 h 10 min"),
        ),
        ChangeBrief(_BARE, _EMPTY, ()),
    ),
    "assigned": (ChangeBrief(_FULL, "Sam Hill", ("It is yours now.",)), ChangeBrief(_BARE, _EMPTY, ())),
    "cause-ask": (ChangeBrief(_FULL, "Eva Lund", _CAUSES), ChangeBrief(_BARE, _EMPTY, ())),
    "update-holding": (
        HoldingUpdate(
            "CB-1042",
            _SUBJECT,
            status="pending customer",
            waits_for="you",
            since=_OPENED,
            team="Systems Engineering Team",
            asked="Hello Bob,\n\ncan you send us the access log of this morning?\n\nEva",
            missed=("2026-11-20", "2026-11-21"),
        ),
        HoldingUpdate("CB-1042", _EMPTY, status="open", waits_for=_EMPTY, since=_OPENED, team="Support Team"),
        HoldingUpdate(
            "CB-1042",
            _SUBJECT,
            status="pending third party",
            waits_for="Example Payments",
            since=_OPENED,
            team="Systems Engineering Team",
        ),
        HoldingUpdate("CB-1042", _SUBJECT, status="workaround", waits_for=_EMPTY, since=_OPENED, team="Support Team"),
    ),
    "answer": (
        Answer(
            "CB-1042",
            _SUBJECT,
            "Eva Lund",
            "Hello Bob,\n\nwe see the fault too. It lies between us and your payment provider; we have called them, and they"
            ' promise to look at it within the hour.\n\nTo get by:\n  1. open the shop\'s settings\n  2. choose "bank transfer"\n\n'
            "Kind regards",
            others=("carol@partner.example",),
        ),
        Answer("CB-1042", _EMPTY, _EMPTY, _EMPTY),
    ),
    "workaround": (
        WorkaroundFound("CB-1042", _SUBJECT, "Choose bank transfer in the shop's settings; orders go through then."),
        WorkaroundFound("CB-1042", _EMPTY, _EMPTY),
    ),
    "resolved": (
        ResolvedNews("CB-1042", _SUBJECT, _LINE, no_answer=False, until=datetime(2026, 11, 30, 17, 0, tzinfo=UTC)),
        ResolvedNews("CB-1042", _EMPTY, _EMPTY, no_answer=True, until=None),
        ResolvedNews("CB-1042", _EMPTY, _EMPTY, no_answer=False, until=None),
    ),
    "closed": (ClosedNews("CB-1042", _SUBJECT), ClosedNews("CB-1042", _EMPTY)),
    "merged": (MergedNews("CB-1042", "CB-1039", _SUBJECT), MergedNews("CB-1042", "CB-1039", _EMPTY)),
}
CUSTOMERS = frozenset(
    {"update-holding", "answer", "workaround", "resolved", "closed", "merged"}
)  # the notices that go to them
