"""Whether the desk may write to an address by itself: budgets that end every ping-pong and starve a relay of spam."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.desk.notices import ANSWERS, Notice
from maildesk.office import Office
from maildesk.store import budget, outbox
from maildesk.store.budget import Budget

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def over_budget(transaction: Connection, office: Office, address: str, now: datetime) -> str:
    """Why the desk must not answer this address by itself now, in words for staff; "" and the answer counted if it may."""
    key = address.lower()
    return _taken(transaction, [*_of_address(office, key), *_of_others(transaction, office, key, now)], now)


def within_budget(
    transaction: Connection, office: Office, notices: Sequence[Notice], now: datetime, *, of_the_firm: bool
) -> list[Notice]:
    """The notices that a mail makes; those beyond a budget are held, for a person to send.

    Answers go by all budgets.  What a mail of our own people makes (``of_the_firm``) goes by the budget of each
    address: two robots of theirs could talk through us for ever.
    """
    checked = (_within_budget(transaction, office, notice, now, of_the_firm) for notice in notices)
    return [notice for notice in checked if notice]


def _within_budget(
    transaction: Connection, office: Office, notice: Notice, now: datetime, of_the_firm: bool
) -> Notice | None:
    """None for what was told before: it will not be told again and costs no budget."""
    is_answer = notice.name in ANSWERS
    if notice.name == "acknowledgement" or not (is_answer or of_the_firm):  # an acknowledgement was counted before
        return notice
    if outbox.is_told(transaction, notice.key):
        return None
    address = notice.recipient.address
    if is_answer:
        return replace(notice, held=over_budget(transaction, office, address, now))
    return replace(notice, held=_taken(transaction, list(_of_address(office, address.lower())), now))


def _taken(transaction: Connection, budgets: Sequence[Budget], now: datetime) -> str:
    full = budget.take(transaction, budgets, now)
    return f"{full.words} is used up ({full.most})" if full else ""


def _of_address(office: Office, address: str) -> Iterator[Budget]:
    most = office.settings.limits.acknowledgements.per_address_per_day
    if most is not None:
        yield Budget(f"address:{address}", most, DAY, f"the day's budget of answers to {address}")


def _of_others(transaction: Connection, office: Office, address: str, now: datetime) -> Iterator[Budget]:
    limits = office.settings.limits.acknowledgements
    domain = address.rpartition("@")[2]
    if limits.per_domain_per_hour is not None:
        yield Budget(f"domain:{domain}", limits.per_domain_per_hour, HOUR, f"the hour's budget of answers to {domain}")
    if limits.new_senders_per_hour is not None and _is_new(transaction, office, address, now):
        yield Budget(
            "new", limits.new_senders_per_hour, HOUR, "the hour's budget of answers to senders never seen before"
        )


def _is_new(transaction: Connection, office: Office, address: str, now: datetime) -> bool:
    day = now.astimezone(office.policy.calendar.zone).date()
    known = office.people.at(address) or office.register.knows(address, day)
    return not known and not budget.was_answered(transaction, address)
