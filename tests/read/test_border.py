"""Whether a mail shows that the border removes what a stranger forges."""

import pytest

from maildesk.read.border import WITNESS_FIELD, forged_field, trial
from maildesk.read.mail import Envelope
from tests.rig.facts import NOON, mail_of

MX, CODE = "mx.desk.example", "abcdefgh23456777"
MAILBOX = Envelope("imap", NOON)
WITNESS = (WITNESS_FIELD, CODE)
OWN = ("Authentication-Results", f"{MX}; dmarc=fail header.from=elsewhere.example")
HOP = ("Received", f"from elsewhere by {MX}; Mon, 2 Mar 2026")
AUTH_AS = "X-MS-Exchange-Organization-AuthAs"


def forged(border):
    name, _, value = forged_field(border, CODE).partition(": ")
    return name, value


GMAIL = ("Authentication-Results", "mx.google.com; spf=pass smtp.mailfrom=a@elsewhere.example")
TRIALS = [
    ("removed", MX, [OWN, HOP, WITNESS], True),
    ("below its own hop", MX, [HOP, OWN, WITNESS], True),
    ("still there", MX, [OWN, HOP, WITNESS, forged(MX)], False),
    ("still there, and nothing of its own", MX, [HOP, forged(MX), WITNESS], False),
    ("no results of its own", MX, [HOP, WITNESS], False),
    ("another server's results", MX, [GMAIL, HOP, WITNESS], False),
    ("no witness: perhaps nothing was forged", MX, [OWN, HOP], False),
    ("the witness of another desk", MX, [OWN, HOP, (WITNESS_FIELD, "other")], False),
    ("gmail", "gmail", [GMAIL, WITNESS], True),
    ("gmail, still there", "gmail", [GMAIL, WITNESS, forged("gmail")], False),
    ("microsoft", "microsoft365", [(AUTH_AS, "Anonymous"), WITNESS], True),
    ("microsoft, still there", "microsoft365", [(AUTH_AS, "Anonymous"), WITNESS, forged("microsoft365")], False),
    ("microsoft, another way", "microsoft365", [WITNESS], False),
]


@pytest.mark.parametrize(("_what", "border", "fields", "holds"), TRIALS, ids=[row[0] for row in TRIALS])
def test_a_trial(_what, border, fields, holds):
    found = trial(mail_of(fields), MAILBOX, border, CODE)
    assert found.holds is holds
    assert found.words


@pytest.mark.parametrize(
    ("envelope", "holds"),
    [
        (Envelope("smtp", NOON), False),
        (Envelope("smtp", NOON, peer_trusted=True), True),
        (Envelope("import", NOON), False),
    ],
)
def test_only_where_the_border_counts(envelope, holds):
    assert trial(mail_of([OWN, HOP, WITNESS]), envelope, MX, CODE).holds is holds
