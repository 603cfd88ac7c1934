"""``check --tickets``: a desk that works proves true, and each way in which data can disagree is found.

Every damage is done behind the desk's back, with the database's own guards off, on both databases.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from maildesk.checks import amount, prove
from maildesk.store import leases, proof
from maildesk.store.database import Database
from tests.cli.conftest import Story, maildesk, told
from tests.rig.desk import NOW
from tests.rig.letters import letter

ACK = "UPDATE outbox SET {} WHERE notice = 'acknowledgement'"
DAMAGES = [
    # the ticket and its log
    ("UPDATE ticket SET status = 'closed' WHERE number = 1001", "ticket 1001: its row is not what its events add up to: status"),
    ("UPDATE ticket SET version = 9, team = 'x' WHERE number = 1002", "ticket 1002: its row is not what its events add up to: team, version"),
    ("UPDATE ticket SET contact = '{}' WHERE number = 1001", "ticket 1001: its row is not what its events add up to: contact"),
    ("UPDATE event SET seq = 77 WHERE ticket = 1001 AND seq = 2", "ticket 1001: its 5 events are not numbered from 1 without gaps"),
    ("DELETE FROM event WHERE ticket = 1001 AND seq = 5", "ticket 1001: its row is not what its events add up to: version"),
    ("DELETE FROM event WHERE ticket = 1001 AND seq = 1", "ticket 1001: its log cannot be read (ValueError)"),
    ("DELETE FROM event WHERE ticket = 1002", "ticket 1002: its log cannot be read (ValueError)"),
    ("UPDATE event SET body = '{' WHERE ticket = 1001 AND seq = 2", "ticket 1001: its log cannot be read (JSONDecodeError)"),
    ("UPDATE event SET kind = 'flown' WHERE ticket = 1001 AND seq = 2", "ticket 1001: its log cannot be read (KeyError)"),
    ("DELETE FROM ticket WHERE number = 1001", "there are events of ticket 1001, which is not there"),
    ("DELETE FROM ticket WHERE number = 1002", "there are events of ticket 1002, which is not there"),
    ("INSERT INTO participant (ticket, address) VALUES (1001, 'x')", "ticket 1001: who is kept as its participants is not who its events add up to"),
    ("UPDATE ticket SET participants = '[\"x\"]' WHERE number = 1001", "ticket 1001: its row is not what its events add up to: participants"),
    ("UPDATE ticket SET merged_into = 1002 WHERE number = 1001", "ticket 1001: its row is not what its events add up to: merged_into"),
    ("INSERT INTO participant (ticket, address) VALUES (77, 'x')", "participants are kept for ticket 77, which is not there"),
    # acknowledgements
    ("DELETE FROM outbox WHERE notice = 'acknowledgement'", "ticket 1001: its requester is owed an acknowledgement, and there is none"),
    (ACK.format("ticket = 1002"), "ticket 1002: nobody is owed an acknowledgement, and there is one"),
    (ACK.format("ticket = 1002"), "ticket 1001: its requester is owed an acknowledgement, and there is none"),
    (ACK.format("recipient = 'eve@acme.test'"), "ticket 1001: its acknowledgement goes to somebody who did not open it"),
    ("UPDATE outbox SET notice = 'acknowledgement', recipient = 'bob@acme.test' WHERE id IN (2, 3)", "ticket 1001: it has 3 acknowledgements"),
    # mails in
    ("UPDATE event SET inbound = NULL WHERE inbound = 3", "mail 3 is done, and no event of its ticket 1001 names it"),
    ("UPDATE inbound SET ticket = 1002 WHERE id = 3", "mail 3 is done, and no event of its ticket 1002 names it"),
    ("UPDATE inbound SET ticket = 1002 WHERE id = 4", "event 4 of ticket 1001 names mail 4, which is not done or of another ticket"),
    ("UPDATE inbound SET state = 'received' WHERE id = 1", "event 1 of ticket 1001 names mail 1, which is not done or of another ticket"),
    ("UPDATE event SET inbound = 77 WHERE inbound = 5", "event 1 of ticket 1002 names mail 77, which is not done or of another ticket"),
    ("UPDATE inbound SET ticket = NULL WHERE id = 1", "mail 1 is done and of a kind that opens a ticket (request), and has none"),
    ("UPDATE inbound SET duplicate_of = NULL WHERE id = 2", "mail 2 is done and of a kind that opens a ticket (request), and has none"),
    ("UPDATE inbound SET kind = NULL WHERE id = 6", "mail 6 is done and has no kind"),
    ("DELETE FROM message_ref WHERE message_id = 'first@acme.test'", "mail 1 is of ticket 1001, and an answer to it would not be known"),
    ("UPDATE inbound SET raw = 'x' WHERE id = 6", "mail 6: its octets are not there"),
    ("UPDATE inbound SET claimed_by = 'me' WHERE id = 6", "mail 6 is done and still claimed"),
    ("UPDATE inbound SET state = 'received', claimed_by = 'dead' WHERE id = 7", "mail 7 is claimed by a daemon that no longer lives"),
    # mails out
    ("UPDATE outbox SET ticket = 77 WHERE id = 2", "outgoing mail 2 is of ticket 77, which is not there"),
    ("UPDATE outbox SET ticket = NULL WHERE id = 2", "outgoing mail 2 (new-ticket) is of no ticket"),
    ("UPDATE outbox SET message_id = 'x' WHERE id = 2", "outgoing mail 2 is of ticket 1001, and an answer to it would not be known"),
    ("DELETE FROM attempt WHERE outbox = 2", "outgoing mail 2 is marked as sent, and no attempt says so"),
    ("UPDATE outbox SET claimed_by = 'me' WHERE id = 2", "outgoing mail 2 is sent and still claimed"),
    ("UPDATE outbox SET state = 'sending', claimed_by = 'dead' WHERE id = 2", "outgoing mail 2 is claimed by a daemon that no longer lives"),
    ("UPDATE outbox SET state = 'sending', claimed_by = NULL WHERE id = 2", "outgoing mail 2 is claimed by a daemon that no longer lives"),
    # octets
    ("UPDATE raw_mail SET size = size + 1", "its octets are not what came in"),
]  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def url(request: pytest.FixtureRequest) -> str:
    """A database with the current schema."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    made: str = request.getfixturevalue("postgres").fresh_database()
    database = Database(made)
    database.upgrade()
    database.close()
    return made


@pytest.fixture
def proved(url: str, begin: Callable[[str], Story]) -> Story:
    return told(begin(url))


def damage(story: Story, *statements: str) -> None:
    """Change rows behind the desk's back."""
    engine = create_engine(story.desk.database.url)
    with engine.begin() as connection:
        if not story.desk.database.is_sqlite:  # there foreign keys are off until asked for
            connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount > 0
    engine.dispose()


def findings(story: Story, **more: Any) -> list[str]:
    return list(prove(story.desk.database, NOW, **more))


@pytest.mark.parametrize("wrong", ["NULL", "'2199-01-01T00:00:00.000000'"], ids=["never", "late"])
def test_a_lost_timer_is_found(proved: Story, wrong: str) -> None:
    policy = proved.desk.office.policy
    assert findings(proved, policy=policy) == []
    moment = wrong if proved.desk.database.is_sqlite or wrong == "NULL" else "'2199-01-01T00:00:00Z'"
    damage(proved, f"UPDATE ticket SET next_due_at = {moment} WHERE number = 1001")
    (found,) = findings(proved, policy=policy)
    assert found.startswith("ticket 1001: time does something to it at ")
    assert findings(proved) == []  # without the rules nobody can tell


def test_a_desk_that_works_proves_true(proved: Story) -> None:
    assert findings(proved) == []


def test_an_empty_desk_proves_true(begin: Callable[[str], Story], url: str) -> None:
    assert findings(begin(url)) == []


@pytest.mark.parametrize(("statement", "finding"), DAMAGES)
def test_each_damage_is_found(proved: Story, statement: str, finding: str) -> None:
    damage(proved, statement)
    assert [found for found in findings(proved) if finding in found]


def test_octets_that_changed_are_found(proved: Story) -> None:
    literal = "X'00'" if proved.desk.database.is_sqlite else r"'\x00'"
    damage(proved, f"UPDATE raw_mail SET octets = {literal} WHERE sha256 = (SELECT raw FROM inbound WHERE id = 6)")
    (found,) = findings(proved)
    assert found.startswith("raw mail ")


def test_a_claim_of_a_daemon_that_lives_is_none(proved: Story) -> None:
    database = proved.desk.database
    with database.writing() as transaction:
        leases.take(transaction, leases.DAEMON + "alive", "alive", NOW, 20)
    damage(proved, "UPDATE inbound SET state = 'received', claimed_by = 'alive' WHERE id = 7")
    assert findings(proved) == []
    with database.writing() as transaction:
        leases.take(transaction, leases.DAEMON + "alive", "alive", NOW, -1)
    assert list(prove(database, NOW)) == ["mail 7 is claimed by a daemon that no longer lives"]


def test_an_address_that_cannot_be_written_to_is_owed_nothing(begin: Callable[[str], Story], url: str) -> None:
    story = begin(url)
    end = story.desk.receive(letter(sender="b\u00f6b@acme.test"), path="")
    assert end.ticket is not None
    assert findings(story) == []


def test_the_steps_add_up(proved: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tickets and raw mails, in however small batches."""
    monkeypatch.setattr(proof, "RAW_OCTETS", 1)
    monkeypatch.setattr(proof, "RAW_PAGE", 3)
    monkeypatch.setitem(proof.STREAM, "yield_per", 1)
    steps: list[int] = []
    assert findings(proved, step=steps.append) == []
    assert sum(steps) == amount(proved.desk.database) == 2 + 8  # each copy came with a trace field of its own
    assert set(steps) == {1}


def test_what_happens_meanwhile_is_no_finding(proved: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof sees one moment, though the desk opens a ticket between two of its questions."""
    ask = proof._answers
    monkeypatch.setattr(proof, "_answers", lambda transaction: proved.desk.receive(letter()) and ask(transaction))
    assert findings(proved) == []
    assert len(proved.desk.tickets()) == 3


def test_the_command_names_every_fault(story: Story) -> None:
    damage(story, "UPDATE ticket SET status = 'closed'", "UPDATE outbox SET ticket = NULL WHERE id = 2")
    ran = story.run("check", "--tickets")
    assert ran.code == 1
    *found, verdict = ran.out.splitlines()[-5:]
    assert found == [
        "FAULT: outgoing mail 2 (new-ticket) is of no ticket",
        "FAULT: ticket 1001: its row is not what its events add up to: status",
        "FAULT: ticket 1002: its row is not what its events add up to: status",
        "data: 3 faults",
    ]
    assert re.fullmatch(r"3 faults, \d+ warnings: `maildesk run` would start", verdict)  # the data do not stop it


def test_the_command_on_a_desk_that_works(story: Story) -> None:
    ran = story.run("check", "--tickets")
    assert (ran.code, ran.err) == (0, "")
    said, verdict = ran.out.splitlines()[-2:]
    assert said == "data: tickets, events, mails and outbox agree"
    assert re.fullmatch(r"0 faults, \d+ warnings: `maildesk run` would start", verdict)


def test_progress_is_shown_on_a_terminal_alone(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maildesk.cli.check._on_terminal", lambda: True)
    damage(story, "UPDATE ticket SET status = 'closed'")
    ran = story.run("check", "--tickets")
    assert "proving" in ran.err
    assert "data: 2 faults" in ran.out


def test_no_data_yet(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("database: sqlite:///none.db\n")
    ran = maildesk("check", "--tickets", "--settings", file)
    said, verdict = ran.out.splitlines()[-2:]
    assert (ran.code, said) == (0, "data: none yet")
    assert re.fullmatch(r"0 faults, \d+ warnings: `maildesk run` would start", verdict)
    assert not (tmp_path / "none.db").exists()
