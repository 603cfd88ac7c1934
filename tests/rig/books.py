"""A desk with a register of contracts and tickets of known histories, for what is made of them once a month."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from maildesk.desk.events import CauseSet, ContactLearnt, Opened
from maildesk.desk.obey import Refusal
from maildesk.desk.statement import Entry, Statement
from maildesk.steps.statements import correct_statement, decide_statement, make_statements, statements
from maildesk.store import tickets
from tests.rig.desk import Clock, DeskUnderTest, Sent, merged
from tests.rig.history import History, at

DORA = "dora@firm.test"  # the director
REGISTER = """number,organisation,domains,monthly fee,currency,valid from,valid to
C-17,Acme Trading Ltd,acme.test,1200,GBP,2025-01-01,2026-03-31
C-17,Acme Trading Ltd,acme.test,1500,GBP,2026-04-01,
C-18,Nofee & Sons,nofee.test,,,,
C-20,Late Ltd,late.test,1000,GBP,2026-03-15,
C-19,Odd Ltd,odd.test,1000.10,EUR,,
"""
FIRM: Mapping[str, Any] = {
    "people": [
        {"name": "Ann", "addresses": ["ann@firm.test"], "roles": ["staff"]},
        {"name": "Bill", "addresses": ["bill@firm.test"], "roles": ["staff"]},
        {"name": "Dora", "addresses": [DORA], "roles": ["director"]},
    ]
}


class Books:
    """The desk, and what a manager and the month's turn do to it."""

    def __init__(self, folder: Path, url: str, changes: Mapping[str, Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        register = folder / "contracts.csv"
        register.write_text(REGISTER, encoding="utf-8")
        given = merged(merged(FIRM, {"contracts": str(register)}), changes or {})
        self.desk = DeskUnderTest(folder / "desk", url, Clock(at("03-02 08:00")), given)
        self.turn("03-02 08:00")  # the desk lives: February is done

    def ticket(self, history: History, contract: str = "C-17", subject: str = "Help") -> int:
        """Keep a history as a ticket of the desk; its number."""
        opening = history.log[0]
        assert isinstance(opening.body, Opened)
        body = replace(opening.body, contract=contract, subject=subject)
        policy = self.desk.office.policy
        with self.desk.database.writing() as transaction:
            made = tickets.open_ticket(transaction, body, "bob@acme.test", None, opening.at, policy)
            for event in history.log[1:]:
                made = tickets.append(transaction, made, [event.body], event.actor, None, event.at, policy)
        return made.number

    def happens(self, number: int, when: str, body: CauseSet | ContactLearnt) -> None:
        """One more event of a ticket."""
        with self.desk.database.writing() as transaction:
            made = tickets.get(transaction, number)
            assert made
            tickets.append(transaction, made, [body], "sam@firm.test", None, at(when), self.desk.office.policy)

    def turn(self, when: str | datetime) -> list[str]:
        """What the desk does each day: the keys of the notices that it made."""
        now = at(when) if isinstance(when, str) else when
        return [notice.key for notice in make_statements(self.desk.office, now)]

    def shown(self, month: str, when: str = "12-31 12:00") -> dict[str, Statement]:
        """The statements of a month by contract."""
        with self.desk.reading() as transaction:
            found = statements(transaction, self.desk.office, month, at(when))
        return {each.contract: each for each in found}

    def lines(self, contract: str, month: str) -> list[tuple[int | None, str, Decimal, Decimal | None]]:
        """Ticket, month of the hours, hours and amount of each entry in a statement."""
        found = self.shown(month).get(contract)
        return [(e.ticket, e.of_month, e.hours, e.amount) for e in found.entries] if found else []

    def decide(self, contract: str, month: str, verdict: str = "approved", actor: str = DORA) -> Statement | Refusal:
        """A manager's word on a statement."""
        with self.desk.database.writing() as transaction:
            now = at("12-31 12:00")
            return decide_statement(transaction, self.desk.office, contract, month, actor, verdict, now, "a reason")

    def correct(self, contract: str, month: str, ticket: int, hours: str, actor: str = DORA) -> Entry | Refusal:
        """A manager's correction."""
        with self.desk.database.writing() as transaction:
            now = at("12-31 12:00")
            amount = Decimal(hours)
            return correct_statement(
                transaction, self.desk.office, contract, month, ticket, amount, actor, "a reason", now
            )

    def mails(self) -> Sequence[Sent]:
        """The statements that went out."""
        return self.desk.outbox("credit-statement")


def late(opened: str, until: str, priority: str = "P1") -> History:
    """A ticket left alone until it is resolved."""
    return History(opened, priority).run({until: "resolved: x"})
