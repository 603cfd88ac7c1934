"""Reports about our own mail: believed only with proof, told once, two days of failure mute (mail-rules, "Return path, reports")."""

from collections.abc import Callable
from typing import Any

import pytest

from maildesk.send.outcome import Outcome, State
from tests.rig.desk import ANN, BILL, OPERATOR, DeskUnderTest, Post, Sent
from tests.rig.letters import complaint, delivery_report, letter, receipt

OpenDesk = Callable[..., DeskUnderTest]
BOB, EVE = "bob@acme.test", "eve@evil.test"
TEAM = {("undeliverable", ANN), ("undeliverable", BILL)}


def acknowledged(desk: DeskUnderTest, sender: str = BOB) -> Sent:
    """The acknowledgement of a new ticket, sent."""
    ack = desk.receive(letter(sender=sender)).to(sender)[0]
    desk.deliver_all(Post())
    return next(mail for mail in desk.outbox("acknowledgement") if mail.row.id == ack.row.id)


def bounce(desk: DeskUnderTest, sent: Sent, **how: Any) -> Any:
    """The report of its failure, at the return path that it was sent with."""
    to = how.pop("at", sent.row.reverse_path)
    return desk.receive(delivery_report(sent.octets, sent.to, **how), path="", to=[to])


def state(desk: DeskUnderTest, sent: Sent) -> str:
    return str(next(mail.row.state for mail in desk.outbox() if mail.row.id == sent.row.id))


def stripped(sent: Sent) -> bytes:
    """What a server returns that keeps nothing of ours: no ids."""
    head = [line for line in sent.octets.partition(b"\r\n\r\n")[0].split(b"\r\n") if line.startswith((b"To:", b"Subj"))]
    return b"\r\n".join(head) + b"\r\n\r\n"


PROOFS: list[tuple[str, Callable[[Sent], dict[str, Any]], bool]] = [
    ("signed return path and signed id", lambda _: {}, True),
    ("signed id alone", lambda _: {"at": "support@desk.test"}, True),
    ("signed return path alone", lambda sent: {"returned": stripped(sent)}, True),
    ("neither", lambda sent: {"returned": stripped(sent), "at": "support@desk.test"}, False),
    ("a reply address is no return path", lambda sent: {"returned": stripped(sent), "at": reply_to(sent)}, False),
    ("a forged return path", lambda sent: {"returned": stripped(sent), "at": forged(sent)}, False),
]


def reply_to(sent: Sent) -> str:
    return str(sent.mail["Reply-To"])


def forged(sent: Sent) -> str:
    return f"support+b{sent.row.ticket}.1.aaaaaaaaaaaaaaaa@desk.test"


@pytest.mark.parametrize(("_name", "how", "believed"), PROOFS, ids=[name for name, _, _ in PROOFS])
def test_a_report_is_believed_with_proof(
    desk: DeskUnderTest, _name: str, how: Callable[[Sent], dict[str, Any]], believed: bool
) -> None:
    sent = acknowledged(desk)
    given = how(sent)
    octets = delivery_report(given.get("returned", sent.octets), BOB)
    end = desk.receive(octets, path="", to=[given.get("at", sent.row.reverse_path)])
    assert (end.kind, len(desk.tickets())) == ("bounce", 1)
    assert end.told == (TEAM if believed else set())
    assert state(desk, sent) == ("failed" if believed else "sent")
    assert desk.attempts(sent) == ["sent", *(["bounced"] if believed else [])]
    assert desk.kinds(sent.row.ticket) == ["opened", *(["delivery-failed"] if believed else [])]
    assert believed or "not proven to be about a mail of ours" in end.row.reason


def test_the_event_names_the_report_that_made_it(desk: DeskUnderTest) -> None:
    sent = acknowledged(desk)
    end = bounce(desk, sent)
    entry = desk.log(sent.row.ticket)[-1]
    assert (entry.kind, entry.inbound, end.ticket) == ("delivery-failed", end.row.id, sent.row.ticket)


def test_the_team_reads_what_did_not_arrive_and_why_once(desk: DeskUnderTest) -> None:
    sent = acknowledged(desk)
    (told, _) = bounce(desk, sent, diagnostic="550 no such user here").sent
    for words in (BOB, "acknowledgement", "5.1.1 550 no such user here", f"D-{sent.row.ticket}"):
        assert words in told.text
    assert bounce(desk, sent, diagnostic="550 once more").sent == ()


def test_a_delay_only_marks_the_attempt(desk: DeskUnderTest) -> None:
    sent = acknowledged(desk)
    end = bounce(desk, sent, action="delayed", status="4.4.1")
    assert (end.sent, state(desk, sent), desk.attempts(sent)) == ((), "sent", ["sent", "delayed"])
    assert desk.kinds(sent.row.ticket) == ["opened"]


def test_a_receipt_only_marks_the_attempt(desk: DeskUnderTest) -> None:
    sent = acknowledged(desk)
    end = desk.receive(receipt(sent.octets, BOB))
    assert (end.sent, state(desk, sent), desk.attempts(sent)) == ((), "sent", ["sent", "displayed"])


def test_a_report_of_somebody_elses_failure_is_not_his(desk: DeskUnderTest) -> None:
    """Eve holds a mail of hers; with it she cannot make Bob's fail."""
    sent, hers = acknowledged(desk), acknowledged(desk, EVE)
    swapped = hers.octets.replace(b"To: eve@evil.test", b"To: bob@acme.test")
    desk.receive(delivery_report(swapped, BOB), path="", to=[hers.row.reverse_path])
    assert state(desk, sent) == "sent"


def test_failures_of_one_day_or_of_one_mail_do_not_mute(desk: DeskUnderTest) -> None:
    first, second = acknowledged(desk), acknowledged(desk)
    bounce(desk, first)
    bounce(desk, second)
    desk.clock.go_on(days=1)
    bounce(desk, second)
    assert desk.muted() == set()


def test_failures_before_and_after_a_mail_from_it_do_not_mute(desk: DeskUnderTest) -> None:
    bounce(desk, acknowledged(desk))
    desk.clock.go_on(days=1)
    bounce(desk, acknowledged(desk))
    assert desk.muted() == set()


def test_the_second_day_mutes_and_any_mail_unmutes(desk: DeskUnderTest) -> None:
    first, second = acknowledged(desk), acknowledged(desk)
    bounce(desk, first)
    desk.clock.go_on(days=1)
    told = bounce(desk, second).sent
    assert desk.muted() == {BOB}
    assert "Scheduled mail to this address has stopped." in told[0].text
    desk.receive(letter(fields={"Auto-Submitted": "auto-replied"}))  # even its robot lives
    assert desk.muted() == set()


def test_a_bounce_from_the_address_itself_does_not_unmute(desk: DeskUnderTest) -> None:
    first, second = acknowledged(desk), acknowledged(desk)
    bounce(desk, first)
    desk.clock.go_on(days=1)
    bounce(desk, second, sender=BOB)
    assert desk.muted() == {BOB}


def test_a_relays_refusal_is_told_once_like_a_report(desk: DeskUnderTest) -> None:
    end = desk.receive(letter())
    refuse = Post(lambda to: Outcome(State.FAILED if to == BOB else State.SENT, 550, "no such user"))
    desk.deliver_all(refuse)
    assert {(mail.notice, mail.to) for mail in desk.outbox("undeliverable")} == TEAM
    (ack,) = desk.outbox("acknowledgement")
    assert (ack.row.state, desk.kinds(end.ticket)) == ("failed", ["opened", "delivery-failed"])
    bounce(desk, ack)
    assert len(desk.outbox("undeliverable")) == 2


def test_who_had_it_sent_again_is_told_when_that_fails_too(desk: DeskUnderTest) -> None:
    desk.receive(letter())
    refuse = Post(lambda to: Outcome(State.FAILED if to == BOB else State.SENT, 550, "no such user"))
    desk.deliver_all(refuse)
    (first,) = desk.outbox("acknowledgement")
    desk.clock.go_on(days=6)
    assert desk.retry(first)
    desk.deliver_all(Post(lambda _: Outcome(State.DEFERRED, 451, "later")))
    (again,) = desk.outbox("acknowledgement")
    assert (again.row.state, again.row.retries) == ("queued", 1)  # its five days have begun anew
    assert again.row.created_at == first.row.created_at
    desk.clock.go_on(days=1)
    desk.deliver_all(refuse)
    told = desk.outbox("undeliverable")
    assert [mail.to for mail in told] == [ANN, BILL] * 2


def test_a_notice_that_cannot_be_told_makes_no_other(desk: DeskUnderTest) -> None:
    """Every mailbox of the firm is dead: the chain ends with the notice that says so."""
    desk.receive(letter())
    dead = Post(lambda to: Outcome(State.SENT if to == BOB else State.FAILED, 550, "no such user"))
    desk.deliver_all(dead)
    notices = desk.outbox("undeliverable")
    assert {mail.to for mail in notices} == {ANN, BILL}  # each is told of the other
    assert {mail.row.state for mail in notices} == {"failed"}
    assert desk.outbox("alert") == []


def test_a_bounce_of_the_notice_of_a_bounce_makes_nothing(desk: DeskUnderTest) -> None:
    told = bounce(desk, acknowledged(desk)).sent
    desk.deliver_all(Post())
    for mail in told:
        assert bounce(desk, mail).sent == ()
    assert desk.muted() == set()


def test_only_one_of_the_firm_whose_mailbox_is_dead(open_desk: OpenDesk) -> None:
    desk = open_desk({"teams": {"support": {"members": ["Ann"]}}})
    notice = desk.receive(letter()).to(ANN)[0]
    desk.deliver_all(Post())
    assert bounce(desk, notice).told == {("undeliverable", OPERATOR)}


def test_a_complaint_mutes_at_once_and_the_team_is_told(desk: DeskUnderTest) -> None:
    sent = acknowledged(desk)
    end = desk.receive(complaint(sent.octets, BOB))
    assert desk.muted() == {BOB}
    assert end.told == {("alert", ANN), ("alert", BILL)}
    assert f"{BOB} reported our mail as a nuisance" in end.sent[0].text
    assert state(desk, sent) == "sent"
    assert desk.receive(complaint(sent.octets, BOB)).sent == ()  # told once


def test_a_complaint_without_proof_changes_nothing(desk: DeskUnderTest) -> None:
    sent = acknowledged(desk)
    assert desk.receive(complaint(stripped(sent), BOB)).sent == ()
    assert desk.muted() == set()


def test_a_mailbox_that_complains_of_everything(desk: DeskUnderTest) -> None:
    """A complaint about the notice of a complaint makes no other."""
    told = list(desk.receive(complaint(acknowledged(desk).octets, BOB)).sent)
    for mail in told:
        assert desk.receive(complaint(mail.octets, mail.to)).sent == ()
    assert desk.muted() == {BOB, ANN, BILL}
