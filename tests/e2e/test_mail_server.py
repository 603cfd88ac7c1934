"""A customer's mail passes Postfix to the desk, its answers pass Postfix to his inbox and to staff's."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from maildesk.store.schema import attempt, event, inbound, outbox, ticket
from tests.rig.clients import answer_with_mutt, answer_with_s_nail
from tests.rig.dovecot import Dovecot
from tests.rig.firm import WAYS, Firm, running_firm
from tests.rig.letters import DESK, text_of
from tests.rig.ports import HOST
from tests.rig.proxy import HEALTHY, REFUSE, Proxy

pytestmark = pytest.mark.real


@pytest.mark.parametrize("way", WAYS)
def test_a_mail_becomes_a_ticket_and_its_sender_and_staff_have_it_in_their_inboxes(
    tmp_path: Path, dovecot: Dovecot, real: Callable[..., None], way: str
) -> None:
    real("swaks", "postfix")
    with running_firm(tmp_path, dovecot, way) as firm:
        firm.swaks(firm.customer, "The shop is down", "Nobody can order since nine.")
        [acknowledgement] = firm.wait_for_mail(firm.customer)
        [told] = firm.wait_for_mail(firm.staff)
        firm.close_the_books()

        [row] = firm.desk.rows(select(inbound))
        assert (row.source, row.reverse_path, row.state) == (way.partition(" ")[0], firm.customer, "done")
        assert firm.desk.count(ticket) == 1
        assert "[D-1001] The shop is down" in acknowledgement["Subject"]
        assert row.message_id in acknowledgement["In-Reply-To"]
        assert "Nobody can order" in text_of(told)
        assert len(firm.inbox(firm.customer)) == len(firm.inbox(firm.staff)) == 1
        states = firm.desk.rows(select(outbox.c.notice, outbox.c.state))
        assert sorted(map(tuple, states)) == [("acknowledgement", "sent"), ("new-ticket", "sent")]


def test_the_customer_answers_with_mutt_and_staff_with_s_nail(
    tmp_path: Path, dovecot: Dovecot, real: Callable[..., None]
) -> None:
    """The signed reply address survives Postfix; the answers join the ticket; what staff answer goes to the customer."""
    real("swaks", "postfix", "mutt", "tmux", "s-nail")
    with running_firm(tmp_path, dovecot) as firm:
        firm.swaks(firm.customer, "The shop is down", "Nobody can order since nine.")
        [acknowledgement] = firm.wait_for_mail(firm.customer)
        firm.wait_for_mail(firm.staff)

        answer_with_mutt(tmp_path, dovecot, firm.postfix.port, firm.customer, "Now the forum is down too.")
        firm.wait_until(lambda: len(firm.desk.rows(select(inbound))) == 2, "mutt's answer does not come")
        firm.wait_for_mail(firm.staff, 2)
        answer_with_s_nail(dovecot, firm.postfix.port, firm.staff, "I look at it.")
        said = firm.wait_for_mail(firm.customer, 2)[-1]
        firm.close_the_books()

        _, from_mutt, from_s_nail = firm.desk.rows(select(inbound).order_by(inbound.c.id))
        assert from_mutt.forward_paths == [acknowledgement["Reply-To"]]
        assert from_mutt.reason == "joined D-1001"
        assert from_s_nail.forward_paths == [DESK]  # it does not ask for Reply-To: the thread must do
        assert from_s_nail.reason == "answered the customer on D-1001"
        assert "Now the forum is down too." in text_of(firm.inbox(firm.staff)[1])
        assert "I look at it." in text_of(said)
        assert "forum" not in text_of(said)
        assert len(firm.inbox(firm.staff)) == 2
        kinds = [kind for (kind,) in firm.desk.rows(select(event.c.kind).order_by(event.c.seq))]
        assert kinds == ["opened", "mail-joined", "contact-learnt", "answered"]
        assert firm.desk.count(outbox, outbox.c.notice == "answer") == 1


def test_a_real_bounce_marks_the_attempt_and_staff_are_told_once(
    tmp_path: Path, dovecot: Dovecot, real: Callable[..., None]
) -> None:
    """Postfix takes the acknowledgement, Dovecot refuses its recipient: the report comes to the signed return path."""
    real("swaks", "postfix")
    with running_firm(tmp_path, dovecot) as firm:
        firm.swaks("gone@acme.test", "The shop is down", "Nobody can order since nine.")
        firm.wait_for_mail(firm.staff, 2)
        firm.close_the_books()

        _, report = firm.desk.rows(select(inbound).order_by(inbound.c.id))
        [sent] = firm.desk.rows(select(outbox).where(outbox.c.notice == "acknowledgement"))
        assert (report.kind, report.reverse_path, report.forward_paths) == ("bounce", "", [sent.reverse_path])
        assert sent.reverse_path.startswith("support+b1001.")
        assert (sent.state, "User doesn't exist" in sent.reason) == ("failed", True), sent.reason
        assert outcomes(firm, sent.id) == ["sent", "bounced"]
        assert firm.desk.count(ticket) == 1
        notices = [name for (name,) in firm.desk.rows(select(outbox.c.notice).order_by(outbox.c.id))]
        assert notices == ["acknowledgement", "new-ticket", "undeliverable"]
        assert "gone@acme.test" in text_of(firm.inbox(firm.staff)[1])


def test_a_real_notice_of_delay_marks_the_attempt_and_nothing_else(
    tmp_path: Path, dovecot: Dovecot, real: Callable[..., None], proxy: Callable[[int], Proxy]
) -> None:
    real("swaks", "postfix")
    network = proxy(dovecot.lmtp)
    network.set(REFUSE)
    inboxes, impatient = f"lmtp:inet:{HOST}:{network.port}", {"delay_warning_time": "1s"}
    with running_firm(tmp_path, dovecot, others=inboxes, postfix=impatient) as firm:
        firm.swaks(firm.customer, "The shop is down", "Nobody can order since nine.")
        bounces = inbound.c.kind == "bounce"
        firm.wait_until(lambda: firm.desk.count(inbound, bounces) == 2, "no notices of delay")
        network.set(HEALTHY)
        firm.postfix.flush()
        firm.wait_for_mail(firm.customer)
        firm.wait_for_mail(firm.staff)
        firm.close_the_books()

        for sent in firm.desk.rows(select(outbox)):
            assert (sent.state, outcomes(firm, sent.id)) == ("sent", ["sent", "delayed"])
        assert (firm.desk.count(outbox), firm.desk.count(ticket), firm.desk.count(event)) == (2, 1, 1)
        assert firm.desk.count(inbound) == 3


def outcomes(firm: Firm, sent: int) -> list[str]:
    """What became of a mail of the outbox, in order."""
    query = select(attempt.c.outcome).where(attempt.c.outbox == sent).order_by(attempt.c.id)
    return [outcome for (outcome,) in firm.desk.rows(query)]
