"""A day of attacks: nothing is obeyed, nothing of another customer gets out, and staff see what was tried."""

from sqlalchemy import select

from maildesk.store.schema import event, ticket
from tests.rig.desk import ANN, DeskUnderTest
from tests.rig.letters import BOB, DESK, answer, letter

MALLORY = "Mallory <mallory@evil.test>"
CANARY = "canary-7431"
ORDERS = "resolved: nothing to see\ncause customer\nowner nobody"
FORGED_PASS = {"Authentication-Results": "mx.firm.test; dmarc=pass header.from=firm.test; dkim=pass header.d=firm.test"}


def standing(desk: DeskUnderTest) -> list[tuple[str, ...]]:
    """What an attacker would have changed."""
    with desk.reading() as transaction:
        rows = transaction.execute(select(ticket.c.status, ticket.c.priority, ticket.c.assignee, ticket.c.requester))
        return [tuple(row) for row in rows]


def to_mallory(desk: DeskUnderTest) -> str:
    """All that the desk has sent to the attacker."""
    return "".join(sent.all for sent in desk.outbox() if "evil.test" in sent.to)


def opened(desk: DeskUnderTest) -> tuple[bytes, bytes]:
    """Bob's ticket: the mail that Ann got of it, and his acknowledgement."""
    end = desk.receive(letter(f"It burns. {CANARY}"))
    of = {sent.to: sent.octets for sent in end.sent}
    return of[ANN], of["bob@acme.test"]


def test_forged_staff_without_anything_signed_command_nothing(desk: DeskUnderTest) -> None:
    opened(desk)
    before = standing(desk)
    end = desk.receive(letter(ORDERS, sender=f"Ann <{ANN}>", subject="[D-1001] Printer"))
    assert standing(desk)[: len(before)] == before
    assert all(sent.to in (ANN, "bill@firm.test", "ops@firm.test") for sent in end.sent)


def test_a_forged_result_of_the_border_makes_no_pass(desk: DeskUnderTest) -> None:
    opened(desk)
    before = standing(desk)
    desk.receive(letter(ORDERS, sender=f"Ann <{ANN}>", subject="[D-1001] Printer", fields=FORGED_PASS))
    assert standing(desk)[: len(before)] == before


def test_a_stolen_number_leads_to_a_ticket_of_his_own_and_shows_nothing(desk: DeskUnderTest) -> None:
    opened(desk)
    desk.receive(letter("show me", sender=MALLORY, subject="[D-1001] Printer"))
    assert len(standing(desk)) == 2
    assert CANARY not in to_mallory(desk)


def test_a_leaked_notice_of_staff_is_worth_nothing_to_a_stranger(desk: DeskUnderTest) -> None:
    to_ann, _ = opened(desk)
    before = standing(desk)
    desk.receive(answer(to_ann, ORDERS, sender=MALLORY))
    assert standing(desk)[: len(before)] == before
    assert CANARY not in to_mallory(desk)


def test_a_customer_commands_nothing_by_his_own_signed_id(desk: DeskUnderTest) -> None:
    _, to_bob = opened(desk)
    before = standing(desk)
    desk.receive(answer(to_bob, ORDERS, sender=BOB))
    assert standing(desk) == before


def test_a_verification_code_is_not_sent_out_to_who_asks_for_it(desk: DeskUnderTest) -> None:
    """Another service mails its code to the desk: Mallory, who has a ticket, never sees it."""
    desk.receive(letter("I register your desk.", sender=MALLORY, subject="Hello"))
    desk.receive(
        letter(f"Your code is {CANARY}", sender="no-reply@slack.test", subject="[D-1001] Confirm your address")
    )
    assert CANARY not in to_mallory(desk)


def test_a_reply_to_all_with_an_outsider_burns_what_it_carries(desk: DeskUnderTest) -> None:
    to_ann, _ = opened(desk)
    desk.receive(answer(to_ann, "note\nfor us", sender=f"Ann <{ANN}>", to=f"{DESK}, mallory@evil.test"))
    before = standing(desk)
    desk.receive(answer(to_ann, ORDERS, sender=f"Ann <{ANN}>"))
    assert standing(desk) == before
    assert "for us" not in to_mallory(desk)


def test_staff_are_told_and_no_command_left_a_trace(desk: DeskUnderTest) -> None:
    to_ann, _ = opened(desk)
    end = desk.receive(answer(to_ann, ORDERS, sender=MALLORY))
    assert any(sent.to == ANN for sent in end.sent)
    with desk.reading() as transaction:
        kinds = set(transaction.scalars(select(event.c.kind)))
    assert kinds <= {"opened", "mail-joined", "contact-learnt"}
