import threading
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.send.outcome import State
from maildesk.send.smtp import BLOCK_OCTETS, KEPT_SECONDS, Relay
from tests.rig.ports import HOST, free_port
from tests.rig.relay import Do
from tests.rig.relay import Relay as Server

SENT, DEFERRED, FAILED, UNKNOWN = State.SENT, State.DEFERRED, State.FAILED, State.UNKNOWN
MAIL = b"From: d@desk.test\r\nMessage-ID: <1@desk.test>\r\n\r\nHello\r\n"
PATHS = ("support+b7@desk.test", "bob@y.test")


@dataclass(frozen=True)
class Settings:
    port: int
    host: str | None = HOST
    security: str = "none"
    user: str | None = None
    timeout: float = 10


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(params=[True, False], ids=["pipelining", "one by one"])
def server(request):
    with Server(pipelining=request.param) as server:
        yield server


@pytest.fixture
def relay(server):
    relay = Relay(Settings(server.port))
    yield relay
    relay.close()


def recovers(relay, server, mails):
    """The next mail gets through, whatever became of the last one."""
    server.forget_rules()
    assert relay.deliver("", "carol@y.test", MAIL).state is SENT
    assert len(server.mails) == mails + 1
    assert server.mails[-1].recipients == ("carol@y.test",)
    return True


def test_a_mail_arrives_as_it_is(relay, server):
    outcome = relay.deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.code, outcome.text) == (SENT, 250, "2.0.0 taken")
    (mail,) = server.mails
    assert (mail.reverse_path, mail.recipients, mail.octets) == (PATHS[0], (PATHS[1],), MAIL)


def test_the_null_path_and_the_size_are_told(relay, server):
    relay.deliver("", "bob@y.test", MAIL)

    assert f"MAIL FROM:<> SIZE={len(MAIL)}" in server.lines


@pytest.mark.parametrize("pipelining", [True, False])
def test_commands_share_a_packet_only_where_that_is_offered(pipelining):
    with Server(pipelining=pipelining, extensions=()) as server:
        relay = Relay(Settings(server.port))
        relay.deliver("a@x.test", "bob@y.test", MAIL)
        relay.close()

    together = b"MAIL FROM:<a@x.test>\r\nRCPT TO:<bob@y.test>\r\nDATA\r\n"
    assert (together in server.chunks) == pipelining
    assert (b"DATA\r\n" in server.chunks) != pipelining


def test_one_connection_serves_many_mails_and_says_good_bye(relay, server):
    assert [relay.deliver("", "bob@y.test", MAIL).state for _ in range(20)] == [SENT] * 20
    relay.close()

    assert server.connections == 1
    assert server.lines[-1] == "QUIT"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b".",
        b".\r\n",
        b"..\r\n.\r\n...\r\n",
        b"A: b\r\n\r\n.\r\nMAIL FROM:<evil@z.test>\r\n",
        b"no end of line",
        b"ends with a dot.",
        b"x" * (BLOCK_OCTETS - 3) + b"\r\n.\r\n" * 3,
        b".hello\r\n" * 200_000,
    ],
    ids=lambda octets: f"{octets[:12]!r} {len(octets)}",
)
def test_dots_and_ends_survive(relay, server, octets):
    assert relay.deliver("", "bob@y.test", octets).state is SENT

    wanted = octets if octets.endswith(b"\r\n") or not octets else octets + b"\r\n"
    assert [mail.octets for mail in server.mails] == [wanted]


@given(st.lists(st.sampled_from([b".", b"\r\n", b"a", b"DATA", b" "]), max_size=12).map(b"".join))
def test_any_mix_of_dots_and_lines_survives(octets):
    with Server() as server:
        relay = Relay(Settings(server.port))
        assert relay.deliver("", "bob@y.test", octets).state is SENT
        relay.close()

    assert server.mails[0].octets.removesuffix(b"\r\n") == octets.removesuffix(b"\r\n")


REFUSALS = [  # place, answer; state, connected
    ("MAIL", "451 4.3.0 later", (DEFERRED, True)),
    ("MAIL", "421 4.3.2 closing", (DEFERRED, False)),
    ("MAIL", "550 5.1.8 sender refused", (DEFERRED, True)),
    ("MAIL", "552 5.3.4 too large", (FAILED, True)),
    ("RCPT", "450 4.2.0 greylisted", (DEFERRED, True)),
    ("RCPT", "421 4.7.0 enough", (DEFERRED, True)),
    ("RCPT", "550-5.1.1 no such user\r\n550 5.1.1 really", (FAILED, True)),
    ("RCPT", "552 5.2.2 full", (DEFERRED, True)),
    ("RCPT", "nonsense", (DEFERRED, True)),
    ("DATA", "451 4.3.0 later", (DEFERRED, True)),
    ("DATA", "554 5.7.1 no", (FAILED, True)),
    ("DATA", "250 out of step", (DEFERRED, True)),
    ("END", "452 4.3.1 full", (DEFERRED, True)),
    ("END", "421 4.3.2 closing", (DEFERRED, True)),
    ("END", "554 5.7.1 spam", (FAILED, True)),
    ("END", "nonsense", (UNKNOWN, True)),
    ("MAIL", Do.DROP, (DEFERRED, False)),
    ("RCPT", Do.DROP, (DEFERRED, True)),
    ("DATA", Do.DROP, (DEFERRED, True)),
    ("END", Do.DROP, (UNKNOWN, True)),
]


@pytest.mark.parametrize(("place", "do", "expected"), REFUSALS)
def test_each_refusal_and_each_drop(relay, server, place, do, expected):
    server.rule(place, do)

    outcome = relay.deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.connected) == expected
    assert server.mails == []
    assert recovers(relay, server, 0)


@pytest.mark.parametrize(("place", "do", "expected"), REFUSALS)
def test_each_refusal_and_each_drop_on_a_kept_connection(relay, server, place, do, expected):
    relay.deliver(*PATHS, MAIL)
    server.rule(place, do)

    outcome = relay.deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.connected) == expected
    assert len(server.mails) == 1
    assert recovers(relay, server, 1)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("CONNECT", (DEFERRED, False)),
        ("EHLO", (DEFERRED, False)),
        ("MAIL", (DEFERRED, False)),
        ("RCPT", (DEFERRED, True)),
        ("DATA", (DEFERRED, True)),
        ("END", (UNKNOWN, True)),
    ],
)
def test_silence_ends_with_the_timeout(server, place, expected):
    server.rule(place, Do.SILENCE)
    relay = Relay(Settings(server.port, timeout=0.2))

    outcome = relay.deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.connected) == expected
    assert "timed out" in outcome.text
    assert recovers(relay, server, 0)
    relay.close()


@pytest.mark.parametrize("do", [Do.TAKE_AND_DROP, Do.TAKE_AND_SILENCE])
def test_a_mail_that_was_taken_without_a_word_is_unknown_and_not_repeated_here(server, do):
    server.rule("END", do)
    relay = Relay(Settings(server.port, timeout=0.2))

    outcome = relay.deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.code, len(server.mails)) == (UNKNOWN, None, 1)
    assert "no answer after the end of the mail" in outcome.text
    assert recovers(relay, server, 1)
    relay.close()


def test_an_answer_without_end_is_no_answer(relay, server):
    server.rule("END", "250 " + "x" * 9000)

    assert relay.deliver(*PATHS, MAIL).state is UNKNOWN
    assert recovers(relay, server, 1)


def test_a_relay_that_hangs_up_within_the_mail_has_not_taken_it(relay, server):
    server.rule("CONTENT", Do.DROP)

    outcome = relay.deliver(*PATHS, b"x" * 50_000_000 + b"\r\n")

    assert (outcome.state, outcome.connected) == (DEFERRED, True)
    assert recovers(relay, server, 0)


@pytest.mark.parametrize(("place", "state"), [("MAIL", DEFERRED), ("RCPT", DEFERRED), ("END", UNKNOWN)])
def test_a_relay_that_is_out_of_step_is_left(relay, server, place, state):
    server.rule(place, "nonsense\r\n250 ok")

    assert relay.deliver(*PATHS, MAIL).state is state
    assert recovers(relay, server, 0)


def test_nothing_more_is_asked_of_a_relay_that_refused_the_return_path():
    with Server(pipelining=False) as server:
        server.rule("MAIL", "550 5.1.8 no")
        relay = Relay(Settings(server.port))
        assert relay.deliver(*PATHS, MAIL).state is DEFERRED
        relay.close()

    assert [line.split()[0] for line in server.lines] == ["EHLO", "MAIL", "RSET", "QUIT"]


def test_a_refused_recipient_costs_no_connection(relay, server):
    server.rule("RCPT", "550 5.1.1 no such user", match="bob@")
    states = [relay.deliver("", address, MAIL).state for address in ("bob@y.test", "carol@y.test") * 5]

    assert states == [FAILED, SENT] * 5
    assert server.connections == 1


def test_a_mail_that_data_wanted_for_nobody_is_ended_with_a_lone_dot(relay, server):
    server.rule("RCPT", "550 5.1.1 no such user")
    server.rule("DATA", "354 go on")
    server.rule("END", "554 5.5.1 no valid recipients")

    assert relay.deliver(*PATHS, MAIL).text == "5.1.1 no such user"
    assert server.mails == []
    assert recovers(relay, server, 0)
    assert server.connections == 1


def test_the_first_refusal_counts_even_if_the_relay_then_hangs_up(relay, server):
    server.rule("RCPT", "550 5.1.1 no such user")
    server.rule("DATA", Do.DROP)
    server.rule("RSET", Do.DROP)

    assert relay.deliver(*PATHS, MAIL).state is FAILED
    assert recovers(relay, server, 0)


def test_a_connection_that_the_relay_closed_meanwhile_costs_no_attempt(relay, server):
    relay.deliver(*PATHS, MAIL)
    server.hang_up()

    assert relay.deliver(*PATHS, MAIL).state is SENT
    assert (server.connections, len(server.mails)) == (2, 2)


def test_421_for_a_kept_connection_costs_no_attempt():
    with Server(per_connection=2) as server:
        relay = Relay(Settings(server.port))
        assert [relay.deliver("", "bob@y.test", MAIL).state for _ in range(6)] == [SENT] * 6
        relay.close()

    assert (server.connections, len(server.mails)) == (3, 6)


def test_a_second_421_is_believed(relay, server):
    relay.deliver(*PATHS, MAIL)
    server.rule("MAIL", "421 4.3.2 closing")

    outcome = relay.deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.code, outcome.connected) == (DEFERRED, 421, False)
    assert server.connections == 2


def test_a_kept_connection_that_is_lost_after_mail_was_taken_is_not_tried_again(relay, server):
    relay.deliver(*PATHS, MAIL)
    server.rule("RCPT", Do.DROP)

    assert relay.deliver(*PATHS, MAIL).state is DEFERRED
    assert server.connections == 1


def test_an_old_idle_connection_is_closed_and_a_young_one_kept(server):
    clock = Clock()
    relay = Relay(Settings(server.port), clock=clock)
    for pause in (0, KEPT_SECONDS, KEPT_SECONDS + 1):
        clock.now += pause
        assert relay.deliver(*PATHS, MAIL).state is SENT
    relay.close()

    assert server.connections == 2
    assert server.lines.count("QUIT") == 2


@pytest.mark.parametrize("greeting", ["554 5.7.1 go away", "421 4.3.2 too busy", "550 no"])
def test_a_banner_that_refuses_is_no_refusal_of_the_mail(server, relay, greeting):
    server.rule("CONNECT", greeting)

    outcome = relay.deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.connected) == (DEFERRED, False)
    assert f"{outcome.code} {outcome.text}" == greeting
    assert recovers(relay, server, 0)


def test_a_slow_banner_is_waited_for(server, relay):
    hold = threading.Event()
    server.rule("CONNECT", "220 at last", hold=hold)
    timer = threading.Timer(0.1, hold.set)
    timer.start()

    assert relay.deliver(*PATHS, MAIL).state is SENT
    timer.join()


def test_a_relay_without_ehlo_is_spoken_to_in_plain_smtp(server, relay):
    server.rule("EHLO", "502 5.5.1 what?")
    server.rule("HELO", "250 relay.test")

    assert relay.deliver(*PATHS, MAIL).state is SENT
    assert f"MAIL FROM:<{PATHS[0]}>" in server.lines


@pytest.mark.parametrize(
    ("host", "alarming"), [(HOST, False), ("no such name..test", True), ("a" * 70 + ".test", True)]
)
def test_a_relay_that_is_not_there(host, alarming):
    outcome = Relay(Settings(free_port(), host=host)).deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.code, outcome.connected, outcome.alarming) == (DEFERRED, None, False, alarming)
    assert host in outcome.text


def test_a_relay_that_comes_back_is_used_again(server, relay):
    assert relay.deliver(*PATHS, MAIL).state is SENT
    server.stop()
    assert (relay.deliver(*PATHS, MAIL).state, relay.deliver(*PATHS, MAIL).connected) == (DEFERRED, False)
    server.start()

    assert relay.deliver(*PATHS, MAIL).state is SENT


def test_8_bit_mail_goes_only_where_it_is_offered():
    mail = MAIL + "Grüße\r\n".encode()
    with Server() as takes, Server(extensions=()) as refuses:
        offered, plain = Relay(Settings(takes.port)), Relay(Settings(refuses.port))

        assert offered.deliver(*PATHS, mail).state is SENT
        assert plain.deliver(*PATHS, mail).state is FAILED
        assert plain.deliver(*PATHS, MAIL).state is SENT
        offered.close()
        plain.close()

    assert takes.mails[0].octets == mail
    assert f"MAIL FROM:<{PATHS[0]}> SIZE={len(mail)} BODY=8BITMIME" in takes.lines
    assert len(refuses.mails) == 1


@pytest.mark.parametrize("paths", [("a@x.test", "b@y.test>\r\nRCPT TO:<evil@z.test"), ("a@x\r\nRSET", "b@y.test")])
def test_an_address_cannot_add_a_command(server, relay, paths):
    assert relay.deliver(*paths, MAIL).state is FAILED
    assert server.lines == []


def test_the_words_of_the_relay_are_cleaned(server, relay):
    server.rule("RCPT", "550 5.1.1 \x1b[2J" + "x" * 2000)

    text = relay.deliver(*PATHS, MAIL).text

    assert text.startswith("5.1.1 [2J")
    assert text.isprintable()
    assert len(text) == 500
