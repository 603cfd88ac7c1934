"""Samples of the morning's mails."""

from datetime import UTC, datetime

from maildesk.desk.notices import DigestCount, DigestRow, Facts, ManagerDigest, StaffDigest

_MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
_LATE = DigestRow(
    "CB-1042", "Checkout page shows error 502 since this morning", "Bob Miller", "P2", "open", "Eva Lund",
    "3 days 4 h", "resolution: missed by 4 h 10 min", 106, late=True,
)  # fmt: skip
_DUE = DigestRow(
    "CB-1051", "", "carol@partner.example", "P3", "open", "Support Team", "5 h", "first response: due in 1 h 20 min", 66,
    late=False,
)  # fmt: skip
_RESTS = DigestRow(
    "CB-1037", "Which ports do we need?", "Dan", "P4", "pending customer", "Support Team", "6 days", "", 0, late=False
)

SAMPLES: dict[str, tuple[Facts, ...]] = {
    "digest": (
        StaffDigest(_MORNING, (_LATE, _RESTS), (_DUE,), more=12),
        StaffDigest(_MORNING, (), (_DUE,)),
    ),
    "overview": (
        ManagerDigest(
            _MORNING,
            (
                DigestCount("P2", 1, 0, 1, "3 days 4 h"),
                DigestCount("P3", 4, 1, 0, "5 h"),
                DigestCount("P4", 0, 1, 0, "6 days"),
            ),
            (_LATE, _DUE, _RESTS),
            ("ACME Trading Ltd: 3 h, 36.00 GBP", "Harbour Hotels: 2 h, no fee known"),
        ),
        ManagerDigest(_MORNING, (), ()),
    ),
}
