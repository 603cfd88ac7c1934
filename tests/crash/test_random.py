"""Kill -9 at random moments under load, of all processes, of the daemon alone or of its back room [promises 1, 8, 9, 16]."""

import os
import random

from tests.rig.daemon import CONNECTIONS, PATIENCE, Customers, DaemonUnderTest, account, mails_of
from tests.rig.ports import wait_until
from tests.rig.relay import Relay

SEED = int(
    os.environ.get("MAILDESK_SEED", "2")
)  # others by hand: what fails with one is to be mended, not to be avoided
LIVES, MAILS = 5, 48  # each life gets so many mails, on four connections


def test_random_kills_under_load(daemon: DaemonUnderTest, relay: Relay) -> None:
    chance = random.Random(SEED)
    customers: list[Customers] = []
    for life in range(LIVES):
        daemon.start()
        customers.append(Customers(daemon.port, mails_of(MAILS, f"bob{life}-"), connections=4))
        _wait_for_progress(chance.randrange(3 * MAILS), daemon, customers, relay)
        chance.choice((daemon.kill, daemon.kill_alone, daemon.kill_back_room))()
    daemon.start()
    daemon.wait_until_quiet(customers)
    account(daemon, customers, relay, repeats=CONNECTIONS * LIVES)


def _wait_for_progress(amount: int, daemon: DaemonUnderTest, customers: list[Customers], relay: Relay) -> None:
    """Wait until so many mails more were taken in or sent, or there is nothing left to do."""

    def done() -> int:
        return sum(len(each.kept) for each in customers) + len(relay.mails)

    end = done() + amount
    all_done = 3 * MAILS * len(customers)  # taken in once, sent to the customer and to Ann
    wait_until(lambda: done() >= min(end, all_done), f"no progress: {daemon.log[-3000:]}", PATIENCE)
