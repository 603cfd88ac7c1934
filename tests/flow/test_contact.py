"""What [Procedure 11] asks for: asked once, merged field by field, matched to the register of contracts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rig.desk import ANN, DeskUnderTest, Sent
from tests.rig.letters import answer, letter, text_of

OpenDesk = Callable[..., DeskUnderTest]
BOB, PIA, EVE = "bob@acme.test", "pia@partner.test", "eve@evil.test"
REGISTER = """number,organisation,domains,valid from,valid to,partner addresses
A-100,Acme Ltd,acme.test,2026-01-01,2027-12-31,pia@partner.test
O-200,Old Ltd,old.test,2020-01-01,2025-12-31,
T-300,Twice Ltd,twice.test,,,
T-301,Twice Ltd,twice.test,,,
"""
ASKED = {
    "name": "Your name:",
    "organisation": "Your organisation:",
    "contract": "Your contract number:",
    "email": "Your e-mail address:",
    "phone": "Your phone number:",
    "documentation": "Supporting documentation:",
}


@pytest.fixture
def registered(open_desk: OpenDesk, tmp_path: Path) -> DeskUnderTest:
    """A desk with a register of contracts."""
    file = tmp_path / "contracts.csv"
    file.write_text(REGISTER)
    return open_desk({"contracts": str(file)})


def asked(mail: Sent) -> set[str]:
    """The facts that a mail asks for."""
    lines = text_of(mail.mail).splitlines()
    return {key for key, line in ASKED.items() if line in lines}


TOLD: list[tuple[str, str, set[str]]] = [
    ("nothing but From", "It burns.", {"organisation", "contract", "phone", "documentation"}),
    ("phone", "It burns.\nPhone: +44 20 7946 0000", {"organisation", "contract", "documentation"}),
    ("two lines", "Organisation: Acme Ltd\nContract number: A-100", {"phone", "documentation"}),
    (
        "all",
        "Organisation: Acme\nContract: A-100\nPhone: +44 20 7946 0000\nSupporting documentation: see https://x.test/log",
        set(),
    ),
]


@pytest.mark.parametrize(("_name", "text", "missing"), TOLD, ids=[name for name, _, _ in TOLD])
def test_what_is_missing_is_asked_in_the_acknowledgement(
    desk: DeskUnderTest, _name: str, text: str, missing: set[str]
) -> None:
    end = desk.receive(letter(text))
    assert asked(end.to(BOB)[0]) == missing
    assert [asked(mail) for mail in end.to(ANN)] == [set()]


def test_the_answer_is_merged_field_by_field_and_nothing_is_asked_again(desk: DeskUnderTest) -> None:
    first = desk.receive(letter("It burns."))
    (ack,) = first.to(BOB)
    filled = answer(ack.octets, "Your organisation: Acme Ltd\nYour phone number: +44 20 7946 0000")
    second = desk.receive(filled)
    assert second.to(BOB) == []
    assert desk.kinds(first.ticket) == ["opened", "mail-joined", "contact-learnt"]
    desk.receive(answer(ack.octets, "Your contract number: A-100\nYour phone number: +44 20 7946 0001"))
    desk.receive(answer(ack.octets, "Nothing new.", quote=False))
    contact = desk.ticket(first.ticket).contact
    assert {key: contact[key] for key in ("name", "organisation", "contract", "email", "phone")} == {
        "name": "Bob Smith",
        "organisation": "Acme Ltd",
        "contract": "A-100",
        "email": BOB,
        "phone": "+44 20 7946 0001",
    }
    assert len(desk.outbox(to=BOB)) == 1
    assert "Acme Ltd" in second.to(ANN)[0].text
    assert desk.kinds(first.ticket)[-3:] == ["mail-joined", "contact-learnt", "mail-joined"]


def test_a_form_filled_in_within_the_quote(desk: DeskUnderTest) -> None:
    first = desk.receive(letter("It burns."))
    octets = answer(first.to(BOB)[0].octets, "Here you are.").replace(
        b"> Your phone number:", b"> Your phone number: +44 20 7946 0000"
    )
    desk.receive(octets)
    assert desk.ticket(first.ticket).contact["phone"] == "+44 20 7946 0000"


def test_an_attachment_is_documentation(desk: DeskUnderTest) -> None:
    body = (
        b"--b\r\n\r\nIt burns.\r\n--b\r\nContent-Disposition: attachment; filename=error.log\r\n\r\nfire\r\n--b--\r\n"
    )
    end = desk.receive(letter(fields={"Content-Type": "multipart/mixed; boundary=b"}, body=body))
    assert "documentation" not in asked(end.to(BOB)[0])
    assert list(desk.ticket(end.ticket).contact["documentation"]) == ["error.log"]
    assert [part.get_filename() for part in end.to(ANN)[0].mail.iter_attachments()] == ["error.log"]
    assert list(end.to(BOB)[0].mail.iter_attachments()) == []


MATCHES: list[tuple[str, str, str, str, str]] = [
    ("known domain", "x@acme.test", "It burns.", "A-100", ""),
    ("below a known domain", "x@uk.acme.test", "It burns.", "A-100", ""),
    ("partner address", PIA, "It burns.", "A-100", ""),
    ("own number named", "x@acme.test", "Contract: a 100", "A-100", ""),
    ("one of two", "x@twice.test", "Contract: T-301", "T-301", ""),
    ("two, none named", "x@twice.test", "It burns.", "", "several contracts cover the sender: T-300, T-301"),
    ("expired", "x@old.test", "It burns.", "O-200", "contract O-200 is not valid on 2026-11-23"),
    ("unknown number", EVE, "Contract: Z-999", "", "contract Z-999 is not on the register"),
    (
        "unknown number, known domain",
        "x@acme.test",
        "Contract: Z-999",
        "A-100",
        "contract Z-999 is not on the register",
    ),
    ("somebody else's", EVE, "Contract: A-100", "", "contract A-100 was named by eve@evil.test, whom the register"),
    ("on none", EVE, "It burns.", "", "eve@evil.test is on no contract of the register"),
    ("a domain that only looks alike", "x@evilacme.test", "It burns.", "", "is on no contract"),
]


@pytest.mark.parametrize(("_name", "sender", "text", "contract", "flag"), MATCHES, ids=[row[0] for row in MATCHES])
def test_the_register_of_contracts(
    registered: DeskUnderTest, _name: str, sender: str, text: str, contract: str, flag: str
) -> None:
    end = registered.receive(letter(text, sender=sender))
    assert registered.ticket(end.ticket).contract == contract
    notice = end.to(ANN)[0].text
    assert flag in notice
    assert ("not on the register" in notice or "not valid" in notice or "on no contract" in notice) == (
        bool(flag) and "several" not in flag and "named by" not in flag
    )
    partners = {PIA} - {sender} if contract == "A-100" else set()
    assert registered.participants(end.ticket) == partners


VALUES: list[tuple[str, str, bool]] = [
    ("on the register", "x@acme.test", True),
    ("partner", PIA, True),
    ("of an expired contract", "x@old.test", False),
    ("on none, though he names one", EVE, False),
]


@pytest.mark.parametrize(("_name", "sender", "shown"), VALUES, ids=[row[0] for row in VALUES])
def test_values_are_shown_to_addresses_on_the_register_only(
    registered: DeskUnderTest, _name: str, sender: str, shown: bool
) -> None:
    text = "Contract: A-100\nOrganisation: Canary Ltd\nPhone: +44 20 7946 0000"
    ack = registered.receive(letter(text, sender=sender)).to(sender)[0]
    for value in ("Canary Ltd", "+44 20 7946 0000", "A-100"):
        assert (value in ack.all) == shown
    assert "Your organisation" in ack.all  # what we have is named, whoever asks


def test_without_a_register_no_value_is_shown(desk: DeskUnderTest) -> None:
    ack = desk.receive(letter("Phone: +44 20 7946 0000")).to(BOB)[0]
    assert "7946" not in ack.all
    assert "Your phone number" in ack.all


def test_the_registers_name_of_a_firm_fills_what_the_mail_leaves_out(registered: DeskUnderTest) -> None:
    end = registered.receive(letter("It burns."))
    assert asked(end.to(BOB)[0]) == {"phone", "documentation"}
    assert registered.ticket(end.ticket).contact["organisation"] == "Acme Ltd"


def test_a_contract_named_later_brings_its_partners_and_its_flags(registered: DeskUnderTest) -> None:
    first = registered.receive(letter("It burns.", sender="x@twice.test"))
    ack = first.to("x@twice.test")[0]
    wrong = registered.receive(answer(ack.octets, "Your contract number: Z-999", sender="x@twice.test"))
    assert "contract Z-999 is not on the register" in wrong.to(ANN)[0].text
    right = registered.receive(answer(ack.octets, "Your contract number: T-301", sender="x@twice.test"))
    assert registered.ticket(first.ticket).contract == "T-301"
    assert "not on the register" not in right.to(ANN)[0].text


def test_a_partner_joins_as_a_participant_and_is_not_taken_for_the_requester(registered: DeskUnderTest) -> None:
    first = registered.receive(letter("It burns."))
    by_tag = letter(
        "Name: Pia Post\nPhone: +44 20 7946 0777\nSupporting documentation: see the log\n",
        sender=f"Pia <{PIA}>",
        subject=f"[D-{first.ticket}] Printer",
    )
    end = registered.receive(by_tag)
    assert (end.ticket, end.to(PIA), registered.last_role(first.ticket)) == (first.ticket, [], "participant")
    contact = registered.ticket(first.ticket).contact
    assert (contact["name"], contact["email"], contact["phone"]) == ("Bob Smith", BOB, "")
    assert list(contact["documentation"]) == ["see the log"]
    assert "who is on the ticket" in end.to(ANN)[0].text
