"""What people ask the store beyond its own work: whole lists for a ticket or a mail.  Reads only."""

from typing import Any

from sqlalchemy import Connection, Row, or_, select

from maildesk.store.schema import inbound, outbox

_WITHOUT_OCTETS = [column for column in outbox.c if column.name != "octets"]


def mails_in(transaction: Connection, ticket: int) -> list[Row[Any]]:
    """The mails that came in to a ticket, oldest first."""
    return list(transaction.execute(select(inbound).where(inbound.c.ticket == ticket).order_by(inbound.c.id)))


def mails_out(transaction: Connection, ticket: int) -> list[Row[Any]]:
    """The mails that the desk made for a ticket, oldest first, without octets."""
    query = select(*_WITHOUT_OCTETS).where(outbox.c.ticket == ticket)
    return list(transaction.execute(query.order_by(outbox.c.id)))


def caused_by(transaction: Connection, mail: Row[Any]) -> list[Row[Any]]:
    """The mails that the desk made because of one that came in (a row of `inbound`), oldest first, without octets."""
    # The ticket stands here for its index's sake: an alert is of none.
    of_its = or_(outbox.c.ticket == mail.ticket, outbox.c.ticket.is_(None))
    query = select(*_WITHOUT_OCTETS).where(outbox.c.inbound == mail.id, of_its)
    return list(transaction.execute(query.order_by(outbox.c.id)))
