"""Whether the desk may answer an address by itself: budgets that end every ping-pong and starve a relay of spam."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.office import Office
from maildesk.store import budget, tickets
from maildesk.store.budget import Budget

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def over_budget(transaction: Connection, office: Office, address: str, now: datetime) -> str:
    """Why the desk must not answer this address by itself now, in words for staff; "" and the answer counted if it may."""
    budgets = list(_budgets(transaction, office, address.lower(), now))
    if full := budget.exhausted(transaction, budgets, now):
        return f"{full.words} is used up ({full.most})"
    budget.spend(transaction, budgets, now)
    return ""


def _budgets(transaction: Connection, office: Office, address: str, now: datetime) -> Iterator[Budget]:
    limits = office.settings.limits.acknowledgements
    domain = address.rpartition("@")[2]
    if limits.per_address_per_day is not None:
        words = f"the day's budget of answers to {address}"
        yield Budget(f"address:{address}", limits.per_address_per_day, DAY, words)
    if limits.per_domain_per_hour is not None:
        yield Budget(f"domain:{domain}", limits.per_domain_per_hour, HOUR, f"the hour's budget of answers to {domain}")
    if limits.new_senders_per_hour is not None and _is_new(transaction, office, address, now):
        yield Budget(
            "new", limits.new_senders_per_hour, HOUR, "the hour's budget of answers to senders never seen before"
        )


def _is_new(transaction: Connection, office: Office, address: str, now: datetime) -> bool:
    day = now.astimezone(office.policy.calendar.zone).date()
    known = office.people.at(address) or office.register.knows(address, day)
    return not known and not tickets.has_opened(transaction, address)
