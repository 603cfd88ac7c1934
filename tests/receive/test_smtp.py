import re
import smtplib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path

import pytest
import structlog

from maildesk.receive.smtp import IntakeError, SmtpIntake
from tests.rig.certificates import Certificates, make_certificates
from tests.rig.intake import DESK, NOW, TIMEOUT, Peer, Store, intake, settings
from tests.rig.ports import wait_until
from tests.rig.skip import program, real

MAIL = b"Subject: hello\r\n\r\nIt does not work.\r\n"


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def running(store: Store) -> Iterator[SmtpIntake]:
    with intake(store) as running:
        yield running


@pytest.fixture
def peer(running: SmtpIntake) -> Iterator[Peer]:
    peer = Peer(running.address).hello()
    yield peer
    peer.close()


def body_of(octets: bytes) -> bytes:
    """What came, without the trace field of the intake."""
    assert octets.startswith(b"Received: from ")
    return octets.split(b"\r\n", 3)[3]


def client(running: SmtpIntake) -> smtplib.SMTP:
    host, _, port = running.address.rpartition(":")
    return smtplib.SMTP(host, int(port), timeout=TIMEOUT)


def test_a_mail_comes_in_with_its_envelope(running: SmtpIntake, store: Store) -> None:
    with client(running) as smtp:
        smtp.sendmail("Someone@client.test", ["support+abc@desk.test", "postmaster"], MAIL)
    [mail] = store.mails
    assert body_of(mail.octets) == MAIL
    assert (mail.mailbox, mail.uidvalidity, mail.uid) == (None, None, None)
    envelope = mail.envelope
    assert (envelope.source, envelope.peer, envelope.peer_trusted) == ("smtp", "127.0.0.1", True)
    assert envelope.reverse_path == "Someone@client.test"
    assert envelope.forward_paths == ("support+abc@desk.test", "postmaster")
    assert envelope.received_at == NOW
    assert envelope.received_at.tzinfo is UTC


def test_the_trace_field(peer: Peer, store: Store) -> None:
    peer.begin().send(MAIL + b".\r\n")
    kept = peer.reply()
    [mail] = store.mails
    first, by, date = mail.octets.split(b"\r\n")[:3]
    assert first == b"Received: from client.test ([127.0.0.1])"
    assert re.fullmatch(rb"\tby maildesk.desk.test with ESMTP id [0-9a-f]{12};", by)
    assert date == b"\tMon, 23 Nov 2026 09:30:00 +0000"
    assert kept == "250 2.6.0 kept as mail 1"


def test_the_null_reverse_path_is_an_empty_string(peer: Peer, store: Store) -> None:
    peer.begin(sender="").send(MAIL + b".\r\n")
    assert peer.reply()[:3] == "250"
    assert store.mails[0].envelope.reverse_path == ""


def test_what_is_offered(running: SmtpIntake) -> None:
    peer = Peer(running.address)
    assert peer.greeting == "220 maildesk.desk.test ESMTP maildesk"
    assert peer.say("EHLO client.test").split("\n") == [
        "250-maildesk.desk.test",
        "250-SIZE 1000000",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-PIPELINING",
        "250 HELP",
    ]


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        (["HELO client.test"], "250 maildesk.desk.test"),
        (["MAIL FROM:<a@b.test>"], "503 5.5.1"),
        (["EHLO x", "RCPT TO:<support@desk.test>"], "503 5.5.1"),
        (["EHLO x", "DATA"], "503 5.5.1"),
        (["EHLO x", "MAIL FROM:<>", "DATA"], "503 5.5.1"),
        (["EHLO x", "MAIL FROM:<>", "MAIL FROM:<>"], "503 5.5.1"),
        (["EHLO x", "MAIL FROM:<>", "RCPT TO:<support@desk.test>", "DATA x"], "501 5.5.4"),
        (["EHLO x", "MAIL FROM:<>", "RCPT TO:<nobody@desk.test>"], "550 5.1.1"),
        (["EHLO x", "MAIL FROM:<>", "RCPT TO:<someone@other.test>"], "550 5.1.1"),
        (["EHLO x", "MAIL FROM:<>", "RCPT TO:<support@desk.test>", "RSET", "RCPT TO:<support@desk.test>"], "503 5.5.1"),
        (["EHLO x", "MAIL FROM:<> SIZE=1000001"], "552 5.3.4"),
        (["EHLO x", "MAIL FROM:<> SIZE=1000000"], "250 2.1.0"),
        (["EHLO x", "VRFY support@desk.test"], "252 2.5.2"),
        (["EHLO x", "VRFY nobody@desk.test"], "252 2.5.2"),
        (["EHLO x", "EXPN list"], "502 5.5.1"),
        (["EHLO x", "AUTH PLAIN AGEAYg=="], "502 5.5.1"),
        (["EHLO x", "STARTTLS"], "454"),
        (["EHLO x", "BDAT 7 LAST"], "500"),
        (["EHLO x", "NOOP"], "250"),
        (["EHLO x", "NOOP " + "x" * 2100], "500"),
        (["EHLO x", "NOOP " + "x" * 200_000, "NOOP"], "250"),
        (["EHLO x", "NO\0OP\x07\x1b[2J"], '500 Error: command "NO?OP??[2J" not recognized'),
        (["EHLO x", "MAIL FROM:<a\0@b.test>"], "553 5.1.7"),
        (["EHLO x", "MAIL FROM:<" + "(" * 2000 + ">"], "553 5.1.7"),
        (["EHLO x", "QUIT"], "221"),
    ],
)
def test_replies(running: SmtpIntake, lines: list[str], reply: str) -> None:
    peer = Peer(running.address)
    replies = [peer.say(line) for line in lines]
    assert replies[-1].startswith(reply), replies


def test_octets_that_are_no_utf8(peer: Peer) -> None:
    peer.send(b"MAIL FROM:<\xff\xfe@b.test>\r\nVRFY \xff\r\nN\xffOP\r\nNOOP\r\n")
    assert peer.replies(4) == ["553", "252", "500", "250"]


def test_smtputf8(peer: Peer, store: Store) -> None:
    assert peer.say("MAIL FROM:<grün@straße.test> BODY=8BITMIME SMTPUTF8")[:3] == "250"
    peer.say(f"RCPT TO:<{DESK}>")
    peer.say("DATA")
    peer.send("Subject: Grüße\r\n\r\n.\r\n".encode())
    assert peer.reply()[:3] == "250"
    assert store.mails[0].envelope.reverse_path == "grün@straße.test"
    assert body_of(store.mails[0].octets) == "Subject: Grüße\r\n\r\n".encode()
    assert b"with UTF8SMTP id" in store.mails[0].octets


def test_a_hundred_recipients_and_no_more(peer: Peer, store: Store) -> None:
    peer.say("MAIL FROM:<>")
    replies = [peer.say(f"RCPT TO:<support+{number}@desk.test>")[:9] for number in range(102)]
    assert replies == ["250 2.1.5"] * 100 + ["452 4.5.3"] * 2
    peer.say("DATA")
    peer.send(MAIL + b".\r\n")
    assert peer.reply()[:3] == "250"
    assert len(store.mails[0].envelope.forward_paths) == 100


def test_commands_by_the_thousand_give_way_to_others(running: SmtpIntake, monkeypatch: pytest.MonkeyPatch) -> None:
    many, one = Peer(running.address).hello(), Peer(running.address).hello()
    many.say("MAIL FROM:<>")
    one.say("MAIL FROM:<>")
    order: list[str] = []
    monkeypatch.setattr("maildesk.receive.smtp_policy.is_ours", lambda path, _: bool(order.append(path)))
    both_sent = threading.Event()
    assert running._loop
    running._loop.call_soon_threadsafe(both_sent.wait, TIMEOUT)
    many.send(b"RCPT TO:<many>\r\n" * 500)
    one.send(b"RCPT TO:<one>\r\n")
    both_sent.set()
    assert one.reply()[:3] == "550"
    many.replies(500)
    assert order.index("one") < 100


def test_fifty_thousand_recipients_stop_nobody(peer: Peer, running: SmtpIntake, store: Store) -> None:
    peer.say("MAIL FROM:<>")
    codes: list[str] = []
    reader = threading.Thread(target=lambda: codes.extend(peer.replies(50_000)))
    reader.start()
    peer.send(b"RCPT TO:<support@desk.test>\r\n" * 50_000)
    other = Peer(running.address).hello().begin()
    other.send(MAIL + b".\r\n")
    assert other.reply()[:3] == "250"
    reader.join(60)
    assert codes == ["250"] * 100 + ["452"] * 49_900


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a\r\n",
        b"no line end at the end, 8 bit \xe4\xff\r\n",
        b"Subject: long\r\n\r\n" + b"x" * 900_000 + b"\r\n",
        b"NUL \0, bare CR \r, bare LF \n, all kept\r\n",
        b"\r\n\r\n\r\n",
        b"\n",
    ],
)
def test_any_octets_are_kept_as_they_came(peer: Peer, store: Store, body: bytes) -> None:
    ended = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    peer.begin().send(ended + b".\r\n")
    assert peer.reply()[:3] == "250"
    assert body_of(store.mails[0].octets) == ended


def test_pipelining_of_two_mails(peer: Peer, store: Store) -> None:
    one = b"MAIL FROM:<>\r\nRCPT TO:<support@desk.test>\r\nRCPT TO:<x@desk.test>\r\nDATA\r\n" + MAIL + b".\r\n"
    peer.send(one + one.replace(b"hello", b"again") + b"QUIT\r\n")
    assert peer.replies(11) == ["250", "250", "550", "354", "250", "250", "250", "550", "354", "250", "221"]
    assert [body_of(mail.octets) for mail in store.mails] == [MAIL, MAIL.replace(b"hello", b"again")]
    assert peer.reply() == ""


def test_octet_by_octet(peer: Peer, store: Store) -> None:
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for octet in b"MAIL FROM:<>\r\nRCPT TO:<support@desk.test>\r\nDATA\r\n.a\r\n..\r\n\r\n.\r\nQUIT\r\n":
        peer.send(bytes([octet]))
    assert peer.replies(5) == ["250", "250", "354", "250", "221"]
    assert body_of(store.mails[0].octets) == b"a\r\n.\r\n\r\n"


def test_too_much_while_receiving(peer: Peer, store: Store) -> None:
    peer.begin()
    for _ in range(50):
        peer.send(b"x" * 99_998 + b"\r\n")
    peer.send(b".\r\n")
    assert peer.reply().startswith("552 5.3.4")
    peer.begin().send(MAIL + b".\r\n")
    assert peer.reply()[:3] == "250"
    assert len(store.mails) == 1


def test_250_comes_after_the_commit(peer: Peer, store: Store) -> None:
    store.shut()
    peer.begin().send(MAIL + b".\r\n")
    assert store.entered.wait(TIMEOUT)
    peer.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        peer.reply()
    peer.socket.settimeout(TIMEOUT)
    store.open()
    assert peer.reply()[:3] == "250"


def test_trouble_of_ours_is_451_without_a_word_about_it(peer: Peer, store: Store) -> None:
    store.refuse = (b"",)
    with structlog.testing.capture_logs() as logs:
        peer.begin().send(MAIL + b".\r\n")
        assert peer.reply() == "451 4.3.0 trouble here, try again later"
    assert {"event": "mail not kept", "mails": 1, "fault": "OSError"}.items() <= logs[0].items()
    store.refuse = ()
    peer.begin().send(MAIL + b".\r\n")
    assert peer.reply()[:3] == "250"


def test_a_fault_in_the_session_is_451_too(peer: Peer, running: SmtpIntake, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("secret")

    monkeypatch.setattr("maildesk.receive.smtp_policy.is_ours", broken)
    peer.say("MAIL FROM:<>")
    assert peer.say(f"RCPT TO:<{DESK}>") == "451 4.3.0 trouble here, try again later"
    assert peer.say("NOOP")[:3] == "250"


def test_a_clock_that_fails_costs_no_mail(store: Store) -> None:
    def clock() -> None:
        raise OverflowError("secret")

    running = SmtpIntake(settings(), DESK, store, clock)  # type: ignore[arg-type]
    running.start()
    peer = Peer(running.address).hello().begin()
    peer.send(MAIL + b".\r\n")
    assert peer.reply() == "451 4.3.0 trouble here, try again later"
    running.stop()


def test_twenty_connections_share_commits(running: SmtpIntake, store: Store) -> None:
    store.shut()
    peers = [Peer(running.address).hello().begin() for _ in range(20)]
    peers[0].send(MAIL + b".\r\n")
    assert store.entered.wait(TIMEOUT)
    for number, peer in enumerate(peers[1:]):
        peer.send(b"%d\r\n.\r\n" % number)
    wait_until(lambda: len(running._group._waiting) == 19, "not all mails came to wait")
    store.open()
    assert [peer.reply()[:3] for peer in peers] == ["250"] * 20
    assert [len(group) for group in store.groups] == [1, 19]
    assert sorted(int(body_of(mail.octets)) for mail in store.groups[1]) == list(range(19))


def test_a_connection_dropped_during_data_commits_nothing(peer: Peer, running: SmtpIntake, store: Store) -> None:
    peer.begin().send(MAIL * 100)
    peer.close()
    other = Peer(running.address).hello().begin()
    other.send(MAIL + b".\r\n")
    assert other.reply()[:3] == "250"
    assert len(store.mails) == 1


def test_stop_answers_the_mail_in_the_act_and_sends_the_others_away(running: SmtpIntake, store: Store) -> None:
    committing, idle, sending = (Peer(running.address).hello() for _ in range(3))
    store.shut()
    committing.begin().send(MAIL + b".\r\n")
    assert store.entered.wait(TIMEOUT)
    sending.begin().send(b"Subject: half")
    stopper = threading.Thread(target=running.stop)
    stopper.start()
    assert idle.reply().startswith("421 4.3.2")
    assert sending.reply().startswith("421 4.3.2")
    store.open()
    assert committing.reply()[:3] == "250"
    assert committing.reply().startswith("421 4.3.2")
    assert committing.reply() == ""
    stopper.join(TIMEOUT)
    assert not running.alive
    assert len(store.mails) == 1
    with pytest.raises(OSError, match="refused"):
        Peer(running.address)


def test_stop_during_traffic_loses_nothing_that_was_acknowledged(running: SmtpIntake, store: Store) -> None:
    acknowledged: list[bytes] = []
    enough = threading.Event()

    def send(number: int) -> None:
        peer = Peer(running.address).hello()
        for mail in range(1_000_000):
            subject = b"<%d.%d>" % (number, mail)
            with suppress(AssertionError, OSError):
                peer.begin().send(subject + b"\r\n.\r\n")
                if not peer.reply().startswith("250"):
                    return
                acknowledged.append(subject)
                if len(acknowledged) > 200:
                    enough.set()
                continue
            return

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    assert enough.wait(TIMEOUT)
    running.stop()
    for thread in threads:
        thread.join(TIMEOUT)
    kept = b"".join(mail.octets for mail in store.mails)
    assert [subject for subject in acknowledged if subject not in kept] == []


def test_stop_ends_though_the_store_hangs(running: SmtpIntake, store: Store) -> None:
    store.shut()
    peer = Peer(running.address).hello().begin()
    peer.send(MAIL + b".\r\n")
    assert store.entered.wait(TIMEOUT)
    running.stop(timeout=0.05)
    assert peer.reply().startswith("421 4.3.2")  # our trouble, and he keeps his mail [promise 2]
    assert peer.reply() == ""
    assert not running._thread.is_alive()


def test_an_address_in_use_is_said_clearly(running: SmtpIntake, store: Store) -> None:
    second = SmtpIntake(settings(listen=running.address), DESK, store, lambda: NOW)
    with pytest.raises(
        IntakeError, match=f"cannot listen on {running.address}: Address already in use; another program"
    ):
        second.start()
    second.stop()


@pytest.mark.parametrize("listen", ["127.0.0.1:70000", "host.invalid:25", "unix:/nowhere/at/all", "127.0.0.1"])
def test_an_address_that_cannot_be_used(store: Store, listen: str) -> None:
    with pytest.raises(IntakeError, match=f"cannot listen on {listen}"):
        SmtpIntake(settings(listen=listen), DESK, store, lambda: NOW).start()


def test_ipv6(store: Store) -> None:
    try:
        with intake(store, listen="[::1]:0", trusted=(ip_network("::1"),)) as running:
            assert running.address.startswith("[::1]:")
            port = int(running.address.rpartition(":")[2])
            with smtplib.SMTP("::1", port, timeout=TIMEOUT) as smtp:
                smtp.sendmail("", [DESK], MAIL)
    except IntakeError:
        pytest.skip("no IPv6 loopback here")
    assert (store.mails[0].envelope.peer, store.mails[0].envelope.peer_trusted) == ("::1", True)


def test_a_stranger_is_not_trusted(store: Store) -> None:
    with intake(store, trusted=(ip_network("127.0.0.1/32"),)) as running:
        peer = Peer(running.address, "127.0.0.2").hello().begin()
        peer.send(MAIL + b".\r\n")
        assert peer.reply()[:3] == "250"
    assert (store.mails[0].envelope.peer, store.mails[0].envelope.peer_trusted) == ("127.0.0.2", False)


def test_unix_socket(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with intake(store, listen=f"unix:{path}", trusted=()) as running:
        assert running.address == f"unix:{path}"
        assert path.stat().st_mode & 0o777 == 0o660
        peer = Peer(running.address).hello().begin()
        peer.send(MAIL + b".\r\n")
        assert peer.reply()[:3] == "250"
        with pytest.raises(IntakeError, match="another process serves this socket"):
            SmtpIntake(settings(listen=f"unix:{path}"), DESK, store, lambda: NOW).start()
        assert Peer(running.address).greeting[:3] == "220"
    assert not path.exists()
    assert (store.mails[0].envelope.peer, store.mails[0].envelope.peer_trusted) == ("", True)
    assert store.mails[0].octets.startswith(b"Received: from client.test\r\n")


def test_a_unix_socket_left_by_a_crash_is_replaced(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with intake(store, listen=f"unix:{path}") as running:
        assert Peer(running.address).greeting[:3] == "220"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    real("openssl")
    return make_certificates(tmp_path_factory.mktemp("tls"))


def test_starttls(store: Store, certificates: Certificates) -> None:
    context = ssl.create_default_context(cafile=str(certificates.authority))
    big = b"Subject: big\r\n\r\n" + b"x" * 500_000 + b"\r\n"
    files = {"tls_certificate": certificates.certificate, "tls_key": certificates.key}
    with intake(store, **files) as running, client(running) as smtp:
        smtp.ehlo("client.test")
        assert smtp.has_extn("starttls")
        smtp.starttls(context=context)
        assert smtp.docmd("MAIL FROM:<>")[0] == 503  # RFC 3207 §4.2: what was said before TLS is forgotten
        smtp.ehlo("client.test")
        assert not smtp.has_extn("starttls")
        assert not smtp.has_extn("auth")
        smtp.sendmail("", [DESK], big)
        assert smtp.docmd("STARTTLS")[0] == 503
    assert b"with ESMTPS id" in store.mails[0].octets
    assert body_of(store.mails[0].octets) == big
    assert store.mails[0].envelope.peer_trusted


def test_commands_sent_with_starttls_in_clear_text_are_forgotten(store: Store, certificates: Certificates) -> None:
    context = ssl.create_default_context(cafile=str(certificates.authority))
    with intake(store, tls_certificate=certificates.certificate, tls_key=certificates.key) as running:
        peer = Peer(running.address).hello()
        peer.send(b"STARTTLS\r\nNOOP\r\n")
        assert peer.reply()[:3] == "220"
        with suppress(ssl.SSLError, OSError):
            peer.socket = context.wrap_socket(peer.socket, server_hostname="127.0.0.1")
            peer.send(b"EHLO client.test\r\n")
            assert peer.reply().startswith("250-maildesk.desk.test\n")


def test_a_peer_who_does_not_end_tls_keeps_no_place(store: Store, certificates: Certificates) -> None:
    context = ssl.create_default_context(cafile=str(certificates.authority))
    files = {"tls_certificate": certificates.certificate, "tls_key": certificates.key}
    with intake(store, trusted=(), connections=1, **files) as running:
        peer = Peer(running.address).hello()
        peer.say("STARTTLS")
        peer.socket = context.wrap_socket(peer.socket, server_hostname="127.0.0.1")
        peer.send(b"DATA\r\n" * 30)
        wait_until(lambda: Peer(running.address).greeting[:3] == "220", "the place was not given back")


def test_a_broken_handshake_harms_nobody(store: Store, certificates: Certificates) -> None:
    with intake(store, tls_certificate=certificates.certificate, tls_key=certificates.key) as running:
        peer = Peer(running.address).hello()
        assert peer.say("STARTTLS")[:3] == "220"
        peer.send(b"this is no TLS\r\n" * 10)
        peer.socket.settimeout(TIMEOUT)
        with suppress(OSError):
            while peer.socket.recv(1000):
                pass
        assert Peer(running.address).hello().say("NOOP")[:3] == "250"


def test_a_certificate_that_cannot_be_used(store: Store, tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text("no certificate")
    with pytest.raises(IntakeError, match=r"cannot use the certificate .*c\.pem"):
        SmtpIntake(settings(tls_certificate=tmp_path / "c.pem"), DESK, store, lambda: NOW).start()


def test_swaks(running: SmtpIntake, store: Store) -> None:
    real("swaks")
    host, _, port = running.address.rpartition(":")
    command = [program("swaks") or "swaks", "--server", host, "--port", port, "--from", "a@b.test", "--to", DESK]
    subprocess.run([*command, "--pipeline", "--body", ".\n..\nend"], check=True, capture_output=True, timeout=TIMEOUT)
    assert store.mails[0].octets.rstrip().endswith(b"\r\n.\r\n..\r\nend")


def test_logs_hold_no_text_of_mails(peer: Peer, running: SmtpIntake, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    message = EmailMessage()
    message["Subject"] = "canary"
    message.set_content("canary")
    with structlog.testing.capture_logs() as logs:
        peer.begin().send(message.as_bytes().replace(b"\n", b"\r\n") + b".\r\n")
        assert peer.reply()[:3] == "250"
        wait_until(lambda: logs, "nothing was logged")
    assert [entry["event"] for entry in logs] == ["mail received"]
    assert "canary" not in caplog.text + str(logs)
    assert [record for record in caplog.records if record.name == "mail.log"] == []  # aiosmtpd's own
