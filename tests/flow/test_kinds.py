"""What each kind of mail does: mail-rules, "Kinds of mail"; promises 5, 7, 14."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from maildesk.store import inbound
from tests.rig.desk import ANN, BILL, OPERATOR, DeskUnderTest
from tests.rig.letters import DESK, answer, complaint, delivery_report, letter, receipt

ACK, NEW, JOINED = ("acknowledgement", "bob@acme.test"), "new-ticket", "joined"
TEAM_OF_NEW = {(NEW, ANN), (NEW, BILL)}
TEAM_OF_JOINED = {(JOINED, ANN), (JOINED, BILL)}
AUTO = {"Auto-Submitted": "auto-generated"}
LIST = {"List-Id": "<ops.acme.test>", "List-Post": "<mailto:ops@acme.test>"}
VACATION = {"Auto-Submitted": "auto-replied"}


@dataclass(frozen=True)
class Case:
    """A mail that is new, and the same one in answer to an acknowledgement."""

    kind: str
    fields: dict[str, str]
    text: str = "Disk 3 is full."
    path: str = "bob@acme.test"
    opens: bool = True
    answered: bool = False
    told: bool = True  # whether the team hears of it


CASES = [
    Case("request", {}, answered=True),
    Case("empty", {}, text="", answered=True),
    Case("auto-generated", AUTO),
    Case("auto-generated", {"Precedence": "bulk"}),
    Case("auto-generated", {}, path=""),
    Case("list", LIST),
    Case("auto-reply", VACATION, opens=False, told=False),
    Case("auto-reply", {"X-Autoreply": "yes"}, opens=False, told=False),
    Case("auto-reply", {"X-Apple-Action": "VACATION"}, opens=False, told=False),
]
ids = [f"{case.kind} {' '.join(case.fields) or case.path}" for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_mail_that_belongs_to_nothing(desk: DeskUnderTest, case: Case) -> None:
    end = desk.receive(letter(case.text, fields=case.fields), path=case.path)
    assert (end.kind, end.row.state) == (case.kind, "done")
    assert end.told == (TEAM_OF_NEW if case.opens else set()) | ({ACK} if case.answered else set())
    assert [ticket.owed for ticket in desk.tickets()] == ([case.answered] if case.opens else [])
    assert (end.ticket is not None) == case.opens
    if not case.opens:
        assert "kept" in end.row.reason
    for notice in end.to(ANN):  # staff see whether an answer went out, and why not
        assert ("goes to bob@acme.test" in notice.text) == case.answered
        assert ("a robot or a list is not answered" in notice.text) != case.answered
        assert (f"{case.kind}: " in notice.text) != case.answered


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_mail_that_answers_ours(desk: DeskUnderTest, case: Case) -> None:
    first = desk.receive(letter())
    (ack,) = first.to("bob@acme.test")
    end = desk.receive(answer(ack.octets, case.text, fields=case.fields, quote=False), path=case.path)
    assert (end.kind, end.ticket) == (case.kind, first.ticket)
    assert end.told == (TEAM_OF_JOINED if case.told else set())
    assert desk.kinds(first.ticket)[:2] == ["opened", "mail-joined"]
    role = "requester" if case.answered else "robot"
    assert desk.log(first.ticket)[1].body.role == role  # type: ignore[union-attr]


def test_a_robots_facts_and_words_change_no_facts(desk: DeskUnderTest) -> None:
    (ack,) = desk.receive(letter()).to("bob@acme.test")
    number = desk.receive(answer(ack.octets, "Phone: +44 20 7946 0000", fields=AUTO)).ticket
    assert desk.ticket(number).contact.get("phone") == ""
    assert desk.kinds(number) == ["opened", "mail-joined"]


Report = Callable[[bytes, str], bytes]
REPORTS: list[tuple[str, Report]] = [("bounce", delivery_report), ("receipt", receipt), ("feedback", complaint)]


@pytest.mark.parametrize(("kind", "report"), REPORTS)
@pytest.mark.parametrize("path", ["", "someone@acme.test"])
def test_a_report_opens_nothing_and_is_not_answered(desk: DeskUnderTest, kind: str, report: Report, path: str) -> None:
    end = desk.receive(report(letter(sender=DESK, to="bob@acme.test"), "bob@acme.test"), path=path)
    assert (end.kind, end.row.state, end.sent, desk.tickets()) == (kind, "done", (), [])


def _own(desk: DeskUnderTest) -> list[bytes]:
    desk.receive(letter())
    return [mail.octets for mail in desk.outbox()]


def test_our_own_mail_that_comes_back_makes_nothing(desk: DeskUnderTest) -> None:
    for octets in _own(desk):
        for path in ("", DESK, "bob@acme.test"):
            again = octets.replace(b"\r\n\r\n", f"\r\nX-Way: {path}\r\n\r\n".encode(), 1)
            end = desk.receive(b"Received: from mx\r\n" + again, path=path)
            assert (end.kind if not end.row.duplicate_of else "own", end.sent) == ("own", ())
    assert len(desk.tickets()) == 1


def test_our_own_mail_comes_back_over_imap_and_with_another_id(desk: DeskUnderTest) -> None:
    for uid, octets in enumerate(_own(desk)):
        head, _, body = octets.partition(b"\r\n\r\n")
        fields = [line for line in head.split(b"\r\n") if not line.startswith(b"Message-ID:")]
        replaced = b"\r\n".join([*fields, b"Message-ID: <relay@relay.test>"]) + b"\r\n\r\n" + body
        end = desk.receive(replaced, source="imap", uid=uid)
        assert (end.kind, end.sent) == ("own", ())
    assert len(desk.tickets()) == 1


HELD = [
    ("X-Loop names this desk", letter(fields={"X-Loop": DESK})),
    ("over 100 Received", letter(fields={"Received": [f"from hop{n}" for n in range(101)]})),
    ("From the desk's own address", letter(sender=f"Support <{DESK}>")),
    ("From the desk's own address", letter(sender="SUPPORT@DESK.TEST", fields={"Auto-Submitted": "auto-replied"})),
]


@pytest.mark.parametrize(("why", "octets"), HELD)
def test_a_loop_or_a_mail_that_claims_to_be_ours_is_held(desk: DeskUnderTest, why: str, octets: bytes) -> None:
    end = desk.receive(octets)
    assert (end.kind, end.row.state, desk.tickets()) == ("loop", "held", [])
    assert end.told == {("alert", OPERATOR)}
    assert why in end.row.reason
    (alert,) = end.sent
    assert why in alert.text
    assert f"maildesk mail show {end.row.id}" in alert.text
    again = desk.receive(octets)
    assert (again.row.duplicate_of, again.sent) == (end.row.id, ())


@pytest.mark.parametrize(("why", "octets"), HELD)
def test_a_held_mail_is_taken_in_on_a_persons_word_and_not_answered(
    desk: DeskUnderTest, why: str, octets: bytes
) -> None:
    held = desk.receive(octets).row
    with desk.database.writing() as transaction:
        assert inbound.retry(transaction, held.id, desk.clock())
    desk.process()
    (row,) = desk.received()
    (ticket,) = desk.tickets()
    assert (row.state, row.ticket, row.kind) == ("done", ticket.number, "auto-generated")
    assert why in "\n".join(row.explanation)
    assert ticket.requester == ("" if "own address" in why else "bob@acme.test")
    assert not ticket.owed
    told = {(mail.notice, mail.to) for mail in desk.outbox()}
    assert told == {("alert", OPERATOR), ("new-ticket", ANN), ("new-ticket", BILL)}


def test_a_firm_without_an_operator_is_not_told_but_the_mail_is_held(open_desk: Callable[..., DeskUnderTest]) -> None:
    end = open_desk({"desk": {"operator": None}}).receive(letter(sender=DESK))
    assert (end.row.state, end.sent) == ("held", ())


UNREADABLE = [
    b"",
    b"\x00\xff\xfe garbage without any line",
    b"\r\n\r\n",
    b"From: (((\r\nSubject: =?utf-8?q?\xff?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type:",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 300,
]


@pytest.mark.parametrize("octets", UNREADABLE)
def test_what_cannot_be_read_is_a_ticket_with_the_raw_mail(desk: DeskUnderTest, octets: bytes) -> None:
    end = desk.receive(octets, path="somebody@acme.test")
    assert end.ticket is not None
    assert end.told == TEAM_OF_NEW
    for notice in end.sent:
        (raw,) = [part for part in notice.mail.iter_attachments() if part.get_filename() == "mail-as-it-came.eml"]
        assert bytes(raw.get_payload(decode=True)).endswith(octets)
        assert "From names nobody who can be answered" in notice.text


def test_a_damaged_mail_of_somebody_is_answered_and_goes_along_whole(desk: DeskUnderTest) -> None:
    octets = letter(fields={"Content-Type": "text/plain; charset=utf-8"}, body=b"The printer burns: \xff\xfe\r\n")
    end = desk.receive(octets)
    assert ACK in end.told
    names = [part.get_filename() for part in end.to(ANN)[0].mail.iter_attachments()]
    assert names == ["mail-as-it-came.eml"]


FROM = [
    ('"Bob Smith" <Bob@ACME.test>', "bob@acme.test"),
    ("bob@acme.test, eve@acme.test", "bob@acme.test"),
    ("Nobody", ""),
    ("undisclosed-recipients:;", ""),
]


@pytest.mark.parametrize(("sender", "requester"), FROM)
def test_the_first_usable_address_in_from_is_the_requester(desk: DeskUnderTest, sender: str, requester: str) -> None:
    end = desk.receive(letter(sender=sender), path="envelope@elsewhere.test")
    assert desk.ticket(end.ticket).requester == requester
    assert [mail.to for mail in end.sent if mail.notice == "acknowledgement"] == ([requester] if requester else [])


UNANSWERABLE = ["zoë@acme.test", "bob@bücher.test", '"a\\"b"@acme.test']


@pytest.mark.parametrize("address", UNANSWERABLE)
def test_staff_are_not_told_of_an_answer_that_could_not_be_sent(desk: DeskUnderTest, address: str) -> None:
    end = desk.receive(letter(sender=f"Zoe <{address}>"))
    assert end.told == TEAM_OF_NEW
    assert f"none: mail cannot be sent to {address}" in end.to(ANN)[0].text
    assert f"answer: none: mail cannot be sent to {address}" in end.why


@pytest.mark.parametrize("to", [DESK, "Support Desk <SUPPORT@desk.test>", "someone.else@firm.test", ""])
def test_to_cc_and_bcc_are_the_same(desk: DeskUnderTest, to: str) -> None:
    assert ACK in desk.receive(letter(to=to)).told
