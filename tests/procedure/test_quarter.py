"""A quarter of a busy firm, 1,000 tickets at once in hand: the real flow on a clock that leaps, then `check --tickets`."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from maildesk import log
from maildesk.checks import prove
from maildesk.desk.commands import SetCause, SetPriority, SetStatus, Take
from maildesk.desk.course import Status
from maildesk.firm import policy
from maildesk.settings import load
from maildesk.simulation import Item, Letter, Order, Simulation
from maildesk.store.database import Database
from tests.rig.staffed import staffed

TICKETS = 1000
BEGINS, ENDS = datetime(2026, 9, 30, 6, tzinfo=UTC), datetime(2026, 12, 31, 18, tzinfo=UTC)
SAM = "sam@firm.example"


def story(number: int, opened: datetime) -> Iterator[Item]:
    """What happens to one ticket: most are solved within days, some wait, some come back, a few nobody touches."""
    sender = f"user{number}@customer{number % 40}.test"
    yield Item(opened, Letter(sender, f"Fault {number}", "It burns."))
    answered, solved = opened + timedelta(hours=3 + number % 5), opened + timedelta(days=1 + number % 3, hours=2)
    if number % 100 == 0:
        return
    yield Item(
        answered, Order(SAM, number, (Take(), SetPriority("P2" if number % 25 == 0 else "P3")), "We look at it.")
    )
    if number % 7 == 0:
        yield Item(
            answered + timedelta(hours=1), Order(SAM, number, (SetStatus(Status.PENDING_CUSTOMER),), "Which one?")
        )
        yield Item(answered + timedelta(hours=9), Letter(sender, "", "The red one.", ticket=number))
    line = SetStatus(Status.RESOLVED, reason="A new cable.")
    yield Item(solved, Order(SAM, number, (line, SetCause("ours"))))
    if number % 11 == 0:
        yield Item(solved + timedelta(hours=5), Letter(sender, "", "It burns again.", ticket=number))
        yield Item(solved + timedelta(days=1), Order(SAM, number, (line,)))


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A line of log for each of so many mails would be half of the time."""
    log.configure("console", "error")
    yield
    structlog.reset_defaults()


def test_every_ticket_is_told_once_of_everything_and_the_data_agree(tmp_path: Path) -> None:
    script = [item for n in range(TICKETS) for item in story(n + 1, BEGINS + timedelta(hours=2, seconds=17 * n))]
    file = staffed(tmp_path)
    file.write_text(f"{file.read_text()}limits: {{acknowledgements: {{new_senders_per_hour: null}}}}\n")
    settings = load(file)
    with Simulation(settings, tmp_path) as simulation:
        lines = list(simulation.play(script, BEGINS, ENDS))
    database = Database(f"sqlite:///{tmp_path / 'simulation.db'}")
    assert list(prove(database, ENDS, policy=policy(settings))) == []
    database.close()
    opened = [line for line in lines if line.event == "opened"]
    assert sorted(line.ticket for line in opened) == list(range(1, TICKETS + 1))
    assert Counter(line.ticket for line in lines if line.notice == "acknowledgement") == Counter(range(1, TICKETS + 1))
    told = Counter((line.ticket, line.key, line.due, line.to) for line in lines if line.key and line.due)
    assert {key: times for key, times in told.items() if times > 1} == {}
    closed = {line.ticket for line in lines if line.event == "status-set" and line.subject.startswith("closed")}
    assert closed == {n for n in range(1, TICKETS + 1) if n % 100}
    assert not [line for line in lines if line.event == "refused"]
