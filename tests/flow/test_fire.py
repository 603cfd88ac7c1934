"""What becomes of a ticket whose timers fail, and of all tickets when the rules change."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maildesk import flow
from maildesk.desk.duration import Duration
from maildesk.desk.timers import next_due
from maildesk.store import tickets
from tests.rig.staffed import running

AT_FAULT = 1002


def test_one_at_fault_is_put_off_and_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fire = flow.fire_timers

    def fails(transaction: Any, office: Any, ticket: Any, now: Any) -> int:
        if ticket.number == AT_FAULT:
            raise ValueError("a fault of this ticket")
        return fire(transaction, office, ticket, now)

    monkeypatch.setattr(flow, "fire_timers", fails)
    with running(tmp_path / "desk") as desk:
        for number in range(3):
            desk.mail(number, "Trouble")
        desk.until(desk.now + timedelta(hours=7))
        told = desk.told()
        assert len([key for key in told if f"timers:{AT_FAULT}:2026-11-02" in key]) == 1  # of seven failures
        with desk.database.reading() as transaction:
            logs = {number: tickets.log(transaction, number) for number in (1001, 1002, 1003)}
        assert len(logs[AT_FAULT]) == 1
        assert len(logs[1001]) == len(logs[1003]) > 1
        due = desk.due_at()
        assert due is not None
        assert due <= desk.now + flow.PUT_OFF


def test_new_rules_derive_each_ticket_anew_once(tmp_path: Path) -> None:
    with running(tmp_path / "desk") as desk:
        for number in range(3):
            desk.mail(number, "Trouble")
        flow.derive_anew(desk.office)
        before = desk.due_at()
        p3 = replace(desk.office.policy.priorities["P3"], first_response=Duration.parse("1 business hours"))
        priorities = {**desk.office.policy.priorities, "P3": p3}
        desk.office = replace(
            desk.office, policy=replace(desk.office.policy, priorities=priorities, version="other rules")
        )
        assert flow.derive_anew(desk.office) == 3
        assert flow.derive_anew(desk.office) == 0
        with desk.database.reading() as transaction:
            found = tickets.unfinished(transaction, 0, 10)
        assert desk.due_at() == min(filter(None, (next_due(ticket, desk.office.policy) for ticket in found))) != before
