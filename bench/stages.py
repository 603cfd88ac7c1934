"""What each stage of a mail's way costs, in one process without network: where to look when the intake is too slow.

    python bench/stages.py [--mails N] [--mix small] [--profile accept|process|send]

Prints milliseconds of CPU and of time for each mail.  `bench/intake.py` measures the desk; this only explains it.
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.mails import DESK, MIXES, mails
from maildesk import flow, log
from maildesk.office import Office, open_office
from maildesk.read.mail import Envelope
from maildesk.receive.incoming import Incoming
from maildesk.send.outcome import Outcome, State
from maildesk.settings import load
from maildesk.store.database import Database
from maildesk.store.schema import outbox

GROUP = 10  # mails that are received in one transaction
COURIERS = 2
WARM = 50  # mails before it counts: templates and statements are compiled once
STAGES = ("accept", "process", "send")
_SETTINGS = """\
desk: {{address: {address}}}
database: sqlite:///{folder}/desk.db
limits: {{acknowledgements: {{per_address_per_day: {many}, per_domain_per_hour: {many}, new_senders_per_hour: {many}}}}}
"""
_SENT = Outcome(State.SENT, 250, "ok")


def incoming(office: Office, mix: str, count: int, batch: str) -> Iterator[Incoming]:
    """Mails as the door hands them over."""
    for mail in mails(mix, count, batch):
        yield Incoming(mail.octets, Envelope("smtp", office.clock(), mail.sender, (DESK,), "127.0.0.1", True))


def accept(office: Office, mails_: list[Incoming]) -> None:
    """Keep them, in groups."""
    waiting = iter(mails_)
    while group := list(islice(waiting, GROUP)):
        flow.accept(office, group)


def process(office: Office) -> None:
    """Make tickets of all that wait."""
    while flow.process(office):
        pass


def send(office: Office) -> None:
    """Settle all that is queued, as sent by couriers that take no time."""
    claimed = flow.settle_and_claim(office, [], COURIERS)
    while claimed:
        claimed = flow.settle_and_claim(office, [(mail, _SENT) for mail in claimed], COURIERS)


def timed(name: str, work: Callable[[], None], count: int, profiled: bool) -> None:
    """Do it and say what it took."""
    profile = cProfile.Profile()
    cpu, began = time.process_time(), time.perf_counter()
    if profiled:
        profile.runcall(work)
    else:
        work()
    cpu, took = time.process_time() - cpu, time.perf_counter() - began
    print(f"{name:8} {cpu / count * 1000:7.3f} ms CPU  {took / count * 1000:7.3f} ms")
    if profiled:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)


@contextmanager
def scratch_office() -> Iterator[Office]:
    """An office with the shipped settings and a database of its own; only the budgets are raised."""
    with tempfile.TemporaryDirectory(prefix="maildesk-bench-") as folder:
        settings = Path(folder) / "settings.yaml"
        settings.write_text(_SETTINGS.format(address=DESK, folder=folder, many=10**9))
        chosen = load(settings)
        database = Database(chosen.database)
        database.upgrade()
        yield open_office(chosen, database)
        database.close()


def sent(office: Office) -> int:
    """How many acknowledgements are settled as sent."""
    with office.database.reading() as transaction:
        return transaction.scalar(select(func.count()).where(outbox.c.state == "sent")) or 0


def main() -> None:
    """Run from the command line.  Ends with 1 if not each mail got its acknowledgement."""
    parser = argparse.ArgumentParser(description="What each stage of a mail's way costs.")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--mix", choices=MIXES, default="small")
    parser.add_argument("--profile", choices=STAGES)
    given = parser.parse_args()
    log.configure("console", "error")
    with scratch_office() as office:
        accept(office, list(incoming(office, given.mix, WARM, "warm")))
        process(office)
        send(office)
        heap = list(incoming(office, given.mix, given.mails, "1"))
        works = (partial(accept, office, heap), partial(process, office), partial(send, office))
        for name, work in zip(STAGES, works, strict=True):
            timed(name, work, given.mails, given.profile == name)
        if sent(office) != WARM + given.mails:
            sys.exit(f"stages: {sent(office)} acknowledgements of {WARM + given.mails} mails")


if __name__ == "__main__":
    main()
