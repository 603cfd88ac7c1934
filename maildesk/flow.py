"""The story of a mail, each chapter one unit of work: `accept`, `process`, `fire`, `settle_and_claim`, with `keep_house` beside.

A mail is received when `accept` has committed it.  `process` makes everything that it causes, in one transaction.
`fire` does the same for a ticket whose time has come: what is due enters as a command does, the same way.
`settle_and_claim` settles what the couriers have tried to send, and claims what they send next, in one transaction.  The network is
never inside a transaction; the chapters hand each other rows of the database and nothing else.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from maildesk.desk.tell import alert
from maildesk.log import log
from maildesk.office import Office
from maildesk.receive.incoming import Incoming
from maildesk.send.outcome import Outcome, State
from maildesk.send.retry import next_attempt
from maildesk.steps.change import fire as fire_timers
from maildesk.steps.end import End
from maildesk.steps.morning import morning
from maildesk.steps.post import Cause, post
from maildesk.steps.process import foresee
from maildesk.steps.process import process as decide_and_write
from maildesk.steps.reading import Reading, read
from maildesk.steps.reports import tell_undeliverable
from maildesk.store import bookmarks, budget, inbound, keys, leases, outbox, tickets
from maildesk.store.inbound import Waiting
from maildesk.store.outbox import Claimed

GROUP_MAILS = 50  # processed in one transaction
GROUP_OCTETS = 16 * 1024 * 1024  # loaded at once; a single larger mail goes alone
GROUP_TICKETS = 50  # whose timers fire in one transaction
PUT_OFF = timedelta(hours=1)  # a ticket whose timers fail
PAGE = 500  # tickets derived anew in one transaction
MOST_ATTEMPTS = 5  # then a mail is held for a person
PAUSES = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))
ALIVE_SECONDS = 20  # a daemon that has not renewed its lease for so long is taken for dead
MOST_PAUSES_FOR_RELAY = (
    3  # while the relay is away no mail is at fault: its pauses stop growing, so that it goes soon after
)
BUDGETS_REACH = timedelta(days=2)


def accept(office: Office, mails: Sequence[Incoming]) -> list[int]:
    """Keep mails: once this returns they are on disk and ours.  Returns the ids of `maildesk.store.inbound.keep`.

    Raises whatever the database raises, and has kept none.
    """
    return office.database.write(lambda transaction: inbound.keep(transaction, mails))


def process(office: Office) -> int:
    """Process a group of waiting mails.  Returns how many were claimed.

    A group is one transaction: all of it or nothing.  If it fails, and after a crash, each mail is tried alone, so
    that the one at fault holds up no other (`maildesk.store.inbound.claim`).
    """
    with office.database.writing() as transaction:
        ids = inbound.claim(transaction, office.id, office.clock(), GROUP_MAILS, GROUP_OCTETS)
    if not ids:
        return 0
    with office.database.reading() as transaction:
        waiting = inbound.load(transaction, ids)
    fresh = [mail for mail in waiting if mail.attempts == 1]
    if not _process_together(office, fresh):
        _process_alone(office, fresh)
    _process_alone(office, [mail for mail in waiting if mail.attempts > 1])
    return len(ids)


def _process_together(office: Office, waiting: Sequence[Waiting]) -> bool:
    try:
        readings = [_read(office, mail) for mail in waiting]
        ends = office.database.write(lambda transaction: _decide(transaction, office, readings))
    except (OperationalError, InterfaceError):
        raise  # the database is away: no mail's fault
    except Exception:  # noqa: BLE001 - whatever one mail's fault is, its neighbours are tried without it
        log.warning("group failed", mails=[mail.id for mail in waiting], exc_info=True)
        return False
    for reading, end in zip(readings, ends, strict=True):
        _log_end(reading, end)
    return True


def _decide(transaction: Connection, office: Office, readings: Sequence[Reading]) -> list[End]:
    foresee(transaction, office, readings, office.clock())
    return [decide_and_write(transaction, office, reading, office.clock()) for reading in readings]


def _read(office: Office, mail: Waiting) -> Reading:
    return read(mail, office.signer, office.people, office.policy.ticket_prefix, office.settings.intake)


def _process_alone(office: Office, waiting: Sequence[Waiting]) -> None:
    for mail in waiting:
        if mail.attempts > MOST_ATTEMPTS:
            _hold(office, mail, "processing it ended the desk again and again")
        elif not _process_together(office, [mail]):
            _defer(office, mail)


def _defer(office: Office, mail: Waiting) -> None:
    if mail.attempts >= MOST_ATTEMPTS:
        _hold(office, mail, f"it could not be processed in {mail.attempts} attempts; the log says why")
        return
    pause = PAUSES[min(mail.attempts, len(PAUSES)) - 1]
    with office.database.writing() as transaction:
        inbound.release(
            transaction, mail.id, office.clock() + pause, "it could not be processed; it will be tried again"
        )


def _hold(office: Office, mail: Waiting, reason: str) -> None:
    with office.database.writing() as transaction:
        inbound.finish(transaction, mail.id, "held", reason=reason, explanation=[f"held: {reason}"])
        lines = (f"Mail {mail.id} was kept and not processed: {reason}.",)
        remedy = f"Look at it with `maildesk mail show {mail.id}`; try it again with `maildesk mail retry {mail.id}`."
        notices = alert(office.policy, f"held:{mail.id}:{office.clock().isoformat()}", "A mail is held", lines, remedy)
        post(transaction, office, notices, Cause(mail.id), office.clock())
    log.error("mail held", mail=mail.id, reason=reason)


def _log_end(reading: Reading, end: End) -> None:
    sender = reading.mail.sender
    log.info(
        "mail " + end.state,
        mail=reading.waiting.id,
        kind=str(reading.verdict.kind),
        sender=sender.address if sender else "",
        ticket=end.ticket,
        done=end.reason,
    )


def fire(office: Office) -> int:
    """Do what time does to tickets: a group of those whose moment has come.  Returns how many tickets there were.

    As with mail, a group is one transaction, and if it fails each ticket is tried alone: the one at fault is put off
    and logged, and holds up no other.
    """
    now = office.clock()
    with office.database.reading() as transaction:
        due_at = tickets.next_due_at(transaction)
    if due_at is None or due_at > now:
        return 0
    try:
        fired = office.database.write(lambda transaction: _fire_group(transaction, office, now))
    except (OperationalError, InterfaceError):
        raise  # the database is away: no ticket's fault
    except Exception:  # noqa: BLE001 - whatever one ticket's fault is, its neighbours are tried without it
        log.warning("group of timers failed", exc_info=True)
        return _fire_alone(office, now)
    for number, events in fired:
        log.info("time", ticket=number, events=events)
    return len(fired)


def _fire_group(transaction: Connection, office: Office, now: datetime) -> list[tuple[int, int]]:
    found = tickets.due(transaction, now, GROUP_TICKETS)
    return [(ticket.number, fire_timers(transaction, office, ticket, now)) for ticket in found]


def _fire_alone(office: Office, now: datetime) -> int:
    with office.database.reading() as transaction:
        numbers = [ticket.number for ticket in tickets.due(transaction, now, GROUP_TICKETS)]
    for number in numbers:
        try:
            with office.database.writing() as transaction:
                ticket = tickets.get(transaction, number, for_update=True)
                if ticket is not None:
                    fire_timers(transaction, office, ticket, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - as above, one ticket
            log.exception("timers of a ticket failed", ticket=number)
            _put_off(office, number, now)
    return len(numbers)


def _put_off(office: Office, number: int, now: datetime) -> None:
    """The operator hears once a day of a ticket whose timers fail."""
    name = office.policy.number(number)
    lines = (f"What is due of {name} cannot be done; the log says why.",)
    remedy = f"Look at it with `maildesk ticket explain {name}`; it is tried again each hour."
    notices = alert(office.policy, f"timers:{number}:{now.date().isoformat()}", "A ticket's clocks fail", lines, remedy)
    with office.database.writing() as transaction:
        tickets.put_off(transaction, number, now + PUT_OFF)
        post(transaction, office, notices, Cause(), now)


def begin_day(office: Office) -> int:
    """Do what the firm's day brings, of no single ticket: digests, statements.  Returns how many mails that made."""
    return morning(office)


def derive_anew(office: Office) -> int:
    """After a change of the rules, work out anew when time does something to each ticket.  Returns how many there were."""
    done, after = 0, 0
    with office.database.reading() as transaction:
        if bookmarks.get(transaction, bookmarks.RULES) == office.policy.version:
            return 0
    while True:
        with office.database.writing() as transaction:
            page = tickets.unfinished(transaction, after, PAGE)
            tickets.derive(transaction, page, office.policy)
            if not page:
                bookmarks.put(transaction, bookmarks.RULES, office.policy.version)
                return done
        done, after = done + len(page), page[-1].number


def settle_and_claim(office: Office, done: Sequence[tuple[Claimed, Outcome]], count: int) -> list[Claimed]:
    """Settle attempts and claim up to ``count`` mails to be sent next, all in one transaction."""

    def exchange(transaction: Connection) -> list[Claimed]:
        for mail, outcome in done:
            settle(transaction, office, mail, outcome, office.clock())
        return outbox.claim(transaction, office.id, office.clock(), count) if count else []

    claimed = office.database.write(exchange)
    for mail, outcome in done:
        _log_attempt(mail, outcome)
    return claimed


def _log_attempt(mail: Claimed, outcome: Outcome) -> None:
    log.info(
        "send " + outcome.state,
        outbox=mail.id,
        notice=mail.notice,
        recipient=mail.recipient,
        ticket=mail.ticket,
        attempt=mail.attempts,
        code=outcome.code,
        text=outcome.text,
    )


def settle(transaction: Connection, office: Office, mail: Claimed, outcome: Outcome, now: datetime) -> None:
    """Write down what became of an attempt; sent, to be tried again, or failed, which staff are told once."""
    outbox.record(transaction, mail.id, now, outcome.state, outcome.code, outcome.text)
    if outcome.state is State.SENT:
        outbox.settle(transaction, mail.id, office.id, state="sent", sent_at=now, reason="")
        return
    attempts = mail.attempts if outcome.connected else min(mail.attempts, MOST_PAUSES_FOR_RELAY)
    again = next_attempt(attempts, mail.since, now, office.spread())
    if outcome.state is not State.FAILED and again is not None:
        outbox.settle(transaction, mail.id, office.id, state="queued", next_attempt_at=again, reason=outcome.text)
        return
    reason = outcome.text or "no answer for 5 days"
    if outbox.settle(transaction, mail.id, office.id, state="failed", reason=reason):
        refused = outcome.state is State.FAILED and outcome.code is not None
        tell_undeliverable(transaction, office, mail, reason, now, blame=refused)


def keep_house(office: Office, *, alone: bool = False) -> int:
    """Renew this daemon's lease, free what dead ones had claimed, forget old slices.  Returns how many mails were freed.

    ``alone``: no other daemon can live, whatever its lease says.
    """
    now = office.clock()
    with office.database.writing() as transaction:
        if alone:
            leases.end_others(transaction, office.id)
        leases.take(transaction, leases.DAEMON + office.id, office.id, now, ALIVE_SECONDS)
        freed = leases.free_claims(transaction, now)
        for orphan in outbox.orphans(transaction, now):
            again = next_attempt(orphan.attempts, orphan.since, now, 0.0) or now
            if outbox.settle(transaction, orphan.id, orphan.claimed_by, state="queued", next_attempt_at=again):
                words = "the desk ended while it was being sent"
                outbox.record(transaction, orphan.id, now, State.UNKNOWN, None, words)
                freed += 1
        budget.forget(transaction, now - BUDGETS_REACH)
        keys.used(transaction, max(office.signer.keys), now)
    return freed


def unclaim(office: Office) -> None:
    """Put back what this daemon has claimed and not begun, as untried."""
    with office.database.writing() as transaction:
        inbound.unclaim(transaction, office.id)


def unclaim_sending(office: Office, in_hand: Sequence[int]) -> None:
    """Put back what this daemon has claimed to be sent, but for the mails in hand: it never heard of the others."""
    with office.database.writing() as transaction:
        outbox.unclaim(transaction, office.id, in_hand)


def unsend(office: Office, mails: Sequence[Claimed]) -> None:
    """Put back mails that were claimed but not attempted."""
    with office.database.writing() as transaction:
        for mail in mails:
            outbox.settle(transaction, mail.id, office.id, state="queued", attempts=mail.attempts - 1)


def tell_of_relay(office: Office, outcome: Outcome) -> None:
    """The way out is closed by something that only a person can mend: the operator hears of it once a day."""
    now = office.clock()
    remedy = "Mend `send` in the settings or the relay, then start the desk again; the mails wait, none is lost."
    notices = alert(office.policy, f"relay:{now.date().isoformat()}", "No mail can be sent", (outcome.text,), remedy)
    with office.database.writing() as transaction:
        post(transaction, office, notices, Cause(), now)


def leave(office: Office) -> None:
    """Give back what this daemon holds, so that the next need not wait for its lease to end."""
    with office.database.writing() as transaction:
        leases.give_back(transaction, office.id)
