"""[Procedure 3, 4, 5, 6, 7, 9] as the shipped settings have them: opened and priority -> every moment, reckoned by hand.

2026 in England: the clocks go on on 29 March and back on 25 October; Good Friday is 3 April, Easter Monday 6 April, the
summer bank holiday 31 August; 26 December is a Saturday, so Monday 28 is a holiday as well.  Times are London's.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from maildesk import firm
from maildesk.desk.forecast import forecast
from maildesk.settings import load

LONDON = ZoneInfo("Europe/London")
SUPPORT, SYSTEMS, DEVELOPMENT = "support manager", "systems engineering manager", "development manager"
DIRECTOR, CHIEF = "director", "chief executive"

TABLE = {
    # On Saturday afternoon of the night in which the clocks go back: 24 hours end at half past three, not half past four.
    ("2026-10-24 16:30", "P1"): {
        "first_response": "Mon 26 Oct 12:00",
        "resolution": "Sun 25 Oct 15:30",
        "fix_commitment": "Wed 28 Oct 14:00",
        "handover:development": "Tue 27 Oct 17:00",  # at the close, not at the next opening
        "overrun:development": "Tue 03 Nov 17:00",
        f"ladder:1:{SUPPORT}": "Sat 24 Oct 16:30",
        f"ladder:2:{SYSTEMS}": "Sat 24 Oct 18:30",
        f"ladder:3:{DEVELOPMENT}": "Sun 25 Oct 00:30",
        f"ladder:4:{DIRECTOR}": "Sun 25 Oct 07:30",
        f"ladder:5:{CHIEF}": "Sun 25 Oct 15:30",
    },
    # The night in which they go on; then Easter is in the way of Development.
    ("2026-03-28 12:00", "P2"): {
        "first_response": "Mon 30 Mar 12:00",
        "resolution": "Tue 31 Mar 13:00",
        "fix_commitment": "Wed 01 Apr 14:00",
        "handover:development": "Tue 31 Mar 17:00",
        "overrun:development": "Thu 09 Apr 17:00",
        f"ladder:1:{SUPPORT}": "Sat 28 Mar 16:00",
        f"ladder:2:{SYSTEMS}": "Sun 29 Mar 00:00",
        f"ladder:3:{DEVELOPMENT}": "Sun 29 Mar 13:00",
        f"ladder:4:{DIRECTOR}": "Mon 30 Mar 13:00",
        f"ladder:5:{CHIEF}": "Tue 31 Mar 13:00",
    },
    # A plain Monday.
    ("2026-11-23 10:00", "P3"): {
        "first_response": "Mon 23 Nov 14:00",
        "resolution": "Mon 30 Nov 10:00",
        "fix_commitment": "Wed 25 Nov 16:00",
        f"ladder:1:{SUPPORT}": "Tue 24 Nov 10:00",
        f"ladder:2:{SYSTEMS}": "Wed 25 Nov 10:00",
        f"ladder:3:{DEVELOPMENT}": "Fri 27 Nov 10:00",
        f"ladder:4:{DIRECTOR}": "Mon 30 Nov 10:00",
    },
    # At the very opening: what runs out at a close is due at that close.
    ("2026-06-01 08:00", "P3"): {
        "first_response": "Mon 01 Jun 12:00",
        "resolution": "Fri 05 Jun 17:00",
        "fix_commitment": "Wed 03 Jun 14:00",
        f"ladder:1:{SUPPORT}": "Mon 01 Jun 17:00",
        f"ladder:2:{SYSTEMS}": "Tue 02 Jun 17:00",
        f"ladder:3:{DEVELOPMENT}": "Thu 04 Jun 17:00",
        f"ladder:4:{DIRECTOR}": "Fri 05 Jun 17:00",
    },
    # Over the weekend of the change: a business day keeps its local time.
    ("2026-03-26 16:00", "P3"): {
        "first_response": "Fri 27 Mar 11:00",
        "resolution": "Thu 02 Apr 16:00",
        "fix_commitment": "Tue 31 Mar 13:00",
        f"ladder:1:{SUPPORT}": "Fri 27 Mar 16:00",
        f"ladder:2:{SYSTEMS}": "Mon 30 Mar 16:00",
        f"ladder:3:{DEVELOPMENT}": "Wed 01 Apr 16:00",
        f"ladder:4:{DIRECTOR}": "Thu 02 Apr 16:00",
    },
    # Before Christmas, into the new year.
    ("2026-12-23 15:00", "P3"): {
        "first_response": "Thu 24 Dec 10:00",
        "resolution": "Mon 04 Jan 15:00",
        "fix_commitment": "Wed 30 Dec 12:00",
        f"ladder:1:{SUPPORT}": "Thu 24 Dec 15:00",
        f"ladder:2:{SYSTEMS}": "Tue 29 Dec 15:00",
        f"ladder:3:{DEVELOPMENT}": "Thu 31 Dec 15:00",
        f"ladder:4:{DIRECTOR}": "Mon 04 Jan 15:00",
    },
    # At the very close before Easter: it counts from Tuesday's opening.
    ("2026-04-02 17:00", "P4"): {
        "first_response": "Tue 07 Apr 12:00",
        "resolution": "Mon 20 Apr 17:00",
        f"ladder:1:{SUPPORT}": "Mon 13 Apr 17:00",
        f"ladder:2:{SYSTEMS}": "Thu 16 Apr 17:00",
        f"ladder:3:{DEVELOPMENT}": "Mon 20 Apr 17:00",
    },
    # The last minute of a week, with a bank holiday on the way.
    ("2026-08-21 16:59", "P5"): {
        "first_response": "Mon 24 Aug 11:59",
        "resolution": "Mon 14 Sep 16:59",
        f"ladder:1:{SUPPORT}": "Mon 07 Sep 16:59",
        f"ladder:2:{SYSTEMS}": "Thu 10 Sep 16:59",
        f"ladder:3:{DEVELOPMENT}": "Mon 14 Sep 16:59",
    },
}
REPEATED = {
    "P1": (f"ladder:5:{CHIEF}", "24 hours"),
    "P2": (f"ladder:5:{CHIEF}", "24 hours"),
    "P3": (f"ladder:4:{DIRECTOR}", "1 business day"),
    "P4": (f"ladder:3:{DEVELOPMENT}", "5 business days"),
    "P5": (f"ladder:3:{DEVELOPMENT}", "5 business days"),
}


@pytest.mark.parametrize(("opened", "priority"), TABLE)
def test_every_moment_by_hand(opened: str, priority: str) -> None:
    opened_at = datetime.fromisoformat(opened).replace(tzinfo=LONDON)
    found = forecast(opened_at, priority, firm.policy(load(None)))
    shown = {row.key: f"{row.due_at.astimezone(LONDON):%a %d %b %H:%M}" for row in found if row.due_at}
    assert shown == TABLE[opened, priority]
    assert len(found) == len(shown)


@pytest.mark.parametrize("priority", REPEATED)
def test_only_the_last_step_repeats(priority: str) -> None:
    found = forecast(datetime(2026, 11, 23, 10, tzinfo=LONDON), priority, firm.policy(load(None)))
    assert [(row.key, str(row.repeat)) for row in found if row.repeat] == [REPEATED[priority]]
