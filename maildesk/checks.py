"""What ``maildesk check`` looks at besides the settings' own words: the files they name, the database, the data.

Nothing is made or changed by looking: a database that is not there stays so, and no secret is shown.
"""

import os
import ssl
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from maildesk.desk.policy import Policy
from maildesk.faults import Name, SettingsError
from maildesk.register import read_register
from maildesk.settings import SecretError, secret
from maildesk.settings.check import hangs_on
from maildesk.settings.model import Settings
from maildesk.shipped import shipped
from maildesk.store import proof
from maildesk.store.database import Database, SchemaError
from maildesk.store.proof import Step
from maildesk.write.render import DeskFacts, Renderer, check_templates

DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Look:
    """What was looked at, what was found in words, and what is wrong with it.

    ``of_settings``: the faults stand in a file that the firm wrote, not in the machine around it.
    ``stops``: the desk does not start with them.
    """

    what: str
    words: str
    faults: tuple[str, ...] = ()
    of_settings: bool = False
    stops: bool = True


def look(settings: Settings, tainted: Collection[Name] = ()) -> Iterator[Look]:
    """Everything that the settings name, but for what hangs on ``tainted`` names, whose values are not the firm's."""
    looks: tuple[tuple[str, Callable[[], Look]], ...] = (
        ("contracts", lambda: contracts(settings.contracts)),
        ("", lambda: templates(settings)),
        ("send.password_file receive.imap", lambda: secrets(settings)),
        ("receive.smtp.tls_certificate receive.smtp.tls_key", lambda: certificate(settings)),
        ("send.host send.port send.maildir send.security", lambda: way_out(settings)),
        ("database", lambda: database(settings.database)),
    )
    return (made() for needs, made in looks if not hangs_on(needs, tainted))


def contracts(path: Path | None) -> Look:
    """The register of contracts can be read."""
    if path is None:
        return Look("contracts", "none")
    try:
        rows = len(read_register(path).contracts)
    except SettingsError as error:
        return Look("contracts", str(path), tuple(map(str, error.faults)), of_settings=True)
    return Look("contracts", f"{path}: {rows} {'row' if rows == 1 else 'rows'}")


def templates(settings: Settings, folder: Path | None = None) -> Look:
    """Every template makes a mail of each of its notice's samples."""
    folder = folder or shipped("templates")
    desk = DeskFacts(settings.desk.name, settings.desk.address, settings.desk.phone or "")
    return Look("templates", str(folder), tuple(check_templates(Renderer(folder, desk))), stops=False)


def secrets(settings: Settings) -> Look:
    """Every password can be read."""
    sources = [("send.password_file", settings.send.password_file)] if settings.send.password_file else []
    sources += [
        (f"receive.imap[{at}].password_file", box.password_file) for at, box in enumerate(settings.receive.imap)
    ]
    faults = [f"{name}: {fault}" for name, source in sources if source and (fault := _secret_fault(source))]
    stops = any(fault.startswith("send.") for fault in faults)  # a mailbox's is asked for when it is fetched from
    return Look("secrets", f"{len(sources)} needed" if sources else "none needed", tuple(faults), stops=stops)


def _secret_fault(source: str) -> str:
    try:
        secret(source)
    except SecretError as fault:
        return str(fault)
    return ""


def certificate(settings: Settings) -> Look:
    """The certificate of the SMTP intake and its key fit together."""
    smtp = settings.receive.smtp
    if smtp.tls_certificate is None or smtp.tls_key is None:
        return Look("certificate", "none: the intake offers no STARTTLS")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(smtp.tls_certificate, smtp.tls_key, password=lambda: "")
    except (OSError, ssl.SSLError) as fault:
        return Look("certificate", str(smtp.tls_certificate), (f"receive.smtp.tls_certificate: {fault}",))
    return Look("certificate", str(smtp.tls_certificate))


def way_out(settings: Settings) -> Look:
    """The Maildir can be written; a relay is asked only when there is a mail for it."""
    if settings.send.host:
        return Look("way out", f"{settings.send.host}:{settings.send.port} ({settings.send.security})")
    folder = settings.send.maildir
    if folder is None:
        return Look("way out", "none")
    fault = f"{folder} is no folder" if folder.is_file() else _unwritable(folder)
    return Look("way out", f"the Maildir {folder}", (f"send.maildir: {fault}",) if fault else (), stops=False)


def database(address: str) -> Look:
    """The database answers and its schema is the one that this maildesk works with."""
    url = make_url(address)
    shown = url.render_as_string()
    if absent(address):
        fault = _unwritable(Path(str(url.database)))
        return Look(DATABASE, f"{shown}: will be made", (f"database: {fault}",) if fault else ())
    try:
        return Look(DATABASE, shown, _schema_fault(address))
    except DBAPIError as fault:
        return Look(DATABASE, shown, (f"it cannot be used: {_first_line(fault.orig)}",))
    except OSError as fault:
        return Look(DATABASE, shown, (f"it cannot be used: {fault.strerror}: {fault.filename}",))


def absent(address: str) -> bool:
    """Whether it is an SQLite database that nobody has made yet."""
    url = make_url(address)
    return url.get_backend_name() == "sqlite" and bool(url.database) and not Path(str(url.database)).exists()


def _schema_fault(address: str) -> tuple[str, ...]:
    opened = Database(address)
    try:
        if not opened.is_empty():  # `maildesk run` sets up an empty one
            opened.require_current()
    except SchemaError as fault:
        return (str(fault),)
    finally:
        opened.close()
    return ()


def _first_line(fault: object) -> str:
    return (str(fault).splitlines() or [""])[0]


def _unwritable(path: Path) -> str:
    """Why a file or folder cannot be made or written, or nothing."""
    there = next(place for place in (path, *path.parents) if place.exists())
    if there != path and not there.is_dir():
        return f"{there} is no folder"
    return "" if os.access(there, os.W_OK) else f"{there} cannot be written by this user"


def amount(database: Database) -> int:
    """How many steps `prove` will take."""
    with database.reading() as transaction:
        return proof.amount(transaction)


def _silent(_: int) -> None:
    """Tells nobody."""


def prove(
    database: Database, now: datetime | None = None, step: Step = _silent, policy: Policy | None = None
) -> Iterator[str]:
    """Prove that the data agree with each other: each finding is a sentence, none is what should be.

    Reads one snapshot in bounded memory, so it may run beside a desk at work.  ``now`` (UTC, default: the machine's
    time) judges which daemons live; PostgreSQL asks its own clock.  ``policy``: the rules by which the clocks are
    proved too.  Raises the database's own errors, and SchemaError
    where the schema is not ours.
    """
    database.require_current()
    with database.reading() as transaction:
        if not database.is_sqlite:  # there a reading transaction is a snapshot already
            transaction.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield from proof.tables(transaction, now or datetime.now(UTC))
        yield from proof.tickets(transaction, step, policy)
        yield from proof.raw_mails(transaction, step)
