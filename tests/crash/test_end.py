"""How the daemon ends, and what a second one or a poisonous mail finds: nothing is lost, and the rest flows."""

from pathlib import Path

from sqlalchemy import select

from maildesk.flow import MOST_ATTEMPTS
from maildesk.store.schema import inbound, outbox
from tests.rig.daemon import (
    CONNECTIONS,
    OPERATOR,
    PATIENCE,
    Customers,
    DaemonUnderTest,
    account,
    daemon_under_test,
    mails_of,
    message_id_of,
)
from tests.rig.letters import letter
from tests.rig.ports import wait_until
from tests.rig.relay import Do, Relay

ENDS_WITHIN = 10.0  # seconds after SIGTERM


def test_the_death_of_the_back_room_ends_the_daemon_with_a_fault(embedded: DaemonUnderTest, relay: Relay) -> None:
    embedded.start(hasty=False)
    customers = [Customers(embedded.port, mails_of(10))]
    assert embedded.kill_back_room() == 1
    assert "the back room ended with exit code -9" in embedded.log
    embedded.start(hasty=False)
    embedded.wait_until_quiet(customers)
    account(embedded, customers, relay)


def test_sigterm_while_busy(daemon: DaemonUnderTest, relay: Relay) -> None:
    daemon.start(hasty=False)
    customers = [Customers(daemon.port, mails_of(150), connections=4)]
    wait_until(lambda: len(relay.mails) > 10, "nothing is sent", PATIENCE)
    code, seconds = daemon.terminate()
    assert (code, seconds < ENDS_WITHIN) == (0, True), (seconds, daemon.log[-3000:])
    daemon.start(hasty=False)
    daemon.wait_until_quiet(customers)
    account(daemon, customers, relay)


def test_sigterm_with_a_relay_that_hangs(daemon: DaemonUnderTest, relay: Relay) -> None:
    relay.rule("END", Do.TAKE_AND_SILENCE, times=CONNECTIONS)
    daemon.start(hasty=False)
    customers = [Customers(daemon.port, mails_of(5))]
    wait_until(lambda: len(relay.mails) == CONNECTIONS, "nothing is sent", PATIENCE)
    code, seconds = daemon.terminate()
    assert (code, seconds < ENDS_WITHIN) == (0, True), (seconds, daemon.log[-3000:])
    daemon.start()
    daemon.wait_until_quiet(customers)
    account(daemon, customers, relay, repeats=CONNECTIONS)


def test_a_second_daemon_on_the_same_file_is_refused(embedded: DaemonUnderTest, relay: Relay, tmp_path: Path) -> None:
    embedded.start()
    (tmp_path / "second").mkdir()
    with daemon_under_test(tmp_path / "second", embedded.url, relay.port) as second:
        second.start(hasty=False, refused=True)
        assert second.wait_for_end() == 1
        assert "another maildesk daemon works on" in second.log
        assert "Traceback" not in second.log
    customers = [Customers(embedded.port, mails_of(2))]
    embedded.wait_until_quiet(customers)
    account(embedded, customers, relay)


def test_a_mail_that_kills_whoever_reads_it_is_held_and_the_rest_flows(embedded: DaemonUnderTest, relay: Relay) -> None:
    poison = letter("arsenic", sender="eve@acme.test", message_id="<poison@acme.test>")
    plain = mails_of(6)
    embedded.start("before maildesk.flow:read 1 arsenic")
    Customers(embedded.port, [plain[0], poison, *plain[1:]], connections=1).join()
    for _ in range(1, MOST_ATTEMPTS):
        embedded.wait_for_kill()
        embedded.start("before maildesk.flow:read 1 arsenic")
    embedded.wait_for_kill()
    assert embedded.count(inbound, inbound.c.state == "done") == len(plain), "it held up its neighbours"
    embedded.start("before maildesk.flow:read 1 arsenic")
    embedded.wait_until_quiet()
    (held,) = embedded.rows(select(inbound).where(inbound.c.state == "held"))
    assert "ended the desk again and again" in held.reason
    (alert,) = embedded.rows(select(outbox).where(outbox.c.notice == "alert"))
    assert alert.recipient == OPERATOR
    assert {message_id_of(mail.octets) for mail in relay.mails if OPERATOR in mail.recipients} == {alert.message_id}
    others = [row.ticket for row in embedded.rows(select(inbound).where(inbound.c.state == "done"))]
    assert len(set(others)) == len(plain)
