"""Samples of the credit statement's facts: at their fullest, and at their barest."""

from maildesk.desk.notices import CreditRow, CreditStatement, Facts

_FIRST = CreditRow(
    "CB-1042",
    "Checkout page shows error 502 since this morning",
    "line",
    "3 h x 1 % of 1,200.00 GBP = 36.00",
    ("3 h in breach, from 24 Nov 2026 09:30 GMT to 24 Nov 2026 12:30 GMT: P1, resolution due 24 Nov 2026 09:30 GMT",),
)
_CUT = CreditRow(
    "CB-1057",
    "The shop is away",
    "line",
    "26 h x 1 % of 1,200.00 GBP = 312.00, cut to 264.00 by the cap of 25 % for 2026-11",
    (
        "9 h in breach, from 25 Nov 2026 08:00 GMT to 25 Nov 2026 17:00 GMT: P2, resolution due 24 Nov 2026 18:12 GMT",
        "17 h in breach, from 26 Nov 2026 08:00 GMT to 27 Nov 2026 16:00 GMT: P1, resolution due 22 Nov 2026 18:12 GMT",
    ),
)
_TAKEN = CreditRow(
    "CB-1017",
    "Backup slow",
    "correction by eva@desk.example",
    "-2 h of 2026-10 x 1 % of 1,200.00 GBP = -24.00; counted although the customer had asked us to wait",
)

SAMPLES: dict[str, tuple[Facts, ...]] = {
    "credit-statement": (
        CreditStatement(
            contract="AC-2231",
            organisation="ACME Trading Ltd",
            month="November 2026",
            state="proposed",
            fee="1,200.00 GBP a month, on 1 November 2026",
            rate="1 % of the fee for each business hour in breach, at most 25 % (300.00 GBP)",
            rows=(_FIRST, _CUT, _TAKEN),
            hours="27 h",
            total="276.00 GBP",
            cut="48.00 GBP",
            decisions=("proposed by desk: 276.00 GBP for 27 h; by the rules 0a1b2c3d",),
            command="AC-2231 2026-11",
        ),
        CreditStatement(
            contract="none",
            organisation="",
            month="November 2026",
            state="proposed",
            fee="not known",
            rate="1 % of the fee for each business hour in breach, at most 25 %",
            rows=(CreditRow("CB-1060", "", "line", "2 h, without money: no monthly fee is known for 2026-11-01"),),
            hours="2 h",
            total="no money",
            remarks=("These tickets name no contract, so nobody can be credited.",),
        ),
    ),
}
