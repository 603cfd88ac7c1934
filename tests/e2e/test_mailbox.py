"""A customer's mail lies in a mailbox of Dovecot; the desk fetches it over TLS as soon as IDLE tells of it."""

import smtplib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from maildesk.store.schema import inbound, outbox, ticket
from tests.rig.certificates import Certificates
from tests.rig.dovecot import PASSWORD, Dovecot
from tests.rig.firm import running_firm
from tests.rig.letters import DESK, letter
from tests.rig.ports import HOST

pytestmark = pytest.mark.real
HOUR = 3600  # between looks where IDLE tells nothing: longer than any test


@pytest.fixture
def trusted(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk trusts our authority, as one that SSL_CERT_FILE names."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


def mailbox_settings(folder: Path, dovecot: Dovecot, user: str) -> dict[str, Any]:
    """The desk fetches from ``user``'s INBOX."""
    password = folder / "password"
    password.write_text(PASSWORD + "\n")
    mailbox = {"host": HOST, "port": dovecot.imaps, "user": user, "password_file": str(password), "poll": HOUR}
    return {"receive": {"imap": [mailbox]}}


@pytest.mark.usefixtures("trusted")
def test_mail_in_a_mailbox_is_fetched_as_it_comes_answered_and_moved(
    tmp_path: Path, dovecot: Dovecot, real: Callable[..., None]
) -> None:
    real("swaks", "postfix")
    user = dovecot.new_user()
    to_mailbox = {"virtual_alias_maps": f"inline:{{{{{DESK} = {user}}}}}"}
    changes = mailbox_settings(tmp_path, dovecot, user)
    with running_firm(tmp_path, dovecot, postfix=to_mailbox, changes=changes) as firm:
        for number in (1, 2):  # the first may meet the desk's first look, the second IDLE only
            firm.swaks(firm.customer, f"Trouble {number}", "Nobody can order since nine.")
            firm.wait_for_mail(firm.customer, number)
        firm.wait_for_mail(firm.staff, 2)
        firm.wait_until(lambda: len(dovecot.mails(user, "Processed")) == 2, "they are not moved")
        firm.close_the_books()

        rows = firm.desk.rows(select(inbound))
        assert [(row.source, row.reverse_path, row.state) for row in rows] == [("imap", firm.customer, "done")] * 2
        assert dovecot.mails(user) == {}
        assert [mail["Subject"] for mail in firm.inbox(firm.customer)] == ["[D-1001] Trouble 1", "[D-1002] Trouble 2"]


@pytest.mark.usefixtures("trusted")
def test_the_same_mail_by_imap_and_by_smtp_is_one_ticket_with_one_answer(
    tmp_path: Path, dovecot: Dovecot, real: Callable[..., None]
) -> None:
    real("postfix")
    user = dovecot.new_user()
    with running_firm(tmp_path, dovecot, changes=mailbox_settings(tmp_path, dovecot, user)) as firm:
        mails = [letter(sender=firm.customer, subject=f"Trouble {number}") for number in range(6)]
        with smtplib.SMTP(HOST, firm.desk.port, timeout=30) as server:
            for number, octets in enumerate(mails):
                first = number % 2
                if first:
                    dovecot.deliver(user, octets)
                server.sendmail(firm.customer, [DESK], octets)
                if not first:
                    dovecot.deliver(user, octets)
        firm.wait_until(lambda: len(dovecot.mails(user, "Processed")) == len(mails), "they are not all fetched")
        firm.wait_for_mail(firm.customer, len(mails))
        firm.close_the_books()

        rows = firm.desk.rows(select(inbound))
        assert sorted(row.source for row in rows) == ["imap"] * len(mails) + ["smtp"] * len(mails)
        assert {row.state for row in rows} == {"done"}
        assert len({row.duplicate_of for row in rows if row.duplicate_of}) == len(mails)
        assert firm.desk.count(ticket) == len(mails)
        assert firm.desk.count(outbox, outbox.c.notice == "acknowledgement") == len(mails)
        assert len(firm.inbox(firm.customer)) == len(firm.inbox(firm.staff)) == len(mails)
