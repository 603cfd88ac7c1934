"""Whether the desk may answer an address by itself: budgets that end every ping-pong and starve a relay of spam."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.office import Office
from maildesk.store import budget, tickets

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NEW_SENDERS = "new"


def over_budget(transaction: Connection, office: Office, address: str, now: datetime) -> str:
    """Why the desk must not answer this address by itself now, in words for staff; "" and the answer counted if it may."""
    limits = list(_limits(transaction, office, address.lower(), now))
    for scope, most, window, words in limits:
        if budget.spent(transaction, scope, now, window) >= most:
            return f"{words} is used up ({most})"
    for scope, _, window, _ in limits:
        budget.spend(transaction, scope, now, window)
    return ""


def _limits(transaction: Connection, office: Office, address: str, now: datetime) -> Iterator[tuple[str, int, timedelta, str]]:
    limits = office.settings.limits.acknowledgements
    domain = address.rpartition("@")[2]
    if limits.per_address_per_day is not None:
        yield f"address:{address}", limits.per_address_per_day, DAY, f"the day's budget of answers to {address}"
    if limits.per_domain_per_hour is not None:
        yield f"domain:{domain}", limits.per_domain_per_hour, HOUR, f"the hour's budget of answers to {domain}"
    if limits.new_senders_per_hour is not None and _is_new(transaction, office, address, now):
        yield NEW_SENDERS, limits.new_senders_per_hour, HOUR, "the hour's budget of answers to senders never seen before"


def _is_new(transaction: Connection, office: Office, address: str, now: datetime) -> bool:
    known = office.people.at(address) or office.register.knows(address, now.astimezone(office.policy.calendar.zone).date())
    return not known and not tickets.has_opened(transaction, address)
