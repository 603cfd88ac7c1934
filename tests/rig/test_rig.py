"""The rig itself: what it starts is private, does what it says, and is gone afterwards."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rig.desk_mailbox import mail
from tests.rig.dovecot import Dovecot
from tests.rig.ports import HOST, free_port, is_open, wait_until
from tests.rig.postfix import DESK_ADDRESS, Postfix
from tests.rig.proxy import HEALTHY, REFUSE, Fault, Proxy
from tests.rig.server import unprivileged
from tests.rig.skip import missing, real

if TYPE_CHECKING:
    from tests.rig.postgres import Postgres

ROOT = Path(__file__).parents[2]


def test_what_is_missing_is_skipped_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILDESK_REAL", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        real("no-such-program")


def test_what_is_missing_fails_where_everything_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILDESK_REAL", "require")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        real("no-such-program")


def test_what_is_there_is_not_skipped() -> None:
    real("sh")
    assert missing("sh") == ""


def test_nobody_listens_on_a_free_port() -> None:
    ports = {free_port() for _ in range(50)}
    assert len(ports) > 40
    assert not any(is_open(port) for port in ports)


def test_waiting_ends() -> None:
    with pytest.raises(TimeoutError, match="never comes"):
        wait_until(lambda: False, "it never comes", 0.05)


def test_servers_do_not_run_as_root() -> None:
    assert unprivileged("no such user").uid != 0 or os.geteuid() != 0


@pytest.mark.real
class TestPostgres:
    def test_each_database_is_empty(self, postgres: "Postgres") -> None:
        first, second = postgres.fresh_database(), postgres.fresh_database()
        self._execute(first, "CREATE TABLE here (x int)")
        assert self._execute(second, "SELECT count(*) FROM pg_tables WHERE tablename = 'here'") == [(0,)]

    @pytest.mark.parametrize("outage", ["stop", "kill"])
    def test_what_was_committed_survives_an_outage(self, postgres: "Postgres", outage: str) -> None:
        import psycopg  # noqa: PLC0415 - it may be missing

        url = postgres.fresh_database()
        self._execute(url, "CREATE TABLE kept AS SELECT 7 AS x")
        getattr(postgres, outage)()
        with pytest.raises(psycopg.OperationalError):
            self._execute(url, "SELECT 1")
        postgres.start()
        assert self._execute(url, "SELECT x FROM kept") == [(7,)]

    @staticmethod
    def _execute(url: str, statement: str) -> list[tuple[object, ...]]:
        import psycopg  # noqa: PLC0415

        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.mark.real
class TestDovecot:
    def test_lmtp_delivers_to_known_users_only(self, dovecot: Dovecot) -> None:
        user = dovecot.new_user()
        with smtplib.LMTP(HOST, dovecot.lmtp) as lmtp:
            refused = lmtp.sendmail("a@b.test", [user, "gone1@desk.test"], mail())
        assert list(refused) == ["gone1@desk.test"]
        assert refused["gone1@desk.test"][0] == 550
        [delivered] = dovecot.mails(user).values()
        assert delivered.startswith(b"Return-Path: <a@b.test>")

    def test_a_delivered_mail_is_there_with_its_folder(self, dovecot: Dovecot) -> None:
        user = dovecot.new_user()
        dovecot.deliver(user, mail(), folder="Störung/neu")
        assert "Störung/neu" in dovecot.folders(user)
        assert list(dovecot.mails(user, "Störung/neu").values()) == [mail()]
        assert dovecot.mails(user, "missing") == {}

    def test_the_uidvalidity_can_be_changed(self, dovecot: Dovecot) -> None:
        user = dovecot.new_user()
        dovecot.deliver(user, mail())
        before = dovecot.uidvalidity(user)
        assert dovecot.change_uidvalidity(user) == dovecot.uidvalidity(user) != before
        assert list(dovecot.mails(user).values()) == [mail()]

    def test_connections_can_be_cut(self, dovecot: Dovecot) -> None:
        user = dovecot.new_user()
        client = dovecot.client(user)
        dovecot.kill_connections(user)
        with pytest.raises(client.AbortError):
            client.noop()


@pytest.mark.real
class TestPostfix:
    def test_the_desk_gets_its_mail_and_dovecot_the_rest(
        self, dovecot: Dovecot, postfix: Callable[..., Postfix]
    ) -> None:
        desk, customer = dovecot.new_user("inbox.test"), dovecot.new_user("customer.test")
        server = postfix(f"lmtp:inet:{HOST}:{dovecot.lmtp}")
        with smtplib.SMTP(HOST, server.port) as smtp:
            smtp.sendmail(customer, [DESK_ADDRESS, "support+c1@desk.test", desk], mail(1))
        wait_until(lambda: dovecot.mails(desk) and len(dovecot.mails(DESK_ADDRESS)) >= 2, f"no mail: {server.log}")

    def test_it_bounces_for_real(self, dovecot: Dovecot, postfix: Callable[..., Postfix]) -> None:
        customer = dovecot.new_user("customer.test")
        server = postfix("discard:")
        with smtplib.SMTP(HOST, server.port) as smtp:
            smtp.sendmail(customer, ["gone@client.test"], mail(1))
        wait_until(lambda: dovecot.mails(customer), f"no bounce: {server.log}")
        [bounce] = dovecot.mails(customer).values()
        assert b"report-type=delivery-status" in bounce
        assert b"Final-Recipient: rfc822; gone@client.test" in bounce

    def test_what_is_deferred_waits_and_is_tried_again(
        self, dovecot: Dovecot, postfix: Callable[..., Postfix], proxy: Callable[[int], Proxy]
    ) -> None:
        network = proxy(dovecot.lmtp)
        network.set(REFUSE)
        server = postfix(f"lmtp:inet:{HOST}:{network.port}")
        before = len(dovecot.mails(DESK_ADDRESS))
        with smtplib.SMTP(HOST, server.port) as smtp:
            smtp.sendmail("a@customer.test", [DESK_ADDRESS], mail(2))
        wait_until(lambda: "status=deferred" in server.log, "it is not deferred")
        assert DESK_ADDRESS in server.queue()
        network.set(HEALTHY)
        server.flush()
        wait_until(lambda: len(dovecot.mails(DESK_ADDRESS)) > before, f"it stays: {server.log}")


@pytest.mark.real
class TestProxy:
    """Before Dovecot's LMTP, which greets."""

    @staticmethod
    def greeting(port: int) -> bytes:
        with socket.create_connection((HOST, port), timeout=0.5) as client:
            return b"".join(iter(lambda: client.recv(1000), b""))

    def test_faults(self, dovecot: Dovecot, proxy: Callable[[int], Proxy]) -> None:
        network = proxy(dovecot.lmtp)
        network.set(Fault(cut_down=3))
        assert self.greeting(network.port) == b"220"
        network.set(REFUSE)
        with pytest.raises(ConnectionRefusedError):
            self.greeting(network.port)
        network.set(Fault(stall_down=3))
        with pytest.raises(TimeoutError):
            self.greeting(network.port)
        network.set(HEALTHY)
        with smtplib.LMTP(HOST, network.port) as lmtp:
            assert lmtp.noop()[0] == 250

    def test_the_answer_to_data_is_swallowed_after_the_server_took_the_mail(
        self, dovecot: Dovecot, proxy: Callable[[int], Proxy]
    ) -> None:
        user, network = dovecot.new_user(), proxy(dovecot.lmtp)
        network.set(Fault(swallow_answer_to_data=True))
        lmtp = smtplib.LMTP(HOST, network.port)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            lmtp.sendmail("a@b.test", [user], mail())
        assert len(dovecot.mails(user)) == 1

    def test_open_connections_can_be_cut(self, dovecot: Dovecot, proxy: Callable[[int], Proxy]) -> None:
        network = proxy(dovecot.lmtp)
        lmtp = smtplib.LMTP(HOST, network.port)
        network.cut()
        with pytest.raises(smtplib.SMTPServerDisconnected):
            lmtp.noop()


@pytest.mark.real
@pytest.mark.parametrize(
    ("need", "module", "begin"),
    [
        ("dovecot", "dovecot", "running_dovecot(make_certificates(Path(sys.argv[1])))"),
        ("postfix", "postfix", "running_postfix('error:x', 'error:x')"),
        ("postgres", "postgres", "running_postgres()"),
    ],
)
def test_servers_die_with_their_test(tmp_path: Path, need: str, module: str, begin: str) -> None:
    """Even when it is killed: no server outlives the process that wanted it."""
    real(need)
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom tests.rig.certificates import make_certificates\n"
        f"from tests.rig.{module} import *\nwith {begin} as server:\n"
        "    print(server.directory, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as test:
        assert test.stdout
        directory = Path(test.stdout.readline().strip())
        assert _processes(directory)
        test.send_signal(signal.SIGKILL)
    wait_until(lambda: not _processes(directory), "a server was left", 20)
    subprocess.run(["rm", "-r", str(directory)], check=True)


def _processes(directory: Path) -> list[str]:
    """The processes that work in a server's directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(directory) in str((process / "cwd").readlink()):
                found.append(process.name)
        except OSError:
            continue
    return found
