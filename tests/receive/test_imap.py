"""The life of a mailbox, against servers that are away, silent or talk nonsense."""

import itertools
import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from maildesk.receive.imap import AWAY_SECONDS, LEASE_SECONDS, PERSON_SECONDS
from maildesk.receive.imap_session import NeedsPerson, open_session
from tests.rig.desk_mailbox import Desk, imap_settings
from tests.rig.imap_script import GREETING, imap_script
from tests.rig.ports import free_port

OK = b"{tag} OK done\r\n"
CAPABLE = b"* CAPABILITY IMAP4rev1\r\n" + OK
LOGS_IN = {b"CAPABILITY": CAPABLE, b"LOGIN": OK, b"LOGOUT": b"* BYE\r\n" + OK}
SELECTED = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 5] ok\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted)] ok\r\n{tag} OK [READ-WRITE] ok\r\n"


def desk_at(port: int, pauses: int = 8, **changes: Any) -> Desk:
    """A desk that ends after so many pauses."""
    desk = Desk(imap_settings(port, "desk", **({"done": "delete"} | changes)))
    left = itertools.count(pauses - 1, -1)

    def count_down(stop: threading.Event, _: float) -> None:
        if next(left) <= 0:
            stop.set()

    desk.on_wait = count_down
    return desk


def test_a_server_that_is_away_is_tried_again_with_growing_spread_pauses() -> None:
    desk = desk_at(free_port(), pauses=9)
    desk.run()
    for number, seconds in enumerate(desk.waits):
        assert min(60, 2**number) <= seconds <= min(60, 2**number + 1), desk.waits
    assert desk.told == []


def test_without_news_it_rests_longer_and_longer_up_to_the_poll() -> None:
    with imap_script({**LOGS_IN, b"SELECT": SELECTED, b"NOOP": OK, b"UID": b"* SEARCH\r\n" + OK}) as server:
        desk = desk_at(server.port, pauses=200, poll=10)
        desk.run()
    looks = server.heard.split(b"UID SEARCH")[1:]
    assert len(looks) == 22  # after 2, 4, 8, 10, 10, ... seconds
    assert set(desk.waits) == {1}


def test_a_server_that_stays_away_is_told_of_once() -> None:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    times = (now + timedelta(seconds=AWAY_SECONDS / 4 * step) for step in itertools.count())
    desk = Desk(imap_settings(free_port(), "desk"), wiring={"clock": lambda: next(times)})
    desk.on_wait = lambda stop, _: stop.set() if len(desk.waits) == 20 else None
    desk.run()
    assert desk.kinds == ["imap-away"]


@pytest.mark.parametrize(
    ("said", "kind", "seconds"),
    [
        (b"{tag} NO [AUTHENTICATIONFAILED] wrong\r\n", "imap-password", PERSON_SECONDS),
        (b"{tag} NO wrong\r\n", "imap-password", PERSON_SECONDS),
        (b"{tag} NO [UNAVAILABLE] later\r\n", "", 60),
        (b"{tag} NO [LIMIT] too many connections\r\n", "", 60),
        (b"* BYE overloaded\r\n", "", 60),
        (None, "", 60),  # the connection ends
    ],
)
def test_a_refused_log_in_is_told_from_trouble(said: bytes | None, kind: str, seconds: float) -> None:
    answers = {b"CAPABILITY": CAPABLE} if said is None else LOGS_IN | {b"LOGIN": said}
    with imap_script(answers) as server:
        desk = desk_at(server.port, pauses=7)
        desk.run()
    assert desk.kinds == ([kind] if kind else [])
    assert desk.waits[-1] == pytest.approx(seconds, abs=1)
    assert "correct-horse" not in str(desk.told)


def test_a_password_that_cannot_be_read_is_told_of() -> None:
    def password() -> str:
        raise FileNotFoundError("secrets/imap")

    desk = Desk(imap_settings(free_port(), "desk"), wiring={"password": password})
    desk.on_wait = lambda stop, _: stop.set()
    desk.run()
    assert (desk.kinds, desk.waits) == (["imap-password"], [PERSON_SECONDS])


def test_no_password_is_sent_where_starttls_is_wanted_and_missing() -> None:
    with imap_script(LOGS_IN) as server:
        desk = desk_at(server.port, pauses=2, security="starttls")
        desk.run()
    assert desk.kinds == ["imap-starttls"]
    assert b"LOGIN" not in server.heard
    assert b"AUTHENTICATE" not in server.heard


@pytest.mark.parametrize(
    ("done", "selected", "kind"),
    [
        ("flag:Taken", SELECTED, "imap-keyword"),
        ("flag:\\Seen", SELECTED, ""),
        ("flag:Taken", SELECTED.replace(b"\\Deleted", b"\\*"), ""),
        ("flag:Taken", SELECTED.replace(b"\\Deleted", b"TAKEN"), ""),
        ("delete", b"{tag} NO no such folder\r\n", "imap-folder"),
        ("delete", SELECTED.replace(b"READ-WRITE", b"READ-ONLY"), "imap-read-only"),
    ],
)
def test_a_folder_in_which_nothing_can_be_marked_is_told_of(done: str, selected: bytes, kind: str) -> None:
    with imap_script({**LOGS_IN, b"SELECT": selected}) as server:
        settings = imap_settings(server.port, "desk", done=done)
        if kind:
            with pytest.raises(NeedsPerson) as told, open_session(settings, "x"):
                pass
            assert told.value.kind == kind
        else:
            with open_session(settings, "x") as session:
                assert session.uidvalidity == 5


@pytest.mark.parametrize(
    ("created", "makes_it"),
    [(OK, True), (b"{tag} NO [ALREADYEXISTS] it is there\r\n", True), (b"{tag} NO [NOPERM] no\r\n", False)],
)
def test_the_folder_for_taken_mails_is_made_unless_somebody_was_faster(created: bytes, makes_it: bool) -> None:
    answers = {**LOGS_IN, b"SELECT": SELECTED, b"LIST": OK, b"CREATE": created, b"SUBSCRIBE": b"{tag} NO never\r\n"}
    with imap_script(answers) as server:
        desk = desk_at(server.port, pauses=1, done="move:Taken")
        if makes_it:
            with open_session(desk.settings, "x") as session:
                assert session.uidvalidity == 5
        else:
            with pytest.raises(NeedsPerson, match="NOPERM"), open_session(desk.settings, "x"):
                pass
    assert b'CREATE "Taken"' in server.heard


RUBBISH = [
    b"",
    b"\r\n",
    b"220 smtp.example ESMTP\r\n",
    b"* BYE no\r\n",
    b"* PREAUTH welcome\r\n",
    b"+OK pop3\r\n",
    b"* OK " + b"x" * 2_000_000,
    b"\x16\x03\x01\x00\x00",
    b"* OK [CAPABILITY",
]


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
@pytest.mark.parametrize("greeting", RUBBISH)
def test_a_greeting_that_is_none_is_a_server_that_is_away(greeting: bytes, security: str) -> None:
    with imap_script({}, greeting) as server:
        desk = desk_at(server.port, pauses=2, security=security, timeout=0.1)
        desk.run()
    assert len(desk.waits) == 2


@pytest.mark.parametrize("word", [b"CAPABILITY", b"LOGIN", b"SELECT", b"NOOP", b"UID"])
@pytest.mark.parametrize(
    "said",
    [
        b"* 1 FETCH (UID\r\n{tag} OK\r\n",
        b"* SEARCH x y\r\n{tag} OK\r\n",
        b"* SEARCH 1\r\n* 1 FETCH ({5}\r\nabc\r\n{tag} OK\r\n",
        b"{tag} BAD what\r\n",
        b"{tag}\r\n",
        b"x1 OK\r\n",
        b"\x00\xff\r\n{tag} OK \xff\r\n",
    ],
)
def test_nonsense_after_the_greeting_ends_nothing(word: bytes, said: bytes) -> None:
    answers = {**LOGS_IN, b"SELECT": SELECTED, b"NOOP": OK, b"UID": b"* SEARCH 1 2\r\n" + OK, word: said}
    with imap_script(answers, GREETING) as server:
        desk = desk_at(server.port, pauses=3, timeout=0.1)
        desk.run()
    assert desk.kept == []
    assert len(desk.waits) == 3


def test_random_octets_end_nothing() -> None:
    source = random.Random(7)
    for _ in range(30):
        said = {word: source.randbytes(40) + b"\r\n" + OK for word in (b"CAPABILITY", b"SELECT", b"UID", b"LOGIN")}
        with imap_script({**LOGS_IN, b"NOOP": OK, **said}) as server:
            desk = desk_at(server.port, pauses=1, timeout=0.1)
            desk.run()
        assert desk.kept == []


def test_who_does_not_hold_the_lease_does_not_connect() -> None:
    with imap_script(LOGS_IN) as server:
        desk = Desk(imap_settings(server.port, "desk"), wiring={"lease": lambda: False})
        desk.on_wait = lambda stop, _: stop.set()
        desk.run()
        assert server.connections == 0
    assert desk.waits == [LEASE_SECONDS]


def test_a_lease_that_cannot_be_asked_for_is_not_held() -> None:
    def lease() -> bool:
        raise OSError("database away")

    desk = Desk(imap_settings(free_port(), "desk"), wiring={"lease": lease})
    desk.on_wait = lambda stop, _: stop.set()
    desk.run()
    assert desk.waits == [LEASE_SECONDS]
