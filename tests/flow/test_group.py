"""Mails of one group are one transaction, and each finds what those before it have made."""

import pytest

from tests.rig.desk import DeskUnderTest
from tests.rig.letters import letter

ID = "<first@acme.test>"


def test_each_mail_of_a_group_finds_what_those_before_it_made(
    desk: DeskUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    mails = [
        letter(message_id=ID),
        letter("Another one.", subject="Scanner"),
        letter(message_id=ID),
        letter("It still burns.", subject="Re: Printer", fields={"In-Reply-To": ID}),
        letter("Out for lunch.", sender="carol@acme.test", fields={"Auto-Submitted": "auto-replied", "References": ID}),
    ]
    first, other, copy, answer, robot = desk.receive_all([desk.incoming(mail) for mail in mails])
    assert "group failed" not in capsys.readouterr().out
    assert copy.row.duplicate_of == first.row.id
    assert first.ticket == answer.ticket == robot.ticket
    assert other.ticket not in (None, first.ticket)
    assert desk.kinds(first.ticket) == ["opened", "mail-joined", "mail-joined"]
    assert len(desk.outbox("acknowledgement")) == 2
    desk.prove()


def test_a_group_shares_one_budget(desk: DeskUnderTest) -> None:
    for _ in range(2):
        desk.receive_all([desk.incoming(letter(subject=f"Printer {n}")) for n in range(8)])
    held = [mail.row.state == "held" for mail in desk.outbox("acknowledgement")]
    assert held == [False] * 10 + [True] * 6
