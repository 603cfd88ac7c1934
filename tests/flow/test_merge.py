"""Tickets that go together: merged, split, linked; mail always follows, and nobody is told twice."""

import pytest

from maildesk import flow
from maildesk.desk.commands import TicketCommand, Unclear, parse
from maildesk.desk.decide import Actor, Role
from maildesk.desk.undo import undo_code
from maildesk.read.parse import read_mail
from maildesk.steps.change import Result, obey_on
from maildesk.steps.post import Cause
from maildesk.store import proof, tickets
from tests.rig.desk import ANN, BILL, DeskUnderTest, End
from tests.rig.letters import answer, letter

BOB, AMY, EVE, MONITOR = "bob@acme.test", "amy@acme.test", "eve@evil.test", "monitor@acme.test"
STAFF = Actor(ANN, "Ann", Role.STAFF)


def told(desk: DeskUnderTest, number: int | None, *lines: str, octets: bytes | None = None) -> list[Result]:
    """Ann's commands on a ticket, perhaps in a mail of hers."""
    commands: list[TicketCommand] = []
    for line in lines:
        command = parse(line)
        assert not isinstance(command, Unclear)
        commands.append(command)
    cause = Cause(of=read_mail(octets)) if octets else Cause()
    with desk.database.writing() as transaction:
        ticket = tickets.get(transaction, number or 0, for_update=True)
        assert ticket is not None
        return obey_on(transaction, desk.office, ticket, commands, STAFF, desk.clock(), cause)


def refused(desk: DeskUnderTest, number: int | None, line: str) -> str:
    (result,) = told(desk, number, line)
    assert result.refusal is not None
    return result.refusal.reason


def done(desk: DeskUnderTest, number: int | None, *lines: str, octets: bytes | None = None) -> None:
    results = told(desk, number, *lines, octets=octets)
    assert [result.refusal for result in results if result.refusal] == []


def proved(desk: DeskUnderTest) -> None:
    with desk.reading() as transaction:
        found = [*proof.tables(transaction, desk.clock()), *proof.tickets(transaction, lambda _: None, None)]
    assert found == []


def two(desk: DeskUnderTest) -> tuple[End, End]:
    return desk.receive(letter(subject="Printer", sender=BOB)), desk.receive(letter(subject="Fire", sender=AMY))


def test_a_merged_ticket_goes_on_as_the_other(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    done(desk, one.ticket, "cc add carol@acme.test")
    done(desk, one.ticket, f"merge into D-{other.ticket}")
    merged, into = desk.ticket(one.ticket), desk.ticket(other.ticket)
    assert (merged.status, merged.merged_into) == ("merged", other.ticket)
    assert (into.requester, into.participants) == (AMY, [BOB, "carol@acme.test"])
    assert desk.participants(other.ticket) == {BOB, "carol@acme.test"}
    assert desk.kinds(other.ticket)[-1] == "absorbed"
    proved(desk)


def test_its_parties_are_told_once_and_nothing_of_the_other(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    done(desk, one.ticket, f"merge into {other.ticket}")
    (mail,) = desk.outbox("merged")
    assert mail.to == BOB
    assert f"your ticket D-{one.ticket} goes on as D-{other.ticket}" in mail.text
    assert "Fire" not in mail.all
    assert AMY not in mail.all
    assert desk.receive(answer(mail.octets, "Fine.", sender=BOB)).ticket == other.ticket
    assert len(desk.outbox("merged")) == 1


def test_mail_to_it_always_follows(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    third = desk.receive(letter(subject="Smoke", sender=EVE))
    done(desk, one.ticket, f"merge into {other.ticket}")
    done(desk, other.ticket, f"merge into {third.ticket}")
    (acknowledgement,) = one.to(BOB)
    end = desk.receive(answer(acknowledgement.octets, sender=BOB))
    assert end.ticket == third.ticket
    assert desk.last_role(third.ticket) == "participant"
    tag = desk.receive(letter(subject=f"[D-{one.ticket}] Printer", sender=BOB))
    assert tag.ticket == third.ticket
    staff = desk.receive(answer(one.to(BILL)[0].octets, "See there.", sender=BILL))
    assert staff.ticket == third.ticket
    stranger = desk.receive(letter(subject=f"[D-{one.ticket}] Printer", sender="joe@evil.test"))
    assert desk.log(stranger.ticket)[0].body.linked == third.ticket  # type: ignore[union-attr]
    proved(desk)


def test_mail_to_it_opens_the_other_again(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    done(desk, one.ticket, f"merge into {other.ticket}")
    done(desk, other.ticket, "resolved: The fire is out.")
    desk.receive(answer(one.to(BOB)[0].octets, sender=BOB))
    assert desk.ticket(other.ticket).status == "open"
    assert desk.ticket(one.ticket).status == "merged"


def test_a_public_answer_reaches_both(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    done(desk, one.ticket, f"merge into {other.ticket}")
    done(desk, other.ticket, "reply: We are on it.")
    assert {mail.to for mail in desk.outbox("answer")} == {BOB, AMY}


def test_a_robots_ticket_becomes_the_persons(desk: DeskUnderTest) -> None:
    alarm = desk.receive(letter(subject="DOWN", sender=MONITOR, fields={"Auto-Submitted": "auto-generated"}))
    person = desk.receive(letter(subject="It is down", sender=BOB))
    assert not desk.ticket(alarm.ticket).owed
    done(desk, person.ticket, f"merge into {alarm.ticket}")
    into = desk.ticket(alarm.ticket)
    assert (into.requester, into.owed, into.participants) == (BOB, True, [])
    proved(desk)


def test_a_robot_is_no_participant_and_told_nothing(desk: DeskUnderTest) -> None:
    alarm = desk.receive(letter(subject="DOWN", sender=MONITOR, fields={"Auto-Submitted": "auto-generated"}))
    person = desk.receive(letter(subject="It is down", sender=BOB))
    done(desk, alarm.ticket, f"merge into {person.ticket}")
    assert desk.participants(person.ticket) == frozenset()
    assert desk.outbox("merged") == []


def test_what_cannot_be_merged(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    third = desk.receive(letter(subject="Smoke", sender=EVE))
    assert refused(desk, one.ticket, f"merge into {one.ticket}") == "a ticket cannot be merged into itself"
    assert refused(desk, one.ticket, "merge into 999999") == "there is no ticket 999999"
    assert refused(desk, one.ticket, f"merge into XY-{other.ticket}") == f"there is no ticket XY-{other.ticket}"
    done(desk, third.ticket, "close")
    assert "for good" in refused(desk, one.ticket, f"merge into {third.ticket}")
    done(desk, one.ticket, f"merge into {other.ticket}")
    assert "was merged into" in refused(desk, other.ticket, f"merge into {one.ticket}")
    assert "was merged into" in refused(desk, one.ticket, f"merge into {other.ticket}")
    assert "was merged into" in refused(desk, one.ticket, "priority P1")
    assert desk.ticket(other.ticket).status == "open"


def test_time_leaves_a_merged_ticket_alone(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    done(desk, one.ticket, f"merge into {other.ticket}")
    before = desk.kinds(one.ticket)
    desk.clock.go_on(days=30)
    flow.fire(desk.office)
    assert desk.kinds(one.ticket) == before


@pytest.mark.parametrize("line", ["split", "split mail {}"])
def test_a_mail_becomes_a_ticket_of_its_own(desk: DeskUnderTest, line: str) -> None:
    one, _ = two(desk)
    second = desk.receive(answer(one.to(BOB)[0].octets, "And my phone is dead.", sender=BOB, subject="Phone"))
    staff = answer(second.to(ANN)[0].octets, "split", sender=ANN)
    done(desk, one.ticket, line.format(second.row.id), octets=staff)
    new = desk.tickets()[-1]
    assert (new.requester, new.subject, new.owed) == (BOB, "Phone", True)
    assert desk.log(new.number)[0].body.linked == one.ticket  # type: ignore[union-attr]
    assert desk.log(one.ticket)[-1].body.ticket == new.number  # type: ignore[union-attr]
    (ack,) = [mail for mail in desk.outbox("acknowledgement", to=BOB) if mail.row.ticket == new.number]
    assert desk.receive(answer(ack.octets, sender=BOB)).ticket == new.number
    (notice,) = [mail for mail in desk.outbox("new-ticket", to=ANN) if mail.row.ticket == new.number]
    assert "And my phone is dead." in notice.text
    assert "The printer is on fire" not in notice.text
    assert desk.receive(answer(second.to(ANN)[0].octets, "A note.", sender=ANN)).ticket == one.ticket
    proved(desk)


def test_what_cannot_be_split(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    second = desk.receive(answer(one.to(BOB)[0].octets, sender=BOB))
    assert refused(desk, one.ticket, "split") == "it answers no mail of this ticket"
    assert "opened this ticket" in refused(desk, one.ticket, f"split mail {one.row.id}")
    assert "no customer's mail" in refused(desk, one.ticket, f"split mail {other.row.id}")
    done(desk, one.ticket, f"split mail {second.row.id}")
    assert f"became D-{desk.tickets()[-1].number} already" in refused(desk, one.ticket, f"split mail {second.row.id}")
    assert len(desk.tickets()) == 3


def test_a_refused_line_beside_it_splits_and_merges_nothing(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    second = desk.receive(answer(one.to(BOB)[0].octets, sender=BOB))
    before, mails = desk.tickets(), len(desk.outbox())
    told(desk, one.ticket, f"split mail {second.row.id}", "team sales")
    told(desk, one.ticket, f"merge into {other.ticket}", "team sales")
    assert desk.tickets() == before
    assert len(desk.outbox()) == mails


def test_linked_tickets_name_each_other(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    done(desk, one.ticket, f"link [D-{other.ticket}]")
    assert desk.kinds(one.ticket)[-1] == desk.kinds(other.ticket)[-1] == "linked"
    assert "already" in refused(desk, one.ticket, f"link {other.ticket}")
    assert "already" in refused(desk, other.ticket, f"link {one.ticket}")
    assert "itself" in refused(desk, one.ticket, f"link {one.ticket}")
    assert desk.participants(one.ticket) == frozenset()


def test_a_command_is_undone_by_its_code(desk: DeskUnderTest) -> None:
    one, other = two(desk)
    before = desk.ticket(one.ticket)
    done(desk, one.ticket, "priority P1", "pending customer", "reply: Which fire?")
    last = desk.ticket(one.ticket).version
    code = undo_code(desk.office.signer, one.ticket or 0, before.version + 1, last)
    assert "no code of" in refused(desk, other.ticket, f"undo {code}")
    done(desk, one.ticket, f"undo {code}")
    after = desk.ticket(one.ticket)
    assert (after.priority, after.status, after.team) == (before.priority, before.status, before.team)
    assert after.course.proposed
    stays = desk.log(one.ticket)[-1].body.stays  # type: ignore[union-attr]
    assert f"answer to {BOB}" in stays
    assert "undone already" in refused(desk, one.ticket, f"undo {code}")
    proved(desk)


def test_what_somebody_changed_since_is_not_undone(desk: DeskUnderTest) -> None:
    one, _ = two(desk)
    done(desk, one.ticket, "priority P2")
    code = undo_code(desk.office.signer, one.ticket or 0, 2, desk.ticket(one.ticket).version)
    done(desk, one.ticket, "priority P4")
    assert "changed since" in refused(desk, one.ticket, f"undo {code}")
    desk.clock.go_on(hours=25)
    assert "24 hours" in refused(desk, one.ticket, f"undo {code}")
    assert desk.ticket(one.ticket).priority == "P4"
