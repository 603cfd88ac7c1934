"""A firm with somebody in each team and role, and its desk's running procedure without a network: mails in, time goes by."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from maildesk import flow
from maildesk.office import Office, open_office
from maildesk.read.mail import Envelope
from maildesk.receive.incoming import Incoming
from maildesk.settings import load
from maildesk.store import tickets
from maildesk.store.database import Database
from maildesk.store.schema import outbox

STAFFED = """\
desk: {address: support@desk.example, operator: Olga}
people:
  - {name: Olga, addresses: [olga@firm.example]}
  - {name: Sam, addresses: [sam@firm.example]}
  - {name: Eve, addresses: [eve@firm.example]}
  - {name: Mia, addresses: [mia@firm.example], roles: [support manager]}
  - {name: Max, addresses: [max@firm.example], roles: [systems engineering manager]}
  - {name: Dan, addresses: [dan@firm.example], roles: [development manager]}
  - {name: Dora, addresses: [dora@firm.example], roles: [director]}
  - {name: Cleo, addresses: [cleo@firm.example], roles: [chief executive]}
teams:
  support: {members: [Sam]}
  systems engineering: {members: [Eve]}
  development: {members: [Dan]}
intake: {highest_proposal: {others: P1}}
"""


def staffed(folder: Path) -> Path:
    """The settings file of such a firm."""
    file = folder / "settings.yaml"
    file.write_text(f"{STAFFED}database: sqlite:///{folder / 'desk.db'}\n")
    return file


class Running:
    """A desk whose clock the test sets; ``office`` may be opened anew, as after a crash."""

    def __init__(self, settings: Path, now: datetime) -> None:
        self.now = now
        self._settings = load(settings)
        self.database = Database(self._settings.database)
        self.database.upgrade()
        self.office = self.open()

    def open(self) -> Office:
        """The desk starts."""
        return open_office(self._settings, self.database, lambda: self.now, "a test")

    def mail(self, number: int, subject: str) -> None:
        """A customer writes, and has his ticket."""
        sender = f"bob{number}@acme{number}.example"
        head = (
            f"From: {sender}\r\nTo: support@desk.example\r\nSubject: {subject}\r\nMessage-ID: <{number}@acme.example>"
        )
        envelope = Envelope("smtp", self.now, sender, ("support@desk.example",), "127.0.0.1", peer_trusted=True)
        flow.accept(self.office, [Incoming(f"{head}\r\n\r\nIt is slow.\r\n".encode(), envelope)])
        flow.process(self.office)

    def due_at(self) -> datetime | None:
        """When time does something next."""
        with self.database.reading() as transaction:
            return tickets.next_due_at(transaction)

    def until(self, end: datetime) -> None:
        """Time passes, and each timer fires at its very moment."""
        while (due := self.due_at()) is not None and due <= end:
            self.now = max(self.now, due)
            flow.fire(self.office)
        self.now = end

    def told(self) -> list[str]:
        """The dedup key of each mail that was made, sorted."""
        with self.database.reading() as transaction:
            return sorted(transaction.scalars(select(outbox.c.dedup)))


@contextmanager
def running(folder: Path, now: datetime = datetime(2026, 11, 2, 9, tzinfo=UTC)) -> Iterator[Running]:
    """Such a firm's desk in a folder of its own."""
    folder.mkdir(exist_ok=True)
    made = Running(staffed(folder), now)
    yield made
    made.database.close()
