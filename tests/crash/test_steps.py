"""Kill -9 after each named step: what got 250 is one ticket with one answer, whatever the moment [promises 1, 9, 16, 20].

Each part is one desk that dies at all its steps in turn, while its customers go on repeating what got no answer.
"""

import pytest

from tests.rig.daemon import CONNECTIONS, Customers, DaemonUnderTest, account, mails_of
from tests.rig.relay import Relay

DAEMON, BACK_ROOM = -9, 1  # how the daemon ends: by its own kill, or because its back room is dead
PARTS = {
    "accepting": {
        "kept, not committed": ("after maildesk.store.inbound:keep", DAEMON),
        "committed, before the 250": ("after maildesk.flow:accept 2", DAEMON),
    },
    "processing": {
        "claiming, not committed": ("after maildesk.store.inbound:claim 2", BACK_ROOM),
        "claimed": ("before maildesk.store.inbound:load", BACK_ROOM),
        "while reading": ("before maildesk.flow:read 2", BACK_ROOM),
        "ticket opened, not committed": ("after maildesk.store.tickets:open_ticket 2", BACK_ROOM),
        "finished, not committed": ("after maildesk.store.inbound:finish", BACK_ROOM),
        "committed, answers not rung for": ("before maildesk.flow:_log_end", BACK_ROOM),
    },
    "sending": {
        "claimed": ("before maildesk.send.crew:Crew.hand_out 2", DAEMON),
        "taken by the relay, not settled": ("after maildesk.send.smtp:Relay.deliver 2", DAEMON),
        "settled, not committed": ("after maildesk.flow:settle 2", DAEMON),
        "settled and committed": ("before maildesk.flow:_log_attempt 2", DAEMON),
    },
    "keeping house": {
        "in the air": ("after maildesk.send.smtp:Relay.deliver", DAEMON),
        "freeing, not committed": ("after maildesk.store.outbox:orphans", DAEMON),
        "freed": ("after maildesk.flow:keep_house 3", DAEMON),
    },
}


@pytest.mark.parametrize("steps", PARTS.values(), ids=PARTS)
def test_a_kill_at_any_step_loses_nothing_and_repeats_nothing_but_what_was_in_the_air(
    steps: dict[str, tuple[str, int]], daemon: DaemonUnderTest, relay: Relay
) -> None:
    customers = []
    for number, (killpoint, code) in enumerate(steps.values()):
        daemon.start(killpoint)
        customers.append(Customers(daemon.port, mails_of(4, f"bob{number}-")))
        assert daemon.wait_for_kill() == code, killpoint
    daemon.start()
    daemon.wait_until_quiet(customers)
    account(daemon, customers, relay, repeats=CONNECTIONS * len(steps))
