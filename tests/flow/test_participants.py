"""Who takes part in a ticket: whom staff add, whom the register lets; a Cc is offered and never taken."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flow.test_merge import done, proved, refused
from tests.rig.desk import ANN, BILL, DeskUnderTest, End
from tests.rig.letters import DESK, answer, letter

OpenDesk = Callable[..., DeskUnderTest]
BOB, AMY, EVE, PIA, CAROL = "bob@acme.test", "amy@acme.test", "eve@evil.test", "pia@partner.test", "carol@own.test"
REGISTER = """number,organisation,domains,partner addresses,shared
S-1,Acme Ltd,acme.test,pia@partner.test,yes
N-2,Own Ltd,own.test,,no
"""


@pytest.fixture
def registered(open_desk: OpenDesk, tmp_path: Path) -> DeskUnderTest:
    """A desk with a register of contracts."""
    file = tmp_path / "contracts.csv"
    file.write_text(REGISTER)
    return open_desk({"contracts": str(file)})


def opened(desk: DeskUnderTest, sender: str = BOB, **fields: str) -> End:
    return desk.receive(letter(sender=sender, fields=fields))


def test_who_is_added_gets_what_the_customer_gets_and_may_write(desk: DeskUnderTest) -> None:
    end = opened(desk)
    done(desk, end.ticket, "cc add Amy@ACME.test")
    done(desk, end.ticket, "reply: We are on it.")
    mails = {mail.to: mail for mail in desk.outbox("answer")}
    assert set(mails) == {BOB, AMY}
    assert desk.receive(answer(mails[AMY].octets, sender=AMY)).ticket == end.ticket
    assert desk.last_role(end.ticket) == "participant"
    proved(desk)


def test_who_is_removed_gets_nothing_more(desk: DeskUnderTest) -> None:
    end = opened(desk)
    done(desk, end.ticket, "cc add amy@acme.test")
    done(desk, end.ticket, "cc remove amy@acme.test")
    done(desk, end.ticket, "reply: We are on it.")
    assert {mail.to for mail in desk.outbox("answer")} == {BOB}
    assert desk.participants(end.ticket) == frozenset()
    proved(desk)


def test_another_requester_has_the_ticket_alone(desk: DeskUnderTest) -> None:
    end = opened(desk)
    done(desk, end.ticket, f"cc add {AMY}", f"requester {AMY}")
    ticket = desk.ticket(end.ticket)
    assert (ticket.requester, ticket.requester_name, ticket.participants) == (AMY, "", [])
    assert ticket.contact["email"] == AMY
    assert not ticket.contact.get("name")
    done(desk, end.ticket, "reply: We are on it.")
    assert {mail.to for mail in desk.outbox("answer")} == {AMY}
    proved(desk)


def test_a_robots_ticket_owes_nothing_until_staff_say_so(desk: DeskUnderTest) -> None:
    robot = {"Auto-Submitted": "auto-generated"}
    one, other = opened(desk, **robot), opened(desk, sender=EVE, **robot)
    done(desk, one.ticket, "resolved: It is up.")
    assert desk.outbox("resolved") == []
    done(desk, one.ticket, "open", f"requester {AMY}", "resolved: It is up.")
    assert {mail.to for mail in desk.outbox("resolved")} == {AMY}
    done(desk, other.ticket, "reply: Who are you?")
    assert [mail.to for mail in desk.outbox("answer")] == [EVE]
    proved(desk)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"cc add {BOB}", f"{BOB} is its requester already"),
        (f"cc add {AMY}", f"{AMY} takes part already"),
        (f"cc add {DESK}", f"{DESK} is the desk itself"),
        (
            "cc add support+c1.1.aaaaaaaaaaaaaaaa@desk.test",
            "support+c1.1.aaaaaaaaaaaaaaaa@desk.test is the desk itself",
        ),
        ("cc add ånn@acme.test", "no mail can be sent to ånn@acme.test"),
        (f"cc remove {BOB}", f"{BOB} is its requester"),
        (f"cc remove {EVE}", f"{EVE} takes no part"),
        (f"requester {BOB}", f"{BOB} is its requester already"),
        (f"requester {DESK}", f"{DESK} is the desk itself"),
        ("contract S-1", "the register has no contract S-1"),
    ],
)
def test_what_is_refused(desk: DeskUnderTest, line: str, reason: str) -> None:
    end = opened(desk)
    done(desk, end.ticket, f"cc add {AMY}")
    assert refused(desk, end.ticket, line) == reason


def test_a_cc_is_offered_to_staff_and_not_taken(desk: DeskUnderTest) -> None:
    end = opened(desk, Cc=f"Amy <AMY@acme.test>, {BILL}, {BOB}, {DESK}, support+x@desk.test")
    for address in (ANN, BILL):
        (notice,) = end.to(address)
        assert "cc add amy@acme.test" in notice.text
        assert notice.text.count("cc add") == 1
    assert "cc add" not in end.to(BOB)[0].all
    assert desk.participants(end.ticket) == frozenset()
    done(desk, end.ticket, "cc add amy@acme.test")
    again = desk.receive(answer(end.to(BOB)[0].octets, sender=BOB, fields={"Cc": f"{AMY}, {EVE}"}))
    (notice,) = again.to(ANN)
    assert f"cc add {EVE}" in notice.text
    assert AMY not in notice.text


def test_a_hundred_in_cc_are_not_all_offered(desk: DeskUnderTest) -> None:
    end = opened(desk, Cc=", ".join(f"p{n}@acme.test" for n in range(100)))
    assert end.to(ANN)[0].text.count("cc add") == 10


def test_an_organisation_that_shares_its_tickets(registered: DeskUnderTest) -> None:
    end = opened(registered)
    assert registered.participants(end.ticket) == {PIA}
    joined = registered.receive(letter(subject=f"[D-{end.ticket}] Printer", sender=AMY))
    assert joined.ticket == end.ticket
    assert registered.last_role(end.ticket) == "participant"
    assert registered.participants(end.ticket) == {AMY, PIA}
    assert "reached" not in {notice for notice, _ in joined.told}
    stranger = registered.receive(letter(subject=f"[D-{end.ticket}] Printer", sender=EVE))
    assert stranger.ticket != end.ticket
    proved(registered)


def test_a_robot_of_it_takes_no_part(registered: DeskUnderTest) -> None:
    end = opened(registered)
    robot = {"Auto-Submitted": "auto-replied", "In-Reply-To": str(end.to(BOB)[0].mail["Message-ID"])}
    registered.receive(letter(sender=AMY, fields=robot))
    assert registered.participants(end.ticket) == {PIA}


def test_an_organisation_that_does_not(registered: DeskUnderTest) -> None:
    end = opened(registered, sender=CAROL)
    other = registered.receive(letter(subject=f"[D-{end.ticket}] Printer", sender="dave@own.test"))
    assert other.ticket != end.ticket
    assert registered.participants(end.ticket) == frozenset()


def test_another_contract_brings_its_partners_and_takes_the_others(registered: DeskUnderTest) -> None:
    end = opened(registered)
    done(registered, end.ticket, f"cc add {AMY}")
    done(registered, end.ticket, "contract n 2")
    assert registered.ticket(end.ticket).contract == "N-2"
    assert registered.participants(end.ticket) == {AMY}
    done(registered, end.ticket, "close")
    done(registered, end.ticket, "contract S-1")
    assert registered.participants(end.ticket) == {AMY, PIA}
    assert refused(registered, end.ticket, "contract S-1") == "its contract is S-1 already"
    proved(registered)
