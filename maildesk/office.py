"""Everything that one daemon works with, assembled once from the settings; its clock and its chance are handed in."""

import os
import random
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from maildesk import firm
from maildesk.desk.policy import Policy
from maildesk.desk.token import Signer
from maildesk.firm import People
from maildesk.register import Register, read_register
from maildesk.settings.model import Settings
from maildesk.shipped import shipped
from maildesk.store import keys
from maildesk.store.database import Database
from maildesk.write.render import DeskFacts, Renderer


def system_clock() -> datetime:
    """The machine's time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Office:
    """The tools and the rules of one daemon."""

    settings: Settings
    database: Database
    policy: Policy
    people: People
    register: Register
    signer: Signer
    renderer: Renderer
    clock: Callable[[], datetime] = system_clock
    entropy: Callable[[int], bytes] = os.urandom
    spread: Callable[[], float] = random.random
    id: str = ""  # of this daemon's life; its claims and leases carry it

    @property
    def address(self) -> str:
        """The desk's address."""
        return self.settings.desk.address


def open_office(
    settings: Settings, database: Database, clock: Callable[[], datetime] = system_clock, office_id: str = ""
) -> Office:
    """Assemble the office on a database whose schema is current.  Raises SettingsError for a bad register of contracts."""
    people = firm.people(settings)
    desk = DeskFacts(settings.desk.name, settings.desk.address, settings.desk.phone or "")
    return Office(
        settings=settings,
        database=database,
        policy=firm.policy(settings, people),
        people=people,
        register=read_register(settings.contracts) if settings.contracts else Register(),
        signer=Signer(settings.desk.address, _keys(database, clock())),
        renderer=Renderer(shipped("templates"), desk),
        clock=clock,
        id=office_id or uuid.uuid4().hex,
    )


def _keys(database: Database, now: datetime) -> dict[int, bytes]:
    with database.writing() as transaction:
        if not keys.valid(transaction, now):
            keys.add(transaction, secrets.token_bytes(keys.SECRET_OCTETS), now)
        found = keys.valid(transaction, now)
        keys.used(transaction, max(found), now)
    return found
