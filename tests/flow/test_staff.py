"""Mail of the firm's own people: filed as internal notes for now; authority is stored and decides whose ticket only [12]."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from maildesk.desk.token import Purpose
from tests.rig.desk import ANN, BILL, OPERATOR, DeskUnderTest, End, Sent
from tests.rig.letters import DESK, Fields, answer, letter

OpenDesk = Callable[..., DeskUnderTest]
BOB, CANARY = "bob@acme.test", "canary7f3a"


def opened(desk: DeskUnderTest, **fields: Any) -> tuple[End, Sent]:
    """A ticket of Bob's, and its notice to Ann."""
    end = desk.receive(letter(**fields))
    return end, end.to(ANN)[0]


WAYS: list[tuple[str, Mapping[str, Any]]] = [
    ("an answer", {}),
    ("only the tag", {"threaded": False}),
    ("from another address of hers", {"sender": "Ann <ann@home.test>"}),
    ("in other letters", {"sender": "ANN@Firm.Test"}),
    ("with the customer in Cc", {"fields": {"Cc": BOB}}),
    ("to everybody", {"to": f"{DESK}, {BOB}"}),
]


@pytest.mark.parametrize(("_name", "how"), WAYS, ids=[name for name, _ in WAYS])
def test_a_staff_answer_goes_to_the_customer(desk: DeskUnderTest, _name: str, how: Mapping[str, Any]) -> None:
    first, notice = opened(desk)
    end = desk.receive(answer(notice.octets, CANARY, **{"sender": f"Ann <{ANN}>", **how}))
    assert (end.ticket, desk.kinds(first.ticket)) == (first.ticket, ["opened", "answered"])
    assert end.told == {("answer", BOB), ("joined", BILL)}
    assert "answered the customer" in end.row.reason


def test_many_mere_answers_within_an_hour_are_confirmed(desk: DeskUnderTest) -> None:
    """A robot of ours without a mark cannot talk to a robot of theirs through us for ever [Promise 6]."""
    _, notice = opened(desk)
    told = [desk.receive(answer(notice.octets, f"Our word {n}", sender=ANN)).told for n in range(6)]
    assert told == [{("answer", BOB), ("joined", BILL)}] * 4 + [{("confirmation", ANN)}] * 2


def test_a_colleague_may_answer_her_notice_only_after_he_confirmed(desk: DeskUnderTest) -> None:
    """It was made for Ann: whoever holds it proves nothing of Bill."""
    first, notice = opened(desk)
    end = desk.receive(answer(notice.octets, "I know this one", sender=f"Bill <{BILL}>"))
    assert (end.ticket, end.told) == (first.ticket, {("confirmation", BILL)})


ROBOTS: list[tuple[str, Mapping[str, str], set[tuple[str, str]]]] = [
    ("auto-reply", {"Auto-Submitted": "auto-replied"}, set()),
    ("auto-reply", {"X-Autoreply": "yes"}, set()),
    ("auto-generated", {"Auto-Submitted": "auto-generated"}, {("joined", BILL)}),
]


@pytest.mark.parametrize(("kind", "fields", "told"), ROBOTS, ids=[next(iter(fields)) for _, fields, _ in ROBOTS])
def test_her_vacation_robot_writes_no_note(
    desk: DeskUnderTest, kind: str, fields: Mapping[str, str], told: set[tuple[str, str]]
) -> None:
    first, notice = opened(desk)
    end = desk.receive(answer(notice.octets, "I am away", sender=ANN, fields=fields))
    assert (end.kind, end.ticket, end.told) == (kind, first.ticket, told)
    assert desk.last_role(first.ticket) == "robot"


def test_staff_who_open_a_ticket_are_its_requester(desk: DeskUnderTest) -> None:
    end = desk.receive(letter("My own screen is dark", sender=f"Ann <{ANN}>"))
    assert end.told == {("acknowledgement", ANN), ("new-ticket", BILL)}
    ack = end.to(ANN)[0]
    for sender in (ANN, "ann@home.test"):  # she is asked as the customer, wherever she writes from
        joined = desk.receive(answer(ack.octets, sender=sender))
        assert (joined.ticket, joined.told) == (end.ticket, {("joined", BILL)})
        assert desk.last_role(end.ticket) == "requester"
    by_tag = desk.receive(letter("It is still dark", sender=ANN, subject=f"[D-{end.ticket}] dark"))
    assert by_tag.told == {("joined", BILL)}


def test_the_same_person_as_staff_of_a_ticket_that_is_hers(desk: DeskUnderTest) -> None:
    """What she holds as staff proves that she speaks as staff."""
    end = desk.receive(letter("My own screen is dark", sender=ANN))
    as_staff = desk.office.signer.message_id(Purpose.STAFF, end.ticket or 0, ANN, b"0123456789")
    note = desk.receive(letter("note: bought a new one", sender=ANN, fields={"In-Reply-To": f"<{as_staff}>"}))
    assert (note.ticket, note.told) == (end.ticket, {("transcript", ANN), ("joined", BILL)})


def test_the_only_member_hears_of_a_ticket_that_a_robot_opened_in_his_name(open_desk: OpenDesk) -> None:
    desk = open_desk({"teams": {"support": {"members": ["Ann"]}}, "desk": {"operator": None}})
    end = desk.receive(letter("cron: backup failed", sender=ANN, fields={"Auto-Submitted": "auto-generated"}))
    assert end.told == {("new-ticket", ANN)}


def test_the_operator_hears_what_the_only_member_wrote(open_desk: OpenDesk) -> None:
    desk = open_desk({"teams": {"support": {"members": ["Ann"]}}})
    assert desk.receive(letter(sender=ANN)).told == {("acknowledgement", ANN), ("new-ticket", OPERATOR)}


def test_the_operator_gets_what_no_team_takes_and_answers_as_one_of_the_firm(open_desk: OpenDesk) -> None:
    desk = open_desk({"teams": {"support": {"members": []}}})
    first = desk.receive(letter())
    assert first.told == {("acknowledgement", BOB), ("new-ticket", OPERATOR)}
    end = desk.receive(answer(first.to(OPERATOR)[0].octets, sender=OPERATOR))
    assert (end.ticket, end.told) == (first.ticket, {("answer", BOB)})


# Authority: stored with the mail, and it decides whose ticket only.

HOP = "from client.test by mx.firm.test with ESMTP; Mon, 23 Nov 2026 09:00:01 +0000"
PASS = {"Authentication-Results": "mx.firm.test; dmarc=pass header.from=firm.test", "Received": HOP}
FORGED = {"Received": [HOP, "from a by b"], "Authentication-Results": PASS["Authentication-Results"]}
BORDER = {"trust": {"border": "mx.firm.test"}}
AUTHORITY: list[tuple[str, Mapping[str, Any], bool, Fields, bool, str]] = [
    ("forged From", {}, False, {}, False, "staff, not addressed, not passed: no border"),
    ("addressed", {}, True, {}, False, "staff, addressed (staff id of ticket {}), not passed: no border"),
    ("passed", BORDER, False, PASS, True, "staff, not addressed, passed: dmarc=pass for firm.test"),
    ("both", BORDER, True, PASS, True, "staff, addressed (staff id of ticket {}), passed: dmarc=pass"),
    ("untrusted peer", BORDER, False, PASS, False, "not passed: came neither from a mailbox nor from a trusted peer"),
    (
        "written below the border's hop",
        BORDER,
        False,
        FORGED,
        True,
        "not passed: no Authentication-Results of mx.firm.test",
    ),
]


@pytest.mark.parametrize(
    ("_name", "settings", "addressed", "fields", "trusted", "words"), AUTHORITY, ids=[row[0] for row in AUTHORITY]
)
def test_authority_is_stored_also_where_a_line_is_no_command(
    open_desk: OpenDesk,
    _name: str,
    settings: Mapping[str, Any],
    addressed: bool,
    fields: Fields,
    trusted: bool,
    words: str,
) -> None:
    desk = open_desk(settings)
    first, notice = opened(desk)
    before = desk.ticket(first.ticket)
    octets = answer(
        notice.octets, "#status resolved", sender=ANN, threaded=addressed, to=None if addressed else DESK, fields=fields
    )
    end = desk.receive(octets, trusted=trusted)
    assert words.format(first.ticket) in end.why.partition("authority: ")[2]
    assert end.told == {("doubt", ANN)}
    after = desk.ticket(first.ticket)
    assert (after.status, after.priority, after.team) == (before.status, before.priority, before.team)


AUTHORITY_OF_OTHERS = [
    ("the requester answers", BOB, "requester, addressed (customer id of ticket"),
    ("a stranger answers", "eve@evil.test", "stranger, not addressed"),
]


@pytest.mark.parametrize(("_name", "sender", "words"), AUTHORITY_OF_OTHERS, ids=[row[0] for row in AUTHORITY_OF_OTHERS])
def test_authority_of_customers(desk: DeskUnderTest, _name: str, sender: str, words: str) -> None:
    first, _ = opened(desk)
    end = desk.receive(answer(first.to(BOB)[0].octets, sender=sender))
    assert f"authority: {words}" in end.why


def test_a_customers_id_makes_nobody_staff(desk: DeskUnderTest) -> None:
    """Bob shows what he holds and writes as Ann: the id was made for him, so it proves nothing of her."""
    first, _ = opened(desk)
    end = desk.receive(answer(first.to(BOB)[0].octets, "#status resolved", sender=f"Ann <{ANN}>"))
    assert "staff, not addressed" in end.why
    assert end.told == {("doubt", ANN)}  # she, not he, reads what was written in her name


# Reading out is closed: a canary in every text, and who gets to see it.


def test_no_customers_text_reaches_anyone_but_staff(desk: DeskUnderTest) -> None:
    carol, eve = "carol@acme.test", "eve@evil.test"
    first = desk.receive(letter(f"{CANARY} of Bob", subject="Printer"))
    (ack,) = first.to(BOB)
    desk.receive(answer(ack.octets, f"{CANARY} again of Bob", fields={"Cc": carol, "Reply-To": eve}))
    desk.receive(answer(ack.octets, f"{CANARY} of Carol", sender=carol))
    desk.receive(answer(ack.octets, f"{CANARY} of Eve", sender=eve))
    desk.receive(letter(f"{CANARY} of Eve by tag", sender=eve, subject=f"[D-{first.ticket}] Printer"))
    desk.receive(answer(first.to(ANN)[0].octets, f"{CANARY} of Ann", sender=ANN, to=f"{DESK}, {BOB}"))
    desk.receive(letter(f"{CANARY} of a list", sender=eve, fields={"List-Id": "<l.evil.test>"}))
    desk.receive(letter(f"{CANARY} of a forger", sender=DESK))
    shown = {mail.to for mail in desk.outbox() if CANARY in mail.all}
    assert shown == {ANN, BILL, BOB}  # Bob has what Ann wrote to him, and nothing else
    assert not [mail for mail in desk.outbox() if mail.to == BOB and f"{CANARY} again" in mail.all]
    assert {mail.to for mail in desk.outbox()} == {ANN, BILL, OPERATOR, BOB, carol, eve}
    notes = [mail.to for mail in desk.outbox() if f"{CANARY} of Ann" in mail.all]
    assert set(notes) == {BOB, BILL}  # her answer, to the customer and her colleague


SUBJECTS = [
    ("click http://evil.test/login now", "http"),
    ("write to eve@evil.test", "eve@evil.test"),
    ("see evil.test", "evil.test"),
    ("a\tb\x07 \u202egnp.exe", "\u202e"),
]


@pytest.mark.parametrize(("subject", "canary"), SUBJECTS)
def test_the_acknowledgement_repeats_nothing_of_a_strangers_that_acts(
    desk: DeskUnderTest, subject: str, canary: str
) -> None:
    encoded = f"=?utf-8?q?{''.join(f'={octet:02x}' for octet in subject.encode())}?="
    text = f"{CANARY}\nName: {CANARY}\nOrganisation: {CANARY} Ltd\nPhone: 0800 {CANARY}\nContract: {CANARY}1"
    sender = f'"{CANARY} {CANARY}" <bob@acme.test>'
    (ack,) = desk.receive(letter(text, sender=sender, subject=encoded)).to(BOB)
    assert canary not in ack.all
    assert CANARY not in ack.all
