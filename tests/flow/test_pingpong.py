"""Promise 6: any ping-pong ends within 10 mails, whatever stands at the other end, and a person is answered meanwhile.

The machines answer within two hours: one that takes longer than the budget's day for ten answers is no ping-pong that
a budget of `per_address_per_day` can end.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.rig.desk import ANN, BILL, OPERATOR, Clock, DeskUnderTest
from tests.rig.letters import DESK, letter
from tests.rig.machines import (
    BAD_VACATION,
    BOUNCER,
    COMPLAINER,
    READER,
    RUDE,
    RUDE_BOUNCER,
    RUDE_WITH_TAG,
    RUDE_WITH_THREAD,
    VACATION,
    Machine,
    Mirror,
    Person,
    Robot,
    World,
)

MOST = 10
TURNS = 60
FLOOD = 1000  # mails in all; two robots that answer each other double them turn by turn
OTHER, HUMAN = "help@other.test", "human@person.test"
CUSTOMERS = ("one@acme.test", "two@acme.test", "three@evil.test")
FIRM = (ANN, BILL, OPERATOR)
REPORTS = ("bounce", "feedback", "receipt")
OpenDesk = Callable[..., DeskUnderTest]

MACHINES: dict[str, Machine] = {
    "vacation": VACATION,
    "vacation that calls itself auto-generated": BAD_VACATION,
    "rude": RUDE,
    "rude, keeps the tag": RUDE_WITH_TAG,
    "rude, keeps the thread": RUDE_WITH_THREAD,
    "rude, to the reply address": Robot(to_sender=False),
    "bounces": BOUNCER,
    "bounces to From": RUDE_BOUNCER,
    "complains": COMPLAINER,
    "acknowledges reading": READER,
    "redirects": Mirror(),
    "a list that sends it back": Mirror(as_own=True),
}


def play(world: World, pause: Callable[[int], float]) -> None:
    """Let it run until nothing moves; in its midst a person writes to each desk and is answered."""
    for turn in range(TURNS):
        if turn == 3:
            for desk in world.desks.values():
                assert ("acknowledgement", HUMAN) in desk.receive(letter(sender=HUMAN, to=desk.office.address)).told
        moved = world.turn()
        if not moved and turn > 3:
            break
        assert sum(world.received.values()) < FLOOD, f"it grows and grows: {world.received}"
        for desk in world.desks.values():
            desk.clock.go_on(hours=pause(turn))
    else:
        pytest.fail(f"it has not ended after {TURNS} turns: {world.received}")
    for desk in world.desks.values():
        assert [mail.row.state for mail in desk.outbox("acknowledgement", to=HUMAN)] == ["sent"]
        for game, count in played(desk).items():
            assert count <= MOST, (game, count, world.received)


def played(desk: DeskUnderTest) -> Counter[tuple[str, str]]:
    """How many mails went to each robot in each of its games.

    A customer has one game: all that he was sent.  One of the firm has three, with the desk's acknowledgements, with
    his colleagues through each ticket, and with them through new tickets; what customers wrote he must hear anyway.
    """
    writers = {row.id: (row.sender or "").lower() for row in desk.received() if row.kind not in REPORTS}
    games: Counter[tuple[str, str]] = Counter()
    for mail in desk.outbox():
        if mail.row.state != "sent" or mail.to == HUMAN:
            continue
        if mail.to not in FIRM:
            games[mail.to, "with the desk"] += 1
        elif writers.get(mail.row.inbound) in FIRM:
            game = (
                f"of ticket {mail.row.ticket}"
                if mail.notice in ("joined", "transcript", "confirmation")
                else mail.notice
            )
            games[mail.to, game] += 1
    return games


@pytest.mark.parametrize(("_name", "machine"), MACHINES.items(), ids=MACHINES)
def test_a_customers_machine(desk: DeskUnderTest, _name: str, machine: Machine) -> None:
    desk.receive(letter(sender=CUSTOMERS[0]))
    play(World({DESK: desk}, {CUSTOMERS[0]: machine}), lambda _: 0.1)


@pytest.mark.parametrize(("_name", "machine"), MACHINES.items(), ids=MACHINES)
def test_the_same_machine_at_everybody(desk: DeskUnderTest, _name: str, machine: Machine) -> None:
    """A customer, two members of the team and the operator, who could talk to each other through the desk."""
    desk.receive(letter(sender=CUSTOMERS[0]))
    desk.receive(letter(sender=DESK))  # held: the operator is told
    play(World({DESK: desk}, dict.fromkeys((CUSTOMERS[0], *FIRM), machine)), lambda _: 0.1)


def test_the_number_of_answers_to_a_rude_robot_is_the_budget(desk: DeskUnderTest) -> None:
    """The bound is reached: the machine of this test really plays."""
    desk.receive(letter(sender=CUSTOMERS[0]))
    world = World({DESK: desk}, {CUSTOMERS[0]: RUDE})
    play(world, lambda _: 0)
    assert world.received[CUSTOMERS[0]] == MOST
    assert [mail.row.state for mail in desk.outbox("acknowledgement", to=CUSTOMERS[0])] == ["sent"] * 10 + ["held"]


def other_desk(open_desk: OpenDesk, staff: str) -> DeskUnderTest:
    """Another maildesk, whose whole team is this address."""
    return open_desk(
        {
            "desk": {"name": "O", "address": OTHER, "ticket_prefix": "O", "operator": staff},
            "people": [{"name": "They", "addresses": [staff], "roles": ["staff"]}],
            "teams": {"support": {"members": ["They"]}},
        }
    )


ROLES: list[tuple[str, dict[str, Any], str]] = [
    ("a customer of ours", {}, "they@other.test"),
    ("a customer, we are its staff", {}, DESK),
    ("our staff", {"people": [{"name": "Ann", "addresses": [OTHER]}, {"name": "Bill", "addresses": [BILL]}]}, "they@other.test"),
    ("our staff, we are its staff", {"people": [{"name": "Ann", "addresses": [OTHER]}, {"name": "Bill", "addresses": [BILL]}]}, DESK),
    ("our operator, we are its", {"desk": {"operator": OTHER}, "teams": {"support": {"members": []}}}, DESK),
]  # fmt: skip


@pytest.mark.parametrize(("_name", "ours", "staff"), ROLES, ids=[row[0] for row in ROLES])
def test_another_maildesk(open_desk: OpenDesk, _name: str, ours: dict[str, Any], staff: str) -> None:
    desk, other = open_desk(ours), other_desk(open_desk, staff)
    desk.receive(letter(sender=OTHER))
    other.receive(letter(sender=DESK, to=OTHER))
    world = World({DESK: desk, OTHER: other}, {})
    play(world, lambda _: 0.1)
    assert max(world.received.get(DESK, 0), world.received.get(OTHER, 0)) <= 2 * MOST  # each side plays two games


robots = st.builds(
    Robot,
    marks=st.sampled_from([{}, {"Auto-Submitted": "auto-generated"}, {"Precedence": "bulk"}, {"List-Id": "<l.x>"}]),
    threaded=st.booleans(),
    tag=st.booleans(),
    quote=st.booleans(),
    to_sender=st.booleans(),
    null_path=st.booleans(),
)
machines = st.one_of(st.sampled_from(list(MACHINES.values())), robots, st.just(Person()))
worlds = st.fixed_dictionaries(dict.fromkeys((*CUSTOMERS, *FIRM), machines))
TWO_RUDE_OF_THE_FIRM: Mapping[str, Machine] = {CUSTOMERS[0]: RUDE, ANN: RUDE, BILL: RUDE_WITH_TAG, OPERATOR: RUDE}


@contextmanager
def scratch_desk(migrated: Path) -> Iterator[DeskUnderTest]:
    with TemporaryDirectory() as folder:
        file = shutil.copy(migrated, folder)
        desk = DeskUnderTest(Path(folder), f"sqlite:///{file}", Clock())
        try:
            yield desk
            desk.prove()
        finally:
            desk.close()


@settings(max_examples=8, deadline=None, derandomize=True)
@given(machines=worlds, pauses=st.lists(st.floats(0, 2), min_size=1, max_size=5))
@example(machines=TWO_RUDE_OF_THE_FIRM, pauses=[0.0])
@example(machines=dict.fromkeys(FIRM, BAD_VACATION) | {CUSTOMERS[0]: RUDE}, pauses=[1.9])
def test_any_machines(migrated: Path, machines: Mapping[str, Machine], pauses: list[float]) -> None:
    with scratch_desk(migrated) as desk:
        for address in (*CUSTOMERS, ANN):
            desk.receive(letter(sender=address))
        play(World({DESK: desk}, machines), lambda turn: pauses[turn % len(pauses)])
