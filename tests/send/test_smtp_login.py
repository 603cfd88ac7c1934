import base64

import pytest

from maildesk.send import smtp
from maildesk.send.outcome import State
from maildesk.send.smtp import Relay
from tests.rig.certificates import make_certificates
from tests.rig.relay import Relay as Server
from tests.rig.relay import server_context
from tests.rig.skip import real
from tests.send.test_smtp import MAIL, PATHS, Settings

SENT, DEFERRED = State.SENT, State.DEFERRED
USER, PASSWORD = "desk", "päss wörd/+1"
SECRETS = (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    real("openssl")
    return make_certificates(tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A certificate of the same kind for another host."""
    real("openssl")
    return make_certificates(tmp_path_factory.mktemp("wrong"), "subjectAltName=DNS:other.test")


def tls(kind, certificates):
    context = server_context(str(certificates.certificate), str(certificates.key))
    return {kind: context}


def attempt(server, password=PASSWORD, **settings):
    relay = Relay(Settings(server.port, **settings), password)
    outcome = relay.deliver(*PATHS, MAIL)
    relay.close()
    return outcome


@pytest.mark.parametrize("kind", ["starttls", "tls"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_that_is_right(certificates, monkeypatch, kind, host):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with Server(**tls(kind, certificates), users={USER: PASSWORD}) as server:
        outcome = attempt(server, host=host, security=kind, user=USER)

    assert outcome.state is SENT
    assert (server.mails[0].secured, server.mails[0].user) == (True, USER)


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_a_certificate_of_an_unknown_authority(certificates, elsewhere, monkeypatch, kind):
    monkeypatch.setenv("SSL_CERT_FILE", str(elsewhere.authority))
    with Server(**tls(kind, certificates), users={USER: PASSWORD}) as server:
        outcome = attempt(server, security=kind, user=USER)

    assert (outcome.state, outcome.connected, outcome.alarming) == (DEFERRED, False, True)
    assert "certificate" in outcome.text
    assert (server.log_ins, server.mails) == ([], [])


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_a_certificate_of_another_host(elsewhere, monkeypatch, kind):
    monkeypatch.setenv("SSL_CERT_FILE", str(elsewhere.authority))
    with Server(**tls(kind, elsewhere), users={USER: PASSWORD}) as server:
        outcome = attempt(server, security=kind, user=USER)

    assert (outcome.state, outcome.connected, outcome.alarming) == (DEFERRED, False, True)
    assert "not valid for '127.0.0.1'" in outcome.text
    assert (server.log_ins, server.mails) == ([], [])


def test_without_starttls_nothing_is_said():
    with Server(users={USER: PASSWORD}) as server:
        outcome = attempt(server, security="starttls", user=USER)

    assert (outcome.state, outcome.connected, outcome.alarming) == (DEFERRED, False, True)
    assert [line.split()[0] for line in server.lines] == ["EHLO"]


@pytest.mark.parametrize(("reply", "alarming"), [("454 4.7.0 TLS not now", False), ("554 5.7.3 no TLS", True)])
def test_a_refused_starttls(certificates, reply, alarming):
    with Server(**tls("starttls", certificates)) as server:
        server.rule("STARTTLS", reply)
        outcome = attempt(server, security="starttls")

    assert (outcome.state, outcome.connected, outcome.alarming) == (DEFERRED, False, alarming)
    assert f"{outcome.code} {outcome.text}" == reply
    assert server.mails == []


def test_plain_text_at_a_tls_port_says_so(certificates, monkeypatch):
    with Server() as server:
        outcome = attempt(server, security="tls")

    assert (outcome.state, outcome.connected) == (DEFERRED, False)


@pytest.mark.parametrize("mechanisms", [("PLAIN", "LOGIN"), ("LOGIN",), ("CRAM-MD5", "PLAIN")])
def test_a_log_in_on_this_machine_needs_no_tls(mechanisms):
    with Server(users={USER: PASSWORD}, mechanisms=mechanisms) as server:
        outcome = attempt(server, user=USER)

    assert outcome.state is SENT
    assert server.log_ins == [(USER, True)]


def test_a_password_never_goes_in_plain_text_to_another_machine(monkeypatch):
    monkeypatch.setattr(smtp, "_on_this_machine", lambda _: False)
    with Server(users={USER: PASSWORD}) as server:
        outcome = attempt(server, user=USER)

    assert (outcome.state, outcome.connected, outcome.alarming) == (DEFERRED, False, True)
    assert [line.split()[0] for line in server.lines] == ["EHLO"]


@pytest.mark.parametrize(
    ("peer", "here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("2001:db8::1", False)],
)
def test_what_is_on_this_machine(peer, here):
    class Socket:
        def getpeername(self):
            return (peer, 25)

    assert smtp._on_this_machine(Socket()) == here


@pytest.mark.parametrize("mechanisms", [(), ("CRAM-MD5", "XOAUTH2")])
def test_a_relay_that_offers_no_log_in_of_ours(mechanisms):
    with Server(users={USER: PASSWORD}, mechanisms=mechanisms) as server:
        outcome = attempt(server, user=USER)

    assert (outcome.state, outcome.connected, outcome.alarming) == (DEFERRED, False, True)
    assert server.mails == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_wrong_password_is_tried_once_and_alarms(mechanism):
    with Server(users={USER: "other"}, mechanisms=(mechanism,)) as server:
        outcome = attempt(server, user=USER)

    assert (outcome.state, outcome.code, outcome.connected, outcome.alarming) == (DEFERRED, 535, False, True)
    assert server.log_ins == [(USER, False)]


def test_a_log_in_that_fails_for_now_does_not_alarm():
    with Server(users={USER: PASSWORD}) as server:
        server.rule("AUTH", "454 4.7.0 directory is away")
        outcome = attempt(server, user=USER)

    assert (outcome.state, outcome.code, outcome.connected, outcome.alarming) == (DEFERRED, 454, False, False)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_relay_that_repeats_the_password_is_not_quoted(secret):
    said = secret if isinstance(secret, str) else secret.decode()
    with Server(users={USER: PASSWORD}) as server:
        server.rule("AUTH", f"535 5.7.8 wrong: {said} is it")
        outcome = attempt(server, user=USER)

    assert outcome.text == "5.7.8 wrong: *** is it"


def test_a_relay_that_forgot_the_log_in_is_told_again():
    with Server(users={USER: PASSWORD}) as server:
        relay = Relay(Settings(server.port, user=USER), PASSWORD)
        assert relay.deliver(*PATHS, MAIL).state is SENT
        server.rule("MAIL", "530 5.7.0 log in first", times=1)
        assert relay.deliver(*PATHS, MAIL).state is SENT
        relay.close()

    assert server.log_ins == [(USER, True)] * 2


def test_a_log_in_that_is_wanted_and_not_set():
    with Server(users={USER: PASSWORD}) as server:
        outcome = attempt(server)

    assert (outcome.state, outcome.code, outcome.connected, outcome.alarming) == (DEFERRED, 530, False, True)
