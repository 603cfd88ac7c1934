"""The relay's client against real servers: Postfix, and Dovecot's submission service with a log-in over TLS."""

from contextlib import contextmanager

import pytest

from maildesk.send.outcome import State
from maildesk.send.smtp import Relay
from tests.rig.certificates import make_certificates
from tests.rig.dovecot import PASSWORD, running_dovecot
from tests.rig.ports import free_port, wait_until
from tests.rig.postfix import running_postfix
from tests.rig.relay import Relay as Server
from tests.rig.skip import real
from tests.send.test_smtp import MAIL, PATHS, Settings

pytestmark = pytest.mark.real
SENT, DEFERRED, FAILED = State.SENT, State.DEFERRED, State.FAILED
LIMIT = 100_000
DATE = b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n"  # else Postfix adds one
ACCESS = "inline:{{gone@y.test = 550 5.1.1 none}, {busy@y.test = 450 4.2.0 later}, {full@y.test = 552 5.2.2 full}}"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    real("openssl")
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(certificates, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


@pytest.fixture(scope="module")
def beyond():
    """The server that the relay passes mail on to."""
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def postfix(beyond, certificates):
    real("postfix")
    hop = f"smtp:[127.0.0.1]:{beyond.port}"
    settings = {
        "message_size_limit": str(LIMIT),
        "smtpd_recipient_restrictions": f"check_recipient_access {ACCESS}, permit_mynetworks, reject",
        "smtpd_tls_cert_file": str(certificates.certificate),
        "smtpd_tls_key_file": str(certificates.key),
        "smtpd_tls_security_level": "may",
        "smtpd_timeout": "1s",
    }
    with running_postfix(hop, hop, settings) as server:
        yield server


@contextmanager
def relay_to(port, password="", **settings):
    relay = Relay(Settings(port, **settings), password)
    yield relay
    relay.close()


def taken_for(server, recipient):
    return [mail for mail in server.mails if mail.recipients == (recipient,)]


def test_postfix_passes_on_what_it_got(postfix, beyond):
    mails = [DATE + MAIL + b"%d\r\n.\r\n..x\r\n" % number for number in range(30)]
    with relay_to(postfix.port) as relay:
        outcomes = [relay.deliver(PATHS[0], "alice@y.test", mail) for mail in mails]
    wait_until(lambda: len(taken_for(beyond, "alice@y.test")) == len(mails), "Postfix has not passed all on", 30)

    assert {(outcome.state, outcome.code) for outcome in outcomes} == {(SENT, 250)}
    assert all(outcome.text.startswith("2.0.0 Ok: queued as") for outcome in outcomes)
    passed_on = taken_for(beyond, "alice@y.test")
    assert sorted(DATE + mail.octets.partition(DATE)[2] for mail in passed_on) == sorted(mails)
    assert {mail.reverse_path for mail in passed_on} == {PATHS[0]}


@pytest.mark.parametrize(
    ("recipient", "size", "expected"),
    [
        ("gone@y.test", 0, (FAILED, 550, "5.1.1")),
        ("busy@y.test", 0, (DEFERRED, 450, "4.2.0")),
        ("full@y.test", 0, (DEFERRED, 552, "5.2.2")),
        ("bob@y.test", LIMIT, (FAILED, 552, "5.3.4")),
    ],
)
def test_what_postfix_refuses(postfix, beyond, recipient, size, expected):
    with relay_to(postfix.port) as relay:
        outcome = relay.deliver(PATHS[0], recipient, MAIL + b"x\r\n" * (size // 3))
        after = relay.deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.code, outcome.text.split()[0], outcome.connected) == (*expected, True)
    assert after.state is SENT


@pytest.mark.usefixtures("trusted")
def test_postfix_over_starttls(postfix):
    with relay_to(postfix.port, security="starttls") as relay:
        assert [relay.deliver(*PATHS, MAIL).state for _ in range(3)] == [SENT] * 3


def test_a_connection_that_postfix_closed_for_idleness_costs_no_attempt(postfix):
    with relay_to(postfix.port) as relay:
        assert relay.deliver(*PATHS, MAIL).state is SENT
        wait_until(lambda: "timeout after END-OF-MESSAGE" in postfix.log, "Postfix keeps the connection")
        assert relay.deliver(*PATHS, MAIL).state is SENT


@pytest.fixture(scope="module")
def submission(beyond, certificates):
    """Dovecot's submission service in front of ``beyond``; its port."""
    real("dovecot")
    port = free_port()
    listener = f"inet_listener submission {{\n port = {port}\n }}"
    settings = {
        "protocols": "imap lmtp submission",
        "submission_relay_host": "127.0.0.1",
        "submission_relay_port": f"{beyond.port}\nservice submission-login {{\n chroot =\n {listener}\n}}",
    }
    with running_dovecot(certificates, settings) as server:
        yield port, server


@pytest.mark.parametrize(("password", "state"), [(PASSWORD, SENT), ("wrong", DEFERRED)])
@pytest.mark.usefixtures("trusted")
def test_a_log_in_at_dovecot_over_tls(submission, beyond, password, state):
    port, server = submission
    with relay_to(port, password, security="starttls", user=server.new_user()) as relay:
        outcomes = [relay.deliver(PATHS[0], f"{state}@z.test", MAIL) for _ in range(2)]

    assert [outcome.state for outcome in outcomes] == [state] * 2
    assert len(taken_for(beyond, f"{state}@z.test")) == (2 if state is SENT else 0)
    wrong = [outcome for outcome in outcomes if state is DEFERRED]
    assert all((outcome.code, outcome.connected, outcome.alarming) == (535, False, True) for outcome in wrong)
