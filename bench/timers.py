"""What time costs the desk: an idle tick, timers fired with their mails made, and catching up after three days off.

    python bench/timers.py [--idle 10000 1000000] [--tickets 1000]

One process, the shipped settings with somebody in each team and role, SQLite with synchronous=FULL.  The open tickets are
copies of one that a mail opened, inserted by SQL; what is fired is fired by the desk itself.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import func, select, text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maildesk import flow, log
from maildesk.store.schema import event, outbox, ticket
from tests.rig.staffed import Running, running

TICKS = 200
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"


@contextmanager
def desk_with(count: int) -> Iterator[Running]:
    """A desk with so many open tickets that nobody touches, just opened."""
    with tempfile.TemporaryDirectory(prefix="maildesk-bench-") as folder, running(Path(folder)) as desk:
        desk.mail(1, "Trouble")
        row = ", ".join(column.name for column in ticket.c if column.name != "number")
        entry = ", ".join(f"e.{column.name}" for column in event.c if column.name != "ticket")
        with desk.database.writing() as transaction:
            copies = f"{_NUMBERS} INSERT INTO ticket ({row}) SELECT {row} FROM ticket, n"
            transaction.execute(text(copies), {"count": count - 1})
            logs = f"INSERT INTO event SELECT t.number, {entry} FROM event e, ticket t WHERE t.number > e.ticket"
            transaction.execute(text(logs))
        yield desk


def idle(count: int) -> float:
    """Milliseconds of an idle tick, the median."""
    with desk_with(count) as desk:
        took = []
        for _ in range(TICKS):
            began = time.perf_counter()
            flow.fire(desk.office)
            took.append(time.perf_counter() - began)
    return median(took) * 1000


def fired(desk: Running) -> str:
    """Fire all that is due now; how fast, and how many mails of a kind one person got of one ticket at most."""
    before = _amount(desk, event), _amount(desk, outbox)
    cpu, began = time.process_time(), time.perf_counter()
    while flow.fire(desk.office):
        pass
    cpu, took = time.process_time() - cpu, time.perf_counter() - began
    timers, mails = _amount(desk, event) - before[0], _amount(desk, outbox) - before[1]
    return (
        f"{timers} timers, {mails} mails: {timers / took:.0f} timers/s, {timers / cpu:.0f} per second of CPU; "
        f"at most {_most(desk)} of a kind to one person and ticket"
    )


def _amount(desk: Running, table: object) -> int:
    with desk.database.reading() as transaction:
        return transaction.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def _most(desk: Running) -> int:
    """Of the steps of the procedure; an update and its question are of one kind each."""
    of_one = select(func.count().label("mails")).where(outbox.c.step.is_not(None), outbox.c.created_at == desk.now)
    of_one = of_one.group_by(outbox.c.ticket, outbox.c.recipient, outbox.c.step)
    with desk.database.reading() as transaction:
        return transaction.scalar(select(func.max(of_one.subquery().c.mails))) or 0


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="What time costs the desk.")
    parser.add_argument("--idle", type=int, nargs="*", default=[10_000, 1_000_000], help="open tickets")
    parser.add_argument("--tickets", type=int, default=1000, help="that fire")
    given = parser.parse_args()
    log.configure("console", "error")
    for count in given.idle:
        print(f"idle tick at {count} open tickets: {idle(count):.3f} ms", flush=True)
    with desk_with(given.tickets) as desk:
        desk.now = desk.due_at() or desk.now
        print(f"each at its moment: {fired(desk)}", flush=True)
        desk.now += timedelta(days=3)
        print(f"after three days off: {fired(desk)}")


if __name__ == "__main__":
    main()
