"""What the firm's day brings by itself, of no single ticket: the morning's mail, the month's statements of credits.

Cheap where nothing is due.  Any number of daemons may ask; a bookmark says how far it has come, and is moved in the
transaction of the mails.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.desk.digest import digests, next_digest
from maildesk.desk.statement import moneys, number
from maildesk.desk.ticket import Ticket
from maildesk.office import Office
from maildesk.steps.post import Cause, post
from maildesk.steps.statements import make_statements, next_statements, statements
from maildesk.store import bookmarks, tickets

DIGEST = "digest"  # the day of the last
PAGE = 500


def next_morning(transaction: Connection, office: Office, now: datetime) -> datetime | None:
    """When there is something to do next (UTC)."""
    last = bookmarks.get(transaction, DIGEST)
    digest = next_digest(office.policy, last, now)
    digest = now if digest and not last else digest  # a new desk's beginning is marked at once
    statement = next_statements(transaction, office, now)
    return min((at for at in (digest, statement) if at), default=None)


def morning(office: Office) -> int:
    """Do what is due of the day.  Returns how many mails were made."""
    now = office.clock()
    return _digests(office, now) + len(make_statements(office, now))


def _digests(office: Office, now: datetime) -> int:
    with office.database.reading() as transaction:
        last = bookmarks.get(transaction, DIGEST)
        due_at = next_digest(office.policy, last, now)
        if due_at is None or (last and now < due_at):
            return 0
        notices = digests(_live(transaction), _at_stake(transaction, office, now), office.policy, now) if last else []
        day = office.policy.calendar.local_date(now)
        reached = day if last or due_at <= now else day - timedelta(days=1)  # a new desk's first morning is yet to come
    with office.database.writing() as transaction:
        if bookmarks.get(transaction, DIGEST) != last:
            return 0  # another daemon was quicker
        bookmarks.put(transaction, DIGEST, reached.isoformat())
        post(transaction, office, notices, Cause(), now)
    return len(notices)


def _live(transaction: Connection) -> list[Ticket]:
    found: list[Ticket] = []
    while page := tickets.unfinished(transaction, found[-1].number if found else 0, PAGE):
        found += page
    return found


def _at_stake(transaction: Connection, office: Office, now: datetime) -> list[str]:
    """The credits that this month comes to so far."""
    month = f"{office.policy.calendar.local_date(now):%Y-%m}"
    made = [each for each in statements(transaction, office, month, now) if each.hours]
    return [
        f"{each.organisation or each.contract or 'no contract'}: {number(each.hours)} h, "
        f"{moneys(each.amounts) or 'no fee known'}"
        for each in made
    ]
