"""Which ticket a mail belongs to, in the order of mail-rules "Which ticket"; outsiders [10]; what is kept of it [20]."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from tests.rig.desk import ANN, BILL, DeskUnderTest, End, Sent
from tests.rig.letters import BOB, DESK, answer, letter

CAROL, EVE = "Carol <carol@acme.test>", "Eve <eve@evil.test>"
OpenDesk = Callable[..., DeskUnderTest]
BOBS, CAROLS, EVES = "bob@acme.test", "carol@acme.test", "eve@evil.test"


class Opened:
    """A ticket of Bob's, and what its people hold of it."""

    def __init__(self, desk: DeskUnderTest, subject: str = "Printer", sender: str = BOB) -> None:
        self.octets = letter(subject=subject, sender=sender)
        self.end = desk.receive(self.octets)
        self.number = self.end.ticket or 0
        self.tag = f"[D-{self.number}]"
        self.ack = next(mail for mail in self.end.sent if mail.notice == "acknowledgement")
        self.to_ann = self.end.to(ANN)[0]

    @property
    def signed(self) -> str:
        return str(self.ack.mail["Message-ID"])

    @property
    def thread(self) -> str:
        """The id of ticket and recipient that stays the same."""
        return str(self.ack.mail["References"]).split()[0]

    @property
    def reply_to(self) -> str:
        return str(self.ack.mail["Reply-To"])


@pytest.fixture
def bobs(desk: DeskUnderTest) -> Opened:
    return Opened(desk)


def write(desk: DeskUnderTest, sender: str, subject: str = "News", **fields: str) -> End:
    """A mail with nothing in it that leads to a ticket but these fields (``Reply_To`` is Reply-To)."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return desk.receive(letter("Some news.", sender=sender, subject=subject, fields=named))


Clue = Callable[[Opened], Mapping[str, str]]
CLUES: Sequence[tuple[str, Clue, str]] = [
    ("signed id answered", lambda it: {"In_Reply_To": it.signed}, "our signed id"),
    ("signed id in References", lambda it: {"References": f"<x@y> {it.signed} <z@y>"}, "our signed id"),
    ("thread id, Message-ID replaced", lambda it: {"References": f"{it.thread} <relay@relay>"}, "our signed id"),
    ("own mail answered", lambda it: {"In_Reply_To": "<letter@x>", "References": own_id(it)}, "a mail of the ticket"),
    ("subject tag", lambda it: {"subject": f"AW: {it.tag} whatever"}, "the subject has its number"),
    ("subject tag, small", lambda it: {"subject": f"aw: {it.tag.lower()} x"}, "the subject has its number"),
]
clue_ids = [name for name, _, _ in CLUES]


def own_id(ticket: Opened) -> str:
    return next(line[12:] for line in ticket.octets.decode().splitlines() if line.startswith("Message-ID: "))


@pytest.mark.parametrize(("_name", "clue", "why"), CLUES, ids=clue_ids)
def test_the_requester(desk: DeskUnderTest, bobs: Opened, _name: str, clue: Clue, why: str) -> None:
    end = write(desk, BOB, **clue(bobs))
    assert end.ticket == bobs.number
    assert why in end.why
    assert end.told == {("joined", ANN), ("joined", BILL)}
    assert "who opened the ticket" in end.sent[0].text
    assert desk.last_role(bobs.number) == "requester"


@pytest.mark.parametrize(("name", "clue", "_why"), CLUES, ids=clue_ids)
def test_somebody_else_of_the_customer(desk: DeskUnderTest, bobs: Opened, name: str, clue: Clue, _why: str) -> None:
    """What is signed was signed for Bob; but the ids are of the ticket, whoever answers."""
    end = write(desk, CAROL, **clue(bobs))
    joins = name in ("signed id answered", "signed id in References", "own mail answered")
    assert (end.ticket == bobs.number) == joins
    if joins:
        assert "it answers a mail of the ticket" in end.why
        assert desk.last_role(bobs.number) == "outsider"


def test_a_mail_that_our_relay_gave_another_id_is_known_by_its_recipient_alone(
    desk: DeskUnderTest, bobs: Opened
) -> None:
    assert write(desk, CAROL, References=f"{bobs.thread} <relay@relay>").ticket != bobs.number
    assert write(desk, "Robert <BOB@Acme.test>", References=f"{bobs.thread} <relay@relay>").ticket == bobs.number


REPLY_ADDRESS: Sequence[tuple[str, str, Clue, bool]] = [
    ("alone", "envelope", lambda _: {}, False),
    ("alone in To", "To", lambda _: {}, False),
    ("with References of any kind", "envelope", lambda _: {"References": "<x@y>"}, True),
    ("with In-Reply-To of any kind", "To", lambda _: {"In-Reply-To": "<x@y>"}, True),
    ("in Cc", "Cc", lambda _: {"In-Reply-To": "<x@y>"}, True),
    ("with our tag", "envelope", lambda it: {"Subject": f"Re: {it.tag} Printer"}, True),
    ("with another ticket's tag", "envelope", lambda _: {"Subject": "Re: [D-999999] Printer"}, False),
    ("with a number without brackets", "envelope", lambda it: {"Subject": f"Re: D-{it.number} Printer"}, False),
]


@pytest.mark.parametrize(("_name", "where", "clue", "joins"), REPLY_ADDRESS, ids=[row[0] for row in REPLY_ADDRESS])
def test_the_signed_reply_address_counts_with_another_sign_of_an_old_mail(
    desk: DeskUnderTest, bobs: Opened, _name: str, where: str, clue: Clue, joins: bool
) -> None:
    fields = {"Subject": "News", **clue(bobs), **({where: bobs.reply_to} if where != "envelope" else {})}
    end = desk.receive(letter(fields=fields), to=[bobs.reply_to] if where == "envelope" else [DESK])
    assert (end.ticket == bobs.number) == joins
    assert ("our signed reply address" in end.why) == joins


def test_the_reply_address_wins_over_everything_else(desk: DeskUnderTest, bobs: Opened) -> None:
    other = Opened(desk, "Screen")
    octets = letter(subject=f"Re: {other.tag} Screen", fields={"In-Reply-To": other.signed})
    assert desk.receive(octets).ticket == other.number
    assert desk.receive(octets + b".", to=[DESK, bobs.reply_to]).ticket == bobs.number


def test_the_signed_id_wins_over_a_stored_one_and_this_over_the_tag(desk: DeskUnderTest, bobs: Opened) -> None:
    screen, mouse = Opened(desk, "Screen"), Opened(desk, "Mouse")
    end = write(desk, BOB, f"Re: {mouse.tag}", In_Reply_To=own_id(screen), References=bobs.thread)
    assert end.ticket == bobs.number
    assert write(desk, BOB, f"Re: {mouse.tag}", In_Reply_To=own_id(screen)).ticket == screen.number
    assert f"its subject names D-{mouse.number}" in desk.outbox("joined")[-1].text


def test_the_words_of_a_subject_are_no_clue(desk: DeskUnderTest, bobs: Opened) -> None:
    assert write(desk, BOB, "Re: Printer").ticket != bobs.number
    assert write(desk, BOB, f"Re: D-{bobs.number} Printer").ticket != bobs.number
    assert write(desk, BOB, f"Re: [CB-{bobs.number}] Printer").ticket != bobs.number


def test_an_id_that_several_tickets_share_proves_nothing(desk: DeskUnderTest) -> None:
    octets = letter(subject="One", message_id="<same@acme.test>")
    one, two = desk.receive(octets), desk.receive(octets.replace(b"One", b"Two"))
    assert one.ticket != two.ticket
    end = write(desk, BOB, In_Reply_To="<same@acme.test>")
    assert end.ticket not in (one.ticket, two.ticket)


def test_a_ticket_of_which_nobody_was_told_is_found_by_its_mail(open_desk: OpenDesk) -> None:
    desk = open_desk({"desk": {"operator": None}, "teams": {"support": {"members": []}}})
    robot = {"Auto-Submitted": "auto-generated"}
    first = desk.receive(letter(message_id="<alarm@acme.test>", fields=robot))
    assert first.sent == ()
    end = desk.receive(letter("It is over.", fields={**robot, "References": "<alarm@acme.test>"}))
    assert end.ticket == first.ticket


FORGED = [
    "<aaaaaaaaaaaaaaaa.c{0}.1.aaaaaaaaaaaaaaaa@desk.test>",
    "<aaaaaaaaaaaaaaaa.c{0}.99.aaaaaaaaaaaaaaaa@desk.test>",
    "<D-{0}@desk.test>",
    "support+c{0}.1.aaaaaaaaaaaaaaaa@desk.test",
]


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_id_or_address_leads_nowhere(desk: DeskUnderTest, bobs: Opened, forged: str) -> None:
    made = forged.format(bobs.number)
    end = desk.receive(letter("x", fields={"In-Reply-To": made, "References": made}), to=[DESK, made.strip("<>")])
    assert end.ticket != bobs.number
    assert "not addressed" in end.why


def test_an_id_of_another_ticket_or_person_is_not_ours(desk: DeskUnderTest, bobs: Opened) -> None:
    other = Opened(desk, "Screen", EVE)
    swapped = other.signed.replace(f"c{other.number}.", f"c{bobs.number}.")
    assert write(desk, EVE, In_Reply_To=swapped).ticket not in (bobs.number, other.number)


# Outsiders: writing in is open, reading out is closed.


def test_an_outsider_with_an_id_joins_marked_and_is_told_one_line_once(desk: DeskUnderTest, bobs: Opened) -> None:
    end = write(desk, EVE, In_Reply_To=bobs.signed)
    assert end.told == {("joined", ANN), ("joined", BILL), ("reached", EVES)}
    assert "from Eve <eve@evil.test>, not on this ticket" in end.to(ANN)[0].text
    (line,) = end.to(EVES)
    assert line.text == "Your mail has reached us, thank you. -- D Support"
    assert desk.kinds(bobs.number) == ["opened", "mail-joined"]
    for _ in range(3):
        assert write(desk, EVE, In_Reply_To=bobs.signed).told == {("joined", ANN), ("joined", BILL)}
    again = desk.receive(answer(line.octets, sender=EVE))
    assert (again.ticket, again.to(EVES)) == (bobs.number, [])
    assert desk.last_role(bobs.number) == "outsider"


def test_a_line_that_was_told_before_costs_no_budget(desk: DeskUnderTest, bobs: Opened) -> None:
    for _ in range(12):
        write(desk, EVE, In_Reply_To=bobs.signed)
    (ack,) = write(desk, EVE).to(EVES)
    assert (ack.notice, ack.row.state) == ("acknowledgement", "queued")


def test_an_outsiders_mail_changes_no_facts_and_not_whose_ticket_it_is(desk: DeskUnderTest, bobs: Opened) -> None:
    before = desk.ticket(bobs.number)
    desk.receive(letter("Name: Eve\nPhone: +44 20 7946 0999", sender=EVE, fields={"In-Reply-To": bobs.signed}))
    after = desk.ticket(bobs.number)
    assert (after.contact, after.requester, after.status) == (before.contact, before.requester, before.status)
    assert EVES not in desk.participants(bobs.number)


def test_an_outsiders_robot_is_told_nothing(desk: DeskUnderTest, bobs: Opened) -> None:
    end = write(desk, EVE, In_Reply_To=bobs.signed, Auto_Submitted="auto-generated")
    assert end.told == {("joined", ANN), ("joined", BILL)}


def test_the_tag_alone_from_an_outsider_opens_a_linked_ticket(desk: DeskUnderTest, bobs: Opened) -> None:
    end = write(desk, EVE, f"Re: {bobs.tag} Printer")
    assert end.ticket not in (None, bobs.number)
    assert end.told == {("new-ticket", ANN), ("new-ticket", BILL), ("acknowledgement", EVES)}
    assert desk.log(end.ticket)[0].body.linked == bobs.number  # type: ignore[union-attr]
    assert f"its subject names D-{bobs.number}" in end.to(ANN)[0].text
    assert "the writer is not on" in end.why
    assert f"D-{bobs.number}" not in end.to(EVES)[0].all
    assert desk.kinds(bobs.number) == ["opened"]


def test_a_tag_of_no_ticket_links_nothing(desk: DeskUnderTest) -> None:
    end = write(desk, EVE, "Re: [D-987654] Printer")
    assert desk.log(end.ticket)[0].body.linked is None  # type: ignore[union-attr]


def test_staff_are_not_told_that_a_subject_names_the_ticket_it_joined(desk: DeskUnderTest, bobs: Opened) -> None:
    end = desk.receive(answer(bobs.ack.octets))
    assert end.ticket == bobs.number
    assert "its subject names" not in end.sent[0].text


# Nothing of a mail but From decides who is told.

TRICKS: Sequence[Mapping[str, str]] = [
    {"Reply-To": EVES},
    {"Cc": f"{CAROL}, {EVE}"},
    {"Sender": EVES, "Return-Path": f"<{EVES}>", "Errors-To": EVES},
    {"Disposition-Notification-To": EVES, "Return-Receipt-To": EVES},
    {"Mail-Followup-To": EVES, "Mail-Reply-To": EVES, "Resent-From": EVES, "Resent-To": EVES},
    {"X-Original-From": EVES, "Delivered-To": EVES, "Bcc": EVES, "Apparently-To": EVES},
]


@pytest.mark.parametrize("fields", TRICKS, ids=" ".join)
def test_no_field_adds_a_recipient(desk: DeskUnderTest, fields: Mapping[str, str]) -> None:
    first = desk.receive(letter(fields=fields), path=EVES)
    (ack,) = first.to(BOBS)
    second = desk.receive(answer(ack.octets, fields=fields), path=EVES)
    assert second.ticket == first.ticket
    assert {mail.to for mail in desk.outbox()} == {BOBS, ANN, BILL}
    assert desk.participants(first.ticket) == frozenset()
    assert [mail.to for mail in desk.outbox() if "evil.test" in str(mail.mail.items())] == []


def _thread_of(sent: Sent) -> list[str]:
    return str(sent.mail["References"]).split()


def test_an_answer_carries_the_thread_of_the_mail_answered(desk: DeskUnderTest) -> None:
    long = f"<{'x' * 120}@AM6PR0102MB1234.eurprd01.prod.outlook.com>"
    octets = letter(
        message_id=long, fields={"In-Reply-To": "<two@acme.test>", "References": "<one@acme.test> <two@acme.test>"}
    )
    end = desk.receive(octets)
    ack, (notice, *_) = end.to(BOBS)[0], end.to(ANN)
    assert str(ack.mail["In-Reply-To"]) == str(notice.mail["In-Reply-To"]) == long
    assert _thread_of(ack)[1:] == ["<one@acme.test>", "<two@acme.test>", long]
    assert long.encode() in ack.octets  # whole, in one line
    other = desk.receive(answer(ack.octets)).to(ANN)[0]
    assert _thread_of(other)[0] == _thread_of(notice)[0]  # staff see one thread for a ticket
