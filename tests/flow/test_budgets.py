"""Budgets of answers: what they hold back is listed with its reason and can be sent; limits.acknowledgements."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rig.desk import ANN, BILL, DeskUnderTest, Post
from tests.rig.letters import letter

OpenDesk = Callable[..., DeskUnderTest]
BOB = "bob@acme.test"


def limited(open_desk: OpenDesk, **limits: int | None) -> DeskUnderTest:
    """A desk with these budgets and no others."""
    none = dict.fromkeys(("per_address_per_day", "per_domain_per_hour", "new_senders_per_hour"))
    return open_desk({"limits": {"acknowledgements": {**none, **limits}}})


def states(desk: DeskUnderTest) -> list[str]:
    return [mail.row.state for mail in desk.outbox("acknowledgement")]


def same(count: int) -> Iterator[str]:
    return iter([BOB] * count)


def of_one_domain(count: int) -> Iterator[str]:
    return (f"person{n}@acme.test" for n in range(count))


def of_many_domains(count: int) -> Iterator[str]:
    return (f"person@domain{n}.test" for n in range(count))


LIMITS: list[tuple[str, Callable[[int], Iterator[str]], float, str]] = [
    ("per_address_per_day", same, 24, "the day's budget of answers to bob@acme.test is used up (3)"),
    ("per_domain_per_hour", of_one_domain, 1, "the hour's budget of answers to acme.test is used up (3)"),
    ("new_senders_per_hour", of_many_domains, 1, "answers to senders never seen before is used up (3)"),
]


@pytest.mark.parametrize(("name", "senders", "hours", "reason"), LIMITS, ids=[row[0] for row in LIMITS])
def test_a_budget(
    open_desk: OpenDesk, name: str, senders: Callable[[int], Iterator[str]], hours: float, reason: str
) -> None:
    desk = limited(open_desk, **{name: 3})
    ends = [desk.receive(letter(sender=sender)) for sender in senders(4)]
    assert states(desk) == ["queued"] * 3 + ["held"]
    assert len(desk.tickets()) == 4
    held = desk.outbox("acknowledgement")[-1]
    assert reason in held.row.reason
    assert [reason in mail.text for end in ends for mail in end.to(ANN)] == [False] * 3 + [True]
    assert "outbox list --state held" in ends[-1].to(ANN)[0].text
    assert f"answer: held, {held.row.reason}" in ends[-1].why
    desk.clock.go_on(hours=hours * 0.95)
    desk.receive(letter(sender=next(senders(1)).replace("0", "50")))
    assert states(desk)[-1] == "held"
    desk.clock.go_on(hours=hours * 0.15)
    desk.receive(letter(sender=next(senders(1)).replace("0", "60")))
    assert states(desk)[-1] == "queued"


def test_the_window_slides(open_desk: OpenDesk) -> None:
    """Two in the morning, one at night: a day after the morning two are free, not three."""
    desk = limited(open_desk, per_address_per_day=3)
    for pause in (0, 0, 12):
        desk.clock.go_on(hours=pause)
        desk.receive(letter())
    desk.clock.go_on(hours=13.5)
    for _ in range(3):
        desk.receive(letter())
    assert states(desk) == ["queued"] * 5 + ["held"]


def test_zero_is_none_and_null_is_no_limit(open_desk: OpenDesk) -> None:
    silent, free = limited(open_desk, per_address_per_day=0), limited(open_desk)
    for desk in (silent, free):
        desk.receive_all([desk.incoming(letter()) for _ in range(15)])
    assert set(states(silent)) == {"held"}
    assert set(states(free)) == {"queued"}


def test_a_held_answer_is_sent_on_a_persons_word(open_desk: OpenDesk) -> None:
    desk = limited(open_desk, per_address_per_day=1)
    for _ in range(2):
        desk.receive(letter())
    post = Post()
    desk.deliver_all(post)
    assert [recipient for _, recipient, _ in post.taken].count(BOB) == 1
    held = desk.outbox("acknowledgement")[1]
    assert desk.retry(held)
    desk.deliver_all(post)
    assert [octets for _, recipient, octets in post.taken if recipient == BOB] == [
        mail.octets for mail in desk.outbox(to=BOB)
    ]
    assert states(desk) == ["sent", "sent"]
    assert not desk.retry(held)


def test_a_sender_whose_answers_are_held_stays_new(open_desk: OpenDesk) -> None:
    """Else writing twice under each forged address would go around the budget."""
    desk = limited(open_desk, new_senders_per_hour=2)
    for _ in range(3):
        for sender in of_many_domains(4):
            desk.receive(letter(sender=sender))
    answered = {mail.to for mail in desk.outbox("acknowledgement") if mail.row.state == "queued"}
    assert answered == {"person@domain0.test", "person@domain1.test"}


def test_who_was_answered_is_new_no_more(open_desk: OpenDesk) -> None:
    desk = limited(open_desk, new_senders_per_hour=1)
    for _ in range(3):
        desk.receive(letter())
    assert states(desk) == ["queued"] * 3
    desk.receive(letter(sender="stranger@elsewhere.test"))
    assert states(desk)[-1] == "held"


KNOWN: list[tuple[str, str]] = [("staff", ANN), ("on the register", "x@registered.test")]


@pytest.mark.parametrize(("_name", "sender"), KNOWN, ids=[name for name, _ in KNOWN])
def test_who_is_known_is_never_new(open_desk: OpenDesk, tmp_path: Any, _name: str, sender: str) -> None:
    file = tmp_path / "contracts.csv"
    file.write_text("number,organisation,domains\n1,R Ltd,registered.test\n")
    desk = open_desk({"contracts": str(file), "limits": {"acknowledgements": {"new_senders_per_hour": 0}}})
    desk.receive(letter(sender="stranger@elsewhere.test"))
    desk.receive(letter(sender=sender))
    assert states(desk) == ["held", "queued"]


def test_a_full_budget_costs_the_others_nothing(open_desk: OpenDesk) -> None:
    desk = limited(open_desk, per_address_per_day=1, per_domain_per_hour=2)
    for _ in range(5):
        desk.receive(letter())
    desk.receive(letter(sender="carol@acme.test"))
    assert states(desk) == ["queued", *["held"] * 4, "queued"]


def test_answers_to_our_own_people_have_a_budget_and_the_operator_hears_of_held_ones(
    desk: DeskUnderTest,
) -> None:
    desk.receive(letter()).to(ANN)[0]
    desk.receive_all([desk.incoming(letter(f"Trouble {n}", sender=ANN, subject=f"Mine {n}")) for n in range(12)])
    assert [mail.row.state for mail in desk.outbox("new-ticket", to=BILL)] == ["queued"] * 11 + ["held"] * 2
    assert ["is held" in mail.text for mail in desk.outbox("alert")] == [True, True]  # to Ann and to Bill


def test_notices_to_staff_of_customers_mail_have_no_budget(desk: DeskUnderTest) -> None:
    desk.receive_all([desk.incoming(letter(sender=f"person{n}@acme.test")) for n in range(15)])
    assert {mail.row.state for mail in desk.outbox("new-ticket")} == {"queued"}


def test_two_daemons_share_a_budget(open_desk: OpenDesk) -> None:
    desk = limited(open_desk, per_address_per_day=3)
    other = desk.colleague()
    for n in range(6):
        (desk, other)[n % 2].receive(letter())
    other.close()
    assert states(desk) == ["queued"] * 3 + ["held"] * 3
