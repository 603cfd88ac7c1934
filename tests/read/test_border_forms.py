"""Authentication-Results in the forms that the usual borders write, whole: what passes, and what must not."""

import pytest

from maildesk.read.mail import Envelope
from maildesk.read.thread import Clues
from maildesk.read.trust import Standing, authority
from tests.rig.facts import NOON, mail_of

MX = "mx.desk.example"
AR = "Authentication-Results"
MAILBOX = Envelope("imap", NOON)
POSTFIX = (
    "Received",
    f"from mail.acme.example (mail.acme.example [192.0.2.1])\r\n\tby {MX} (Postfix) with ESMTPS id 4F; now",
)
OLDER = ("Received", "from laptop by mail.acme.example with ESMTPSA; now")

RSPAMD = (
    f'{MX};\r\n\tdkim=pass header.d=acme.example header.s=mail header.b="b/Rk+x1=";\r\n'
    f"\tspf=pass ({MX}: domain of bob@acme.example designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=bob@acme.example;\r\n\tdmarc=pass (policy=quarantine) header.from=acme.example"
)
RSPAMD_NO_POLICY = (
    f"{MX};\r\n\tdkim=pass header.d=acme.example header.s=mail header.b=x1;\r\n"
    "\tdmarc=none;\r\n\tspf=none (mx: domain of bob@acme.example has no SPF policy when checking 192.0.2.1)"
    " smtp.mailfrom=bob@acme.example"
)
RSPAMD_FORGED = (
    f'{MX};\r\n\tdkim=none;\r\n\tdmarc=fail reason="SPF not aligned (relaxed), No valid DKIM"'
    " header.from=acme.example (policy=reject);\r\n\tspf=pass smtp.mailfrom=eve@elsewhere.example"
)
OPENDKIM = (
    f"{MX};\r\n\tdkim=pass (2048-bit key; unprotected) header.d=acme.example header.i=@acme.example"
    " header.a=rsa-sha256 header.s=mail header.b=Zx8/q1;\r\n\tdkim-atps=neutral"
)
OPENDMARC = f"{MX}; dmarc=pass (p=reject dis=none) header.from=acme.example"
OPENDMARC_SPF = f"{MX}; spf=pass smtp.mailfrom=bob@acme.example"
OPENDMARC_FAIL = f"{MX}; dmarc=fail (p=none dis=none) header.from=acme.example"
OPENDMARC_OTHER = f"{MX}; dmarc=pass (p=none dis=none) header.from=elsewhere.example"
OWN_HOST = [
    ("rspamd", [RSPAMD], True),
    ("rspamd, domain without a policy, aligned signature", [RSPAMD_NO_POLICY], True),
    ("rspamd, forged From", [RSPAMD_FORGED], False),
    ("OpenDKIM alone", [OPENDKIM], True),
    ("OpenDMARC, OpenDKIM and policyd-spf, a field each", [OPENDMARC, OPENDMARC_SPF, OPENDKIM], True),
    ("OpenDMARC alone", [OPENDMARC], True),
    ("OpenDMARC, SPF only", [OPENDMARC_SPF], False),
    ("OpenDMARC, failed, policy none", [OPENDMARC_FAIL, OPENDKIM], False),
    ("OpenDMARC, of another From", [OPENDMARC_OTHER], False),
    ("OpenDMARC, a pass and a failure", [OPENDMARC, OPENDMARC_FAIL], False),
]
GOOGLE_HOP = (
    "Received",
    "from mail.acme.example (mail.acme.example. [192.0.2.1])        by mx.google.com with ESMTPS id d2; now",
)
GOOGLE_INNER = ("Received", "by 2002:a05:7010:c8:b0:3a1:1:2 with SMTP id ay8csp1; now")
GOOGLE = (
    'mx.google.com;\r\n       dkim=pass header.i=@acme.example header.s=mail header.b="aB+/c=";\r\n'
    "       arc=pass (i=1 spf=pass spfdomain=acme.example dkim=pass dkdomain=acme.example dmarc=pass fromdomain=acme.example);\r\n"
    "       spf=pass (google.com: domain of bob@acme.example designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=bob@acme.example;\r\n"
    "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=acme.example;\r\n"
    "       dara=pass header.i=@desk.example"
)
GOOGLE_FORGED = GOOGLE.replace("dmarc=pass (p=REJECT", "dmarc=fail (p=NONE").replace(
    "dkim=pass header.i=@acme", "dkim=pass header.i=@elsewhere"
)
AUTH_AS = "X-MS-Exchange-Organization-AuthAs"
MICROSOFT = (
    "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=acme.example; dkim=pass (signature was verified)\r\n"
    " header.d=acme.example;dmarc=pass action=none\r\n header.from=acme.example;compauth=pass reason=100"
)
HOSTED = [
    ("Gmail", "gmail", [GOOGLE_INNER, GOOGLE_HOP, (AR, GOOGLE), OLDER], True),
    ("Gmail, forged From", "gmail", [GOOGLE_INNER, GOOGLE_HOP, (AR, GOOGLE_FORGED), OLDER], False),
    ("Gmail's results, kept by another border", MX, [POSTFIX, (AR, GOOGLE), OLDER], False),
    ("Gmail's seal over another server's results", "gmail", [GOOGLE_HOP, ("ARC-Authentication-Results", f"i=1; {GOOGLE}")], False),
    ("Microsoft 365, a colleague", "microsoft365", [(AR, "dkim=none (message not signed) header.d=none"), (AUTH_AS, "Internal"),
     ("X-MS-Exchange-Organization-AuthMechanism", "04"), ("X-MS-Exchange-Organization-AuthSource", "DB1.outlook.example")], True),
    ("Microsoft 365, from outside", "microsoft365", [(AR, MICROSOFT), (AUTH_AS, "Anonymous")], False),
    ("Microsoft 365, no mark", "microsoft365", [(AR, MICROSOFT)], False),
]  # fmt: skip


def passed(fields, border):
    found = authority(mail_of(fields), MAILBOX, Clues(), role=Standing.STAFF, border=border)
    assert found.why
    return found.passed


@pytest.mark.parametrize(("_form", "values", "expected"), OWN_HOST, ids=[row[0] for row in OWN_HOST])
def test_a_border_of_ones_own(_form, values, expected):
    fields = [(AR, value) for value in values]
    assert passed([*fields, POSTFIX, OLDER], MX) is expected
    assert passed([POSTFIX, *fields, OLDER], MX) is expected
    assert passed([POSTFIX, OLDER, *fields], MX) is False, "below an older hop anybody may have written it"


@pytest.mark.parametrize(("_form", "border", "fields", "expected"), HOSTED, ids=[row[0] for row in HOSTED])
def test_a_hosted_border(_form, border, fields, expected):
    assert passed(fields, border) is expected
