"""A whole P2 by mail alone: swaks, mutt and s-nail on one side, the desk on the other, Postfix and Dovecot between."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from maildesk.store.schema import event, inbound, ticket
from tests.rig.clients import answer_with_mutt, answer_with_s_nail
from tests.rig.dovecot import Dovecot
from tests.rig.firm import Firm, running_firm
from tests.rig.letters import text_of

pytestmark = pytest.mark.real

SECRET = "The router in rack 7 belongs to the bank"
ONE_TEAM = {
    "teams": {"systems engineering": {"members": ["Ann"]}},
    "intake": {"highest_proposal": {"others": "P2"}},
}


def test_a_p2_goes_from_the_customers_mail_to_its_closing_by_mail_alone(
    tmp_path: Path, dovecot: Dovecot, real: Callable[..., None]
) -> None:
    real("swaks", "postfix", "mutt", "tmux", "s-nail")
    with running_firm(tmp_path, dovecot, changes=ONE_TEAM) as firm:
        firm.swaks(firm.customer, "Sites are slow", "Impact: many users are affected since nine.")
        assert "D-1001" in firm.wait_for_mail(firm.customer)[-1]["Subject"]
        firm.wait_for_mail(firm.staff)

        _by_staff(firm, "take\npriority P2")
        _by_staff(firm, f"note\n{SECRET}.")
        _by_staff(firm, "We found a full disk and are clearing it.")
        answer = text_of(firm.wait_for_mail(firm.customer, 2)[-1])
        assert "We found a full disk and are clearing it." in answer

        _by_staff(firm, "workaround: please use the second gateway")
        assert "please use the second gateway" in text_of(firm.wait_for_mail(firm.customer, 3)[-1])
        answer_with_mutt(tmp_path, dovecot, firm.postfix.port, firm.customer, "Still broken")
        firm.wait_until(lambda: _status(firm) == "open", "the customer's word is not obeyed")
        firm.desk.wait_until_quiet()

        _by_staff(firm, "cause ours\nresolved: the disk is cleared and watched from now on")
        assert "the disk is cleared and watched" in text_of(firm.wait_for_mail(firm.customer, 4)[-1])
        _by_staff(firm, "close")
        firm.wait_for_mail(firm.customer, 5)
        firm.close_the_books()

        assert _status(firm) == "closed"
        assert {"owner-set", "priority-set", "note-filed", "answered", "status-set", "cause-set"} <= _kinds(firm)
        seen = "".join(text_of(mail) for mail in firm.inbox(firm.customer))
        assert SECRET not in seen
        assert firm.staff not in seen


def _by_staff(firm: Firm, text: str) -> None:
    """Staff answer the newest mail that they have; the desk obeys and is quiet again."""
    had = firm.desk.count(inbound)
    answer_with_s_nail(firm.dovecot, firm.postfix.port, firm.staff, text)
    firm.wait_until(lambda: firm.desk.count(inbound) == had + 1, "what staff write does not come")
    firm.desk.wait_until_quiet()


def _status(firm: Firm) -> str:
    return str(firm.desk.rows(select(ticket.c.status))[0].status)


def _kinds(firm: Firm) -> set[str]:
    return {kind for (kind,) in firm.desk.rows(select(event.c.kind))}
