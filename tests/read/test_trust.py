import json
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.token import Purpose, SignedId
from maildesk.read.authentication_results import Result, read_authentication_results
from maildesk.read.mail import Envelope
from maildesk.read.thread import Clues
from maildesk.read.trust import Standing, authority
from tests.rig.facts import NOON, mail_of

MX = "mx.desk.example"
MAILBOX = Envelope("imap", NOON)
NO_CLUES = Clues()
PASS = ("Authentication-Results", f"{MX}; dmarc=pass (p=reject) header.from=acme.example")
FAIL = ("Authentication-Results", f"{MX}; dmarc=fail header.from=acme.example")
NONE = ("Authentication-Results", f"{MX}; dmarc=none header.from=acme.example")
OUR_STORE = ("Received", f"from {MX} by imap.desk.example with LMTP; Mon, 2 Mar 2026")
OUR_HOP = ("Received", f"from mail.acme.example (mail.acme.example [192.0.2.1]) by {MX} with ESMTPS; Mon, 2 Mar 2026")
OLD_HOP = ("Received", "from laptop by mail.acme.example with ESMTPSA; Mon, 2 Mar 2026")
FORGED_HOP = ("Received", f"from mail.acme.example by {MX} with ESMTPS; Mon, 2 Mar 2026")


def decided(fields, *, border=MX, envelope=MAILBOX, clues=NO_CLUES, role=Standing.STAFF):
    return authority(mail_of(fields), envelope, clues, role=role, border=border)


def results(value):
    return ("Authentication-Results", f"{MX}; {value}")


ORDERS = [
    ("the field above the border's own hop", [PASS, OUR_HOP, OLD_HOP], True),
    ("the field below the border's own hop", [OUR_HOP, PASS, OLD_HOP], True),
    ("inner hops above the border", [OUR_STORE, OUR_HOP, PASS, OLD_HOP], True),
    ("the border was the first hop", [OUR_HOP, PASS], True),
    ("no hop wrote a Received", [PASS], True),
    ("the border writes no Received, its field is topmost", [PASS, OLD_HOP], True),
    ("forged below an older hop", [OUR_HOP, OLD_HOP, PASS], False),
    ("forged with a hop of the border's name", [OUR_HOP, FORGED_HOP, PASS], False),
    ("forged, and the border writes no Received", [OLD_HOP, PASS], False),
    ("forged below inner hops and older ones", [OUR_STORE, OUR_HOP, OLD_HOP, PASS, OLD_HOP], False),
    ("the border's failure above a forged pass", [OUR_HOP, FAIL, OLD_HOP, PASS], False),
    ("the border's failure beside a forged pass", [OUR_HOP, FAIL, PASS, OLD_HOP], False),
    ("a forged pass above the border's failure", [PASS, OUR_HOP, FAIL, OLD_HOP], False),
    ("the border knows of no policy, beside a forged pass", [OUR_HOP, NONE, PASS, OLD_HOP], False),
    ("the same said twice", [PASS, OUR_HOP, PASS, OLD_HOP], True),
    ("no field at all", [OUR_HOP, OLD_HOP], False),
    ("the name of the border inside another host's", [("Received", f"from a by {MX}.evil.example"), PASS], False),
    ("the border named by its peer only", [("Received", f"from {MX} by mail.evil.example"), PASS], False),
    ("a host of the border's domain", [("Received", f"from a by a1.{MX}"), PASS, OLD_HOP], True),
    ("names in other letters", [("RECEIVED", f"FROM a BY {MX.upper()}; now"), ("AUTHENTICATION-RESULTS", PASS[1].upper())], True),
]  # fmt: skip


@pytest.mark.parametrize(("what", "fields", "passed"), ORDERS)
def test_only_what_the_border_wrote_counts(what, fields, passed):
    assert decided(fields).passed is passed


SAYINGS = [
    ("dmarc=pass header.from=acme.example", True),
    ("dmarc = pass header.from = ACME.example.", True),
    ('dmarc=pass header.from="acme.example"', True),
    ("spf=fail smtp.mailfrom=x; dkim=fail header.d=acme.example; dmarc=pass header.from=acme.example", True),
    ("dmarc=pass header.from=evil.example", False),
    ("dmarc=pass header.from=evil.example; dkim=pass header.d=acme.example", False),
    ("dmarc=pass", False),
    ("dmarc=pass header.from=acme.example; dmarc=fail header.from=acme.example", False),
    ("dmarc=fail header.from=acme.example; dkim=pass header.d=acme.example", False),
    ("dmarc=none header.from=acme.example; dkim=pass header.d=acme.example", True),
    ("dmarc=temperror; dkim=pass header.d=acme.example", True),
    ("dkim=pass header.d=acme.example header.s=k1 header.b=abc==", True),
    ("dkim=pass header.b=abc== header.d=acme.example", True),
    ("dkim=pass header.i=@acme.example header.s=k1", True),
    ("dkim=pass header.i=bob@mail.acme.example", False),
    ("dkim=pass header.d=esp.example; dkim=pass header.d=acme.example", True),
    ("dkim=fail header.d=acme.example; dkim=pass header.d=acme.example", True),
    ("dkim/1=pass header.d=acme.example", True),
    ("dkim=pass (header.d=acme.example)", False),
    ("dkim=pass header.d=evil.example header.d=acme.example", False),
    ("dkim=pass header.d=evil-acme.example", False),
    ("dkim=pass header.d=sub.acme.example", False),
    ("dkim=pass header.d=example", False),
    ("dkim=fail header.d=acme.example", False),
    ("dkim=policy.pass header.d=acme.example", False),
    ("spf=pass smtp.mailfrom=bob@acme.example", False),
    ('spf=fail reason="; dmarc=pass header.from=acme.example"', False),
    ("spf=fail (; dmarc=pass header.from=acme.example)", False),
    ("spf=fail (a \\); dmarc=pass header.from=acme.example ; b)", False),
    ('spf=fail smtp.mailfrom="x; dmarc=pass header.from=acme.example"@evil.example', False),
    ("none", False),
    ("", False),
]


@pytest.mark.parametrize(("saying", "passed"), SAYINGS)
def test_what_the_border_says(saying, passed):
    decision = decided([OUR_HOP, results(saying), OLD_HOP])
    assert decision.passed is passed
    assert decision.why


def test_a_parent_domain_signs_for_its_children():
    fields = [("From", "bob@mail.acme.example"), OUR_HOP, results("dkim=pass header.d=acme.example")]
    assert decided(fields).passed


def test_contradicting_policies_of_two_fields_are_no_result():
    signed = results("dkim=pass header.d=acme.example; dmarc=none header.from=acme.example")
    assert decided([signed, OUR_HOP]).passed
    assert decided([signed, OUR_HOP, PASS]).why == f"contradicting DMARC results of {MX}"


def test_contradicting_signatures_of_two_fields_are_no_result():
    fields = [results("dkim=pass header.d=acme.example"), OUR_HOP, results("dkim=fail header.d=acme.example")]
    assert decided(fields).why == f"contradicting DKIM results of {MX}"


@pytest.mark.parametrize("authserv_id", ["evil.example", "", f"x{MX}", f"{MX}.evil.example", "mx.google.com"])
def test_another_id_than_the_borders_says_nothing(authserv_id):
    field = ("Authentication-Results", f"{authserv_id}; dmarc=pass header.from=acme.example")
    assert not decided([field, OUR_HOP]).passed


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ([("From", "bob@acme.example, eve@evil.example")], "two addresses"),
        ([("From", "bob@acme.example"), ("From", "eve@evil.example")], "two fields"),
        ([("From", "bob@acme.example"), ("From", "nobody")], "two fields, one of them no address"),
        ([("From", "nobody")], "no address"),
    ],
)
def test_from_must_be_one_address(fields, why):
    assert not decided([PASS, *fields]).passed, why


@pytest.mark.parametrize(
    ("envelope", "passed"),
    [
        (Envelope("imap", NOON), True),
        (Envelope("smtp", NOON, peer_trusted=True), True),
        (Envelope("lmtp", NOON, peer_trusted=True), True),
        (Envelope("smtp", NOON), False),
        (Envelope("import", NOON), False),
    ],
)
def test_fields_count_from_a_mailbox_or_a_trusted_peer_only(envelope, passed):
    assert decided([PASS, OUR_HOP], envelope=envelope).passed is passed
    internal = ("X-MS-Exchange-Organization-AuthAs", "Internal")
    assert decided([internal], envelope=envelope, border="microsoft365").passed is passed


@pytest.mark.parametrize("border", ["none", "", "None"])
def test_without_a_border_nothing_passes(border):
    assert decided([PASS, OUR_HOP], border=border).why == "no border is set"


GMAIL_HOP = ("Received", "from mail.acme.example by mx.google.com with ESMTPS id x; Mon, 2 Mar 2026")
GMAIL_INNER = ("Received", "by 2002:a05:6402:1:b0 with SMTP id y; Mon, 2 Mar 2026")
GMAIL_PASS = (
    "Authentication-Results",
    (
        "mx.google.com; dkim=pass header.i=@acme.example header.s=k header.b=Q+a; spf=pass (google.com: domain of"
        " bob@acme.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=bob@acme.example;"
        " dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=acme.example"
    ),
)


@pytest.mark.parametrize(
    ("fields", "passed"),
    [([GMAIL_INNER, GMAIL_HOP, GMAIL_PASS, OLD_HOP], True), ([GMAIL_INNER, GMAIL_HOP, OLD_HOP, GMAIL_PASS], False)],
)
def test_gmail(fields, passed):
    assert decided(fields, border="gmail").passed is passed


AUTH_AS = "X-MS-Exchange-Organization-AuthAs"
WITHOUT_ID = (
    "Authentication-Results",
    "spf=pass smtp.mailfrom=acme.example; dmarc=pass action=none header.from=acme.example",
)


@pytest.mark.parametrize(
    ("fields", "passed"),
    [
        ([(AUTH_AS, "Internal")], True),
        ([(AUTH_AS.lower(), "internal ")], True),
        ([(AUTH_AS, "Anonymous")], False),
        ([(AUTH_AS, "Internal"), (AUTH_AS, "Anonymous")], False),
        ([WITHOUT_ID], False),  # it names no border: anybody could have written it
        ([PASS, OUR_HOP], False),
        ([], False),
    ],
)
def test_microsoft_365_vouches_for_its_own_users_only(fields, passed):
    assert decided(fields, border="microsoft365").passed is passed


def test_microsofts_mark_says_nothing_at_another_border():
    assert not decided([(AUTH_AS, "Internal"), OUR_HOP]).passed


ADDRESSED = [
    (Standing.STAFF, Purpose.STAFF, True),
    (Standing.MANAGER, Purpose.STAFF, True),
    (Standing.STAFF, Purpose.CUSTOMER, False),
    (Standing.STAFF, Purpose.NOTE, False),
    (Standing.REQUESTER, Purpose.CUSTOMER, True),
    (Standing.PARTICIPANT, Purpose.CUSTOMER, True),
    (Standing.STRANGER, Purpose.CUSTOMER, True),
    (Standing.REQUESTER, Purpose.STAFF, False),
]


@pytest.mark.parametrize(("role", "purpose", "addressed"), ADDRESSED)
def test_addressed_is_a_signed_id_made_for_the_writer_in_his_role(role, purpose, addressed):
    clues = Clues(signed_id=SignedId(purpose, 1042, "bob@acme.example"))
    decision = decided([], clues=clues, role=role)
    assert (decision.addressed, decision.purpose, decision.ticket) == (addressed, purpose, 1042)


def test_the_fitting_id_is_shown_where_there_are_two():
    clues = Clues(
        reply_address=SignedId(Purpose.CUSTOMER, 7, "bob@acme.example"),
        signed_id=SignedId(Purpose.STAFF, 1042, "bob@acme.example"),
    )
    assert decided([], clues=clues).summary.startswith("staff, addressed (staff id of ticket 1042), not passed: ")


def test_it_is_stored_and_shown_whole():
    decision = decided([PASS, OUR_HOP], clues=Clues(signed_id=SignedId(Purpose.STAFF, 1042, "bob@acme.example")))
    why = f"dmarc=pass for acme.example by {MX}"
    assert decision.summary == f"staff, addressed (staff id of ticket 1042), passed: {why}"
    stored = {"role": "staff", "addressed": True, "purpose": "s", "ticket": 1042, "passed": True, "why": why}
    stored |= {"burned": False, "stale": False}
    assert json.loads(json.dumps(decision.to_json())) == stored
    assert decided([]).summary.startswith("staff, not addressed, not passed: no Authentication-Results")
    assert decided([]).to_json()["purpose"] is None


def test_a_field_is_read_into_its_parts():
    read = read_authentication_results('MX.example 1; spf=pass (a (nested) comment) smtp.mailfrom="a b"@x; dkim = none')
    assert read.authserv_id == "mx.example"
    assert read.results == (Result("spf", "pass", {"smtp.mailfrom": "a b@x"}), Result("dkim", "none", {}))


@given(st.text(alphabet=st.sampled_from('adkim=pass;()"\\ .@\t\n' + "é"), max_size=200) | st.text(max_size=100))
def test_nothing_raises(value):
    read_authentication_results(value)
    decision = decided([("Authentication-Results", f"{MX};{value}"), ("Received", value), ("From", value)])
    assert decision.summary


@pytest.mark.parametrize("unit", ["(", '"', "\\", ";", "=", "a=", "a;", "()", '"\\'])
def test_no_field_is_slow(unit):
    field = ("Authentication-Results", f"{MX};" + unit * 300_000)
    started = perf_counter()
    decided([field, ("Received", "by " * 100_000), field])
    assert perf_counter() - started < 3
