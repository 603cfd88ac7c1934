"""Taking back what a command mail changed: the code that names its events, and the events that restore what was before.

The code is signed over the ticket and the range of its events, so no table is needed; it is good for 24 hours by the
events' own time.  Refused is what would overwrite somebody's later word: a field that changed since.  Mail that is out
cannot be recalled; it is named.  Pure.
"""

import hmac
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from maildesk.desk.course import Stretch
from maildesk.desk.events import (
    Body,
    CauseSet,
    ContractSet,
    Event,
    HandedOver,
    MergedInto,
    OwnerSet,
    ParticipantAdded,
    ParticipantRemoved,
    PrioritySet,
    RequesterSet,
    StatusSet,
    Undone,
)
from maildesk.desk.policy import Policy
from maildesk.desk.refusal import Refusal
from maildesk.desk.ticket import Ticket, fold
from maildesk.desk.token import Signer, base32

GOOD_FOR = timedelta(hours=24)
_LETTERS = 10  # of the MAC, five bits each: whoever may undo has shown more before
_CODE = re.compile(r"([1-9][0-9]{0,5})-([1-9][0-9]{0,5})-([a-z2-7]{10})")


def undo_code(signer: Signer, ticket: int, first: int, last: int) -> str:
    """The code that undoes the events ``first`` to ``last`` of a ticket, by the newest key: ``3-5-k2xq7m4abc``."""
    return f"{first}-{last}-{_mac(signer, max(signer.keys), ticket, first, last)}"


def find(signer: Signer, ticket: int, code: str) -> tuple[int, int] | None:
    """The first and the last event that a code of this ticket names; None for a code that we did not make for it."""
    found = _CODE.fullmatch(code.strip().lower())
    if found is None:
        return None
    first, last = int(found[1]), int(found[2])
    macs = [_mac(signer, key, ticket, first, last) for key in signer.keys]
    return (first, last) if any(hmac.compare_digest(mac, found[3]) for mac in macs) else None


def _mac(signer: Signer, key: int, ticket: int, first: int, last: int) -> str:
    said = f"v1|undo|{signer.desk.lower()}|{ticket}|{first}|{last}"
    return base32(hmac.digest(signer.keys[key], said.encode(), sha256))[:_LETTERS]


def undoing(
    log: Sequence[Event],
    first: int,
    last: int,
    ticket: Ticket,
    policy: Policy,
    now: datetime,
    out: Sequence[str] = (),
) -> list[Body] | Refusal:
    """The events that restore what the events ``first`` to ``last`` of a ticket's log changed.

    ``ticket``: as it stands now.  ``out``: the mails that those events made, in words.
    """
    if refusal := _refused(log, first, last, policy, now):
        return refusal
    before, after = fold(ticket.number, log[: first - 1]), fold(ticket.number, log[:last])
    changed = list(_fields(before, after, ticket))
    late = [name for name, bodies in changed if bodies is None]
    if late:
        return Refusal(f"changed since by somebody: {', '.join(late)}", "set it anew; nothing was taken back")
    restored = [body for _, bodies in changed for body in bodies or ()]
    if not restored:
        return Refusal("nothing of it can be taken back", f"what is out: {', '.join(out)}" if out else "")
    return [*restored, Undone(list(range(first, last + 1)), list(out))]


def _refused(log: Sequence[Event], first: int, last: int, policy: Policy, now: datetime) -> Refusal | None:
    if not 1 < first <= last <= len(log):
        return Refusal("the code is of no change of this ticket")
    if now >= log[last - 1].at + GOOD_FOR:
        return Refusal("the code was good for 24 hours", "set it anew")
    wanted = range(first, last + 1)
    if any(seq in wanted for event in log if isinstance(event.body, Undone) for seq in event.body.seqs):
        return Refusal("it is undone already")
    merging = next((event.body for event in log[first - 1 : last] if isinstance(event.body, MergedInto)), None)
    if merging:
        into = policy.number(merging.ticket)
        return Refusal("a merging cannot be undone", f"`split` in answer to a mail of {into} takes that mail out again")
    return None


def _fields(before: Ticket, after: Ticket, now: Ticket) -> Iterator[tuple[str, list[Body] | None]]:
    """Each field that was changed, with the events that restore it; None where it was changed since."""
    yield from _requester(before, after, now)
    yield from _participants(before, after, now)
    yield from _standing(before, after, now)
    if before.course.stretches != after.course.stretches:
        same = now.course.stretches == after.course.stretches
        yield "status", _stretches(before.course.stretches, after.course.stretches) if same else None


def _standing(before: Ticket, after: Ticket, now: Ticket) -> Iterator[tuple[str, list[Body] | None]]:
    """The fields of one value each."""
    old, cause = before.course, before.course.cause
    fields: tuple[tuple[str, object, object, object, Body], ...] = (
        ("priority", _priority(before), _priority(after), _priority(now), PrioritySet(before.priority, old.proposed)),
        ("team", before.team, after.team, now.team, HandedOver(before.team, now.team, "undone")),
        ("owner", before.assignee, after.assignee, now.assignee, OwnerSet(before.assignee)),
        ("cause", cause, after.course.cause, now.course.cause, CauseSet(cause.kind, cause.name, cause.reason)),
        ("contract", before.contract, after.contract, now.contract, ContractSet(before.contract)),
    )
    for name, was, became, stands, body in fields:
        if was != became:
            yield name, [body] if stands == became else None


def _priority(ticket: Ticket) -> tuple[str, bool]:
    return ticket.priority, ticket.course.proposed


def _stretches(before: Sequence[Stretch], after: Sequence[Stretch]) -> list[Body]:
    """Stretches that were added go as if they had not been; where some were taken away the state alone is restored."""
    if tuple(after[: len(before)]) != tuple(before):
        row = before[-1]
        return [StatusSet(str(row.status), row.waits_for, row.reason)]
    back = reversed(after[len(before) - 1 : -1])
    return [StatusSet(str(row.status), row.waits_for, row.reason, undone=True) for row in back]


def _requester(before: Ticket, after: Ticket, now: Ticket) -> Iterator[tuple[str, list[Body] | None]]:
    if (before.requester, before.owed) == (after.requester, after.owed):
        return
    same = (now.requester, now.owed, now.contact) == (after.requester, after.owed, after.contact)
    back = RequesterSet(before.requester, before.requester_name, dict(before.contact), before.owed)
    yield "requester", [back] if same else None


def _participants(before: Ticket, after: Ticket, now: Ticket) -> Iterator[tuple[str, list[Body] | None]]:
    """Those who came go, those who went come back; the others are as they are."""
    old, new, there = set(before.participants), set(after.participants), set(now.participants)
    come, gone = new - old, old - new
    if not come and not gone:
        return
    back: list[Body] = [*map(ParticipantRemoved, sorted(come)), *map(ParticipantAdded, sorted(gone))]
    yield "participants", back if come <= there and not gone & there else None
