"""Whether the desk may write to an address by itself: budgets that end every ping-pong and starve a relay of spam."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.desk.notices import ANSWERS, Notice
from maildesk.desk.tell import Answering, alert
from maildesk.office import Office
from maildesk.store import budget, outbox
from maildesk.store.budget import Budget
from maildesk.write.compose import usable_address

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OUR_OWN_A_DAY = 10  # so any chain ends [Promise 6]; the operator hears where a person's mail is held by it


def over_budget(transaction: Connection, office: Office, address: str, now: datetime) -> str:
    """Why the desk must not answer this address by itself now, in words for staff; "" and the answer counted if it may."""
    key = address.lower()
    return _taken(transaction, [*_of_address(office, key), *_of_others(transaction, office, key, now)], now)


def receipt(transaction: Connection, office: Office, address: str, owed: bool, now: datetime) -> Answering:
    """Whether a new ticket's requester is told its number by mail; if so the mail is counted."""
    if not address:
        return Answering(False, "none: From names nobody who can be answered")
    if not owed:
        return Answering(False, "none: a robot or a list is not answered")
    if not usable_address(address):
        return Answering(False, f"none: mail cannot be sent to {address}")
    held = over_budget(transaction, office, address, now)
    if held:
        return Answering(True, f"held, {held}; `maildesk outbox list --state held` shows it", held)
    return Answering(True, f"goes to {address}")


def foresee(transaction: Connection, office: Office, addresses: Iterable[str], now: datetime) -> None:
    """Ask for all of these addresses (in lower case) at once what `over_budget` will ask for each."""
    wanted = sorted(set(addresses))
    budget.foresee_answered(transaction, wanted)
    own = [each for address in wanted for each in _of_address(office, address)]
    others = [each for address in wanted for each in _of_others(transaction, office, address, now)]
    budget.foresee(transaction, [*own, *others], now)


def unjudged(transaction: Connection, office: Office, address: str, now: datetime) -> str:
    """Why mail by the clock must not go to an address that no person has judged, "" and the mail counted if it may.

    It counts as an answer does: whoever answers each mail of ours would else be written to anew each day.
    """
    if outbox.is_held_back(transaction, address):
        return "answers to this address are over their budget: a robot may be writing"
    return _taken(transaction, list(_of_address(office, address.lower())), now)


def within_budget(
    transaction: Connection, office: Office, notices: Sequence[Notice], now: datetime, *, of_the_firm: bool
) -> list[Notice]:
    """The notices that a mail makes; those beyond a budget are held, for a person to send.

    Answers to strangers go by all budgets.  Answers to our own people, and whatever else a mail of theirs makes
    (``of_the_firm``), go by one of each address: two robots of theirs could talk through us for ever.
    The operator hears once a day that mail to somebody of the firm is held.
    """
    checked = [_within_budget(transaction, office, notice, now, of_the_firm) for notice in notices]
    made = [notice for notice in checked if notice]
    held = {notice.recipient.address: notice.held for notice in made if notice.held}
    firm = {address: why for address, why in held.items() if of_the_firm or office.people.at(address)}
    told = [notice for address, why in firm.items() for notice in _tell_operator(office, address, why, now)]
    new = [notice for notice in told if not outbox.is_told(transaction, notice.key)]
    return made + [notice for notice in new if not _own_taken(transaction, notice.recipient.address, now)]


def _tell_operator(office: Office, address: str, why: str, now: datetime) -> list[Notice]:
    lines = (f"Mail to {address} is held: {why}.", "A robot may be answering the desk; no more of this today.")
    remedy = "`maildesk outbox list --state held` shows what waits, `maildesk outbox retry ID` sends it."
    return alert(office.policy, f"budget:{address}:{now.date().isoformat()}", "Mail to the firm is held", lines, remedy)


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
    if is_answer and not office.people.at(address):
        return replace(notice, held=over_budget(transaction, office, address, now))
    return replace(notice, held=_own_taken(transaction, address, now))


def _own_taken(transaction: Connection, address: str, now: datetime) -> str:
    words = f"the day's budget of mails to {address}, called forth by our own people's mail,"
    return _taken(transaction, [Budget(f"firm:{address.lower()}", OUR_OWN_A_DAY, DAY, words)], now)


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
