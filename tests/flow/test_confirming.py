"""What stands behind a mail of our own people: burning, other tickets' ids, confirmation by code, a border's word."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from maildesk import flow
from maildesk.desk.token import Purpose
from maildesk.read.trust import Standing, authority
from maildesk.steps.confirming import ask_confirmation, backing, border_believed, confirmed_code, take_confirmation
from maildesk.steps.reading import read
from maildesk.store import bookmarks, inbound
from maildesk.store.schema import confirmation
from tests.rig.desk import ANN, BILL, OPERATOR
from tests.rig.letters import DESK, letter

OUTSIDER, BOB = "eve@elsewhere.test", "bob@acme.test"


def stored(desk, octets):
    """A mail in the store as it is read, before anything is done with it."""
    flow.accept(desk.office, [desk.incoming(octets)])
    with desk.reading() as transaction:
        (waiting,) = inbound.load(transaction, [desk.received()[-1].id])
    return read(waiting, desk.office.signer, desk.office.people, "D", desk.office.settings.intake)


def signed(desk, ticket=1001, random=b"0123456789"):
    return f"<{desk.office.signer.message_id(Purpose.STAFF, ticket, ANN, random)}>"


def of_ann(desk, text="take", *, to=DESK, **fields):
    fields.setdefault("In-Reply-To", signed(desk))
    return stored(desk, letter(text, sender=ANN, to=to, fields=fields))


def backed(desk, reading):
    stated = authority(reading.mail, reading.waiting.envelope, reading.clues, role=Standing.STAFF, border="none")
    with desk.database.writing() as transaction:
        return backing(transaction, desk.office, reading, stated, desk.office.people.at(ANN), desk.clock())


def asked(desk, reading):
    with desk.database.writing() as transaction:
        person = desk.office.people.at(ANN)
        return ask_confirmation(transaction, desk.office, reading, 1001, ["take"], person, desk.clock(), "why")


def confirmed(desk, reading, person=ANN):
    with desk.database.writing() as transaction:
        return take_confirmation(transaction, desk.office, reading, desk.office.people.at(person), desk.clock())


SEEN = [
    ({}, False), ({"Cc": BILL}, False), ({"Cc": "ann@home.test"}, False), ({"to": f"{DESK}, {OPERATOR}"}, False),
    ({"to": "support+s1.1.x@desk.test"}, False), ({"Cc": BOB}, True), ({"to": f"{DESK}, {OUTSIDER}"}, True),
    ({"to": OUTSIDER, "Cc": DESK}, True), ({"Cc": "supporter@desk.test"}, True),
]  # fmt: skip


@pytest.mark.parametrize(("how", "burns"), SEEN)
def test_a_mail_that_outsiders_get_burns_its_ids_for_later_mails(desk, how, burns):
    first = backed(desk, of_ann(desk, **how))
    assert (first.addressed, first.burned) == (True, False), "the mail itself is as good as it was"
    later = backed(desk, of_ann(desk, "close"))
    assert (later.addressed, later.burned) == (True, burns)


def test_a_later_notice_carries_an_id_that_nobody_has_seen(desk):
    backed(desk, of_ann(desk, Cc=BOB))
    fresh = of_ann(desk, References=signed(desk), **{"In-Reply-To": signed(desk, random=b"9876543210")})
    assert not backed(desk, fresh).burned
    assert backed(desk, of_ann(desk, "close", References=signed(desk))).burned


def test_the_id_of_another_ticket_says_nothing_of_this_one(desk):
    bob = desk.office.signer.message_id(Purpose.STAFF, 7, ANN, b"0123456789")
    assert backed(desk, of_ann(desk, References=f"<{bob}>")).addressed
    customer = desk.office.signer.message_id(Purpose.CUSTOMER, 7, ANN, b"0123456789")
    mixed = of_ann(desk, References=signed(desk), **{"In-Reply-To": f"<{customer}>"})
    assert not backed(desk, mixed).addressed


def test_a_mail_whose_date_is_days_off_is_stale(desk):
    assert not backed(desk, of_ann(desk)).stale
    desk.clock.go_on(days=4)
    assert backed(desk, of_ann(desk)).stale


def test_the_code_goes_to_the_first_address_and_confirms_once(desk):
    held = of_ann(desk, From="ann@home.test")
    (notice,) = asked(desk, held)
    assert (notice.name, notice.recipient.address, notice.ticket) == ("confirmation", ANN, 1001)
    assert (notice.facts.lines, notice.facts.number) == (("take",), "D-1001")
    assert notice.facts.until == desk.clock() + timedelta(minutes=60)
    answer = of_ann(desk, f"Yes.\nConfirm {notice.facts.code.upper()}\n")
    assert confirmed(desk, answer) == held.waiting.id
    assert confirmed(desk, answer) is None, "a code is good once"


def test_only_its_hash_is_kept(desk):
    (notice,) = asked(desk, of_ann(desk))
    with desk.reading() as transaction:
        row = transaction.execute(select(confirmation)).one()
    assert notice.facts.code not in repr(row)


def test_a_code_is_asked_for_once_while_it_is_good(desk):
    held = of_ann(desk)
    assert asked(desk, held)
    assert asked(desk, held) == []
    desk.clock.go_on(minutes=60)
    (again,) = asked(desk, held)
    assert confirmed(desk, of_ann(desk, f"confirm {again.facts.code}")) == held.waiting.id


REFUSED = [
    ("too late", lambda desk, code: (desk.clock.go_on(minutes=60), of_ann(desk, f"confirm {code}"))[1], ANN),
    ("another person", lambda desk, code: stored(desk, letter(f"confirm {code}", sender=BILL)), BILL),
    ("a quote", lambda desk, code: of_ann(desk, f"I did not!\n\n> confirm {code}"), ANN),
    ("below a lead-in", lambda desk, code: of_ann(desk, f"What?\n\nOn Monday the desk wrote:\n> confirm {code}"), ANN),
    ("in a sentence", lambda desk, code: of_ann(desk, f"They want me to say: confirm {code} now"), ANN),
    ("a robot", lambda desk, code: of_ann(desk, f"confirm {code}", **{"Auto-Submitted": "auto-replied"}), ANN),
    ("a wrong code", lambda desk, _: of_ann(desk, "confirm aaaaaaaaaaaa"), ANN),
]


@pytest.mark.parametrize(("_name", "mail", "person"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_confirms_nothing(desk, _name, mail, person):
    (notice,) = asked(desk, of_ann(desk))
    assert confirmed(desk, mail(desk, notice.facts.code), person) is None


def test_after_three_an_hour_the_operator_is_told_instead(desk):
    told = [asked(desk, of_ann(desk, f"take {i}")) for i in range(5)]
    assert [[notice.name for notice in each] for each in told] == [["confirmation"]] * 3 + [["alert"]] * 2
    assert told[3][0].recipient.address == OPERATOR
    assert told[3][0].key == told[4][0].key, "one alert an hour"
    desk.clock.go_on(minutes=61)
    assert asked(desk, of_ann(desk))[0].name == "confirmation"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("confirm abcdefgh2345", "abcdefgh2345"),
        ("  #confirm  ABCDEFGH2345. ", "abcdefgh2345"),
        ("confirm: abcdefgh2345", "abcdefgh2345"),
        ("confirm abcdefgh234", None),
        ("confirm abcdefgh23456", None),
        ("confirm abcdefgh0000", None),
        ("please confirm abcdefgh2345", None),
        ("confirm", None),
    ],
)
def test_the_line_of_a_code(line, code):
    assert confirmed_code(line) == code


@pytest.mark.parametrize(
    ("trust", "seen", "believed"),
    [
        ({}, "", False),
        ({"border": "mx.firm.test"}, "", False),
        ({"border": "mx.firm.test"}, "mx.firm.test", True),
        ({"border": "mx.firm.test"}, "mx.other.test", False),
        ({"border": "mx.firm.test", "border_stated": True}, "", True),
        ({"border_stated": True}, "", False),
    ],
)
def test_a_border_is_believed_once_it_was_seen_or_by_the_operators_word(open_desk, trust, seen, believed):
    desk = open_desk({"trust": trust})
    with desk.database.writing() as transaction:
        bookmarks.put(transaction, bookmarks.border(seen), "2026-11-23") if seen else None
        assert border_believed(transaction, desk.office) is believed
