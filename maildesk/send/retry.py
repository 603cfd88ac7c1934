"""When a mail that was not taken is tried again.  Pure; it refuses to try for ever.

RFC 5321 §4.5.4.1 wants pauses that grow and four to five days before a mail is given up.  Each pause lies between
half of its bound and its bound, and each bound is at least twice the one before, so the pauses of a mail grow
whatever its spread, and mails that failed together do not come back together.
"""

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(days=5)
BOUNDS = tuple(timedelta(seconds=bound) for bound in (25, 55, 300, 900, 1800, 3600, 7200, 14400))


def next_attempt(attempts: int, first_at: datetime, now: datetime, spread: float) -> datetime | None:
    """When to try again, after ``attempts`` attempts (at least one) of a mail queued at ``first_at``.

    ``spread`` is a random number in [0, 1).  The first repeat falls within 30 s and the second within 60 s more, a
    sender's own delay of 5 s allowed for.  The last attempt falls on the end of the five days; None after them:
    the mail has failed.
    """
    give_up_at = first_at + GIVE_UP_AFTER
    if now >= give_up_at:
        return None
    bound = BOUNDS[min(max(attempts, 1), len(BOUNDS)) - 1]
    return min(now + bound * (1 + spread) / 2, give_up_at)
