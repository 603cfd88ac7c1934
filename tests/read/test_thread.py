from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.token import Purpose, SignedId, Signer
from maildesk.read.thread import MAX_MESSAGE_IDS, Clues, clues, is_own, subject_tag
from tests.rig.facts import envelope_of, mail_of

DESK = "support@desk.example"
SIGNER = Signer(DESK, {1: b"key"})
BOB = "bob@acme.example"
ADDRESSES = (BOB, "robert@home.example")


def message_id(ticket=1042, recipient=BOB, purpose=Purpose.CUSTOMER):
    return SIGNER.message_id(purpose, ticket, recipient, bytes(10))


def address(ticket=1042, recipient=BOB, purpose=Purpose.CUSTOMER):
    return SIGNER.address(purpose, ticket, recipient)


def found(fields=(), *forward_paths, addresses=ADDRESSES):
    return clues(mail_of(fields), envelope_of(BOB, *forward_paths), SIGNER, "CB", addresses)


SIGNED = SignedId(Purpose.CUSTOMER, 1042, BOB)
TAGGED = ("Subject", "Re: [CB-1042] Printer")
ANSWERS = ("In-Reply-To", "<whatever@acme.example>")


def test_a_first_mail_has_no_clue():
    assert found() == Clues()
    assert found().proof is None


@pytest.mark.parametrize("beside", [ANSWERS, ("References", "<old@acme.example>"), TAGGED])
@pytest.mark.parametrize("place", ["forward path", "To", "Cc"])
def test_a_signed_reply_address_counts_together_with_another_sign_of_an_old_mail(beside, place):
    clue = found([beside], address()) if place == "forward path" else found([beside, (place, f"Desk <{address()}>")])
    assert clue.reply_address == clue.proof == SIGNED


@pytest.mark.parametrize("beside", [("Subject", "[CB-7] Printer"), ("Subject", "CB-1042"), ("X-Any", "thing")])
def test_a_reply_address_out_of_an_address_book_counts_for_nothing(beside):
    clue = found([beside], address())
    assert clue.reply_address is clue.proof is None


def test_an_action_address_needs_nothing_beside_it():
    clue = found((), address(purpose=Purpose.ACTION))
    assert clue.reply_address == SignedId(Purpose.ACTION, 1042, BOB)


def test_the_path_for_reports_is_no_reply_address():
    clue = found([ANSWERS], address(purpose=Purpose.BOUNCE))
    assert clue.reply_address is None


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
@pytest.mark.parametrize("spelling", [str, str.upper])
def test_our_signed_id_among_the_ids_that_a_mail_answers(field, spelling):
    clue = found([(field, f"<first@x.example> <{spelling(message_id())}> <last@x.example>")])
    assert clue.signed_id == clue.proof == SIGNED


def test_it_is_checked_against_every_address_of_the_person():
    ours = message_id(recipient="Robert@Home.example")
    assert found([("References", f"<{ours}>")]).signed_id == SignedId(Purpose.CUSTOMER, 1042, "robert@home.example")
    assert found([("References", f"<{ours}>")], addresses=[BOB]).signed_id is None
    assert found([("References", f"<{ours}>")], addresses=[]).signed_id is None


def test_what_was_signed_for_somebody_else_is_no_clue_but_an_id_to_look_up():
    ours = message_id(recipient="alice@acme.example")
    clue = found([("References", f"<{ours}>")], address(recipient="alice@acme.example"))
    assert clue == Clues(message_ids=(ours,))


def test_the_reply_address_goes_before_the_signed_id():
    clue = found([("References", f"<{message_id(7)}>")], address(1042))
    assert [proof.ticket for proof in clue.proofs] == [1042, 7]


def test_the_newest_signed_id_counts():
    references = f"<{message_id(1)}> <{message_id(2)}>"
    assert found([("References", references)]).signed_id.ticket == 2
    assert found([("References", references), ("In-Reply-To", f"<{message_id(1)}>")]).signed_id.ticket == 1


def test_the_ids_to_look_up_stand_newest_first_and_each_once():
    clue = found([("In-Reply-To", "<c@x> <b@x>"), ("References", "<a@x> <b@x> <c@x> <d@x>")])
    assert clue.message_ids == ("c@x", "b@x", "d@x", "a@x")


def test_of_very_many_ids_the_newest_and_the_oldest_are_kept():
    middle = " ".join(f"<{number}@x>" for number in range(5_000))
    clue = found([("References", f"<{message_id()}> {middle}")])
    assert len(clue.message_ids) == MAX_MESSAGE_IDS
    assert clue.message_ids[0] == "4999@x"
    assert clue.signed_id == SIGNED


@pytest.mark.parametrize(
    ("subject", "ticket"),
    [
        ("Re: [CB-1042] Printer", 1042),
        ("[cb-1042]", 1042),
        ("Re: [CB-1042] Fwd: [CB-7]", 1042),
        ("Re: CB-1042 Printer", None),
        ("[CB-01042]", None),
        ("[CB-0]", None),
        ("[CB-]", None),
        ("[CB 1042]", None),
        ("[XCB-1042]", None),
        ("[CB-\u0661\u0662]", None),
        ("[CB-1234567890123]", None),
        ("Printer", None),
        ("", None),
    ],
)
def test_the_subject_tag(subject, ticket):
    assert subject_tag(subject, "CB") == ticket
    assert found([("Subject", subject)]).tag == ticket


def test_a_prefix_is_text_and_no_pattern():
    assert subject_tag("[A.B-5]", "A.B") == 5
    assert subject_tag("[AxB-5]", "A.B") is None


ALICE = "alice@acme.example"
OWN = [
    ("our Message-ID and its recipient", [("Message-ID", f"<{message_id()}>"), ("To", BOB)], True),
    ("our Message-ID behind a list that changed From", [("Message-ID", f"<{message_id()}>"), ("To", BOB), ("From", "l@l.example")], True),
    ("our Message-ID with another recipient", [("Message-ID", f"<{message_id()}>"), ("To", ALICE)], False),
    ("a forged Message-ID", [("Message-ID", f"<{message_id()[1:]}x>"), ("To", BOB), ("From", DESK)], False),
    ("From alone", [("From", DESK), ("To", BOB)], False),
    ("a relay replaced the Message-ID",
     [("From", DESK), ("To", BOB), ("X-Loop", DESK), ("References", f"<{message_id()}> <a@x>")], True),
    ("a colleague in the desk's mailbox answers", [("From", DESK), ("To", BOB), ("References", f"<{message_id()}>")], False),
    ("a customer's answer", [("From", BOB), ("To", DESK), ("References", f"<{message_id()}>"), ("X-Loop", DESK)], False),
    ("our id further on", [("From", DESK), ("To", BOB), ("X-Loop", DESK), ("References", f"<a@x> <{message_id()}>")], False),
    ("nothing of ours", [("To", BOB)], False),
]  # fmt: skip


@pytest.mark.parametrize(("what", "fields", "own"), OWN)
def test_a_mail_of_ours_is_proved_by_its_signed_id(what, fields, own):
    assert is_own(mail_of(fields), SIGNER) is own


fields = st.lists(
    st.tuples(
        st.sampled_from(["To", "Cc", "From", "Subject", "In-Reply-To", "References", "Message-ID", "X-Loop"]),
        st.text(max_size=60) | st.sampled_from([f"<{message_id()}>", address(), "[CB-1]", BOB]),
    ),
    max_size=8,
)


@given(
    fields, st.lists(st.text(max_size=30), max_size=3), st.lists(st.text(max_size=30), max_size=3), st.text(max_size=5)
)
def test_nothing_raises_and_strangers_prove_nothing(written, forward_paths, addresses, prefix):
    mail = mail_of(written)
    clue = clues(mail, envelope_of(None, *forward_paths), SIGNER, prefix, addresses)
    assert clue.proofs == ()
    assert is_own(mail, SIGNER) in (True, False)


def test_very_many_recipients_and_ids_are_not_slow():
    many = ", ".join(f"{number}@x.example" for number in range(2_000))
    ids = " ".join(f"<{message_id(number)}>" for number in range(2_000))
    mail = mail_of([("To", many), ("References", ids)])
    started = perf_counter()
    clues(mail, envelope_of(), SIGNER, "CB", [f"{number}@y.example" for number in range(10_000)])
    is_own(mail, SIGNER)
    assert perf_counter() - started < 3
