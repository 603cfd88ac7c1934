"""Whom a happening reaches, and when: the procedure played through with a clock that leaps."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from maildesk.desk.commands import Say, SetOwner, SetStatus
from maildesk.desk.course import Status
from maildesk.desk.duration import Duration
from maildesk.settings import load
from maildesk.simulation import Down, Item, Letter, Line, Order, Simulation
from maildesk.store import outbox
from tests.rig.letters import parsed, text_of

BOB, SAM, SUE, EVE, MIA = "bob@acme.test", "sam@firm.test", "sue@firm.test", "eve@firm.test", "mia@firm.test"
FIRM = """\
desk: {address: help@firm.test}
people:
  - {name: Sam, addresses: [sam@firm.test], roles: [staff], notify: "08:00-17:00"}
  - {name: Sue, addresses: [sue@firm.test], roles: [staff]}
  - {name: Eve, addresses: [eve@firm.test], roles: [staff], notify: "08:00-17:00"}
  - {name: Mia, addresses: [mia@firm.test], roles: [support manager]}
teams:
  support: {members: [Sam, Sue]}
  systems engineering: {members: [Eve]}
intake: {highest_proposal: {others: P1}}
"""


def at(text: str) -> datetime:
    """A moment of November 2026."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC)


def letter(when: str, body: str = "Help", ticket: int | None = None, subject: str = "Slow") -> Item:
    return Item(at(when), Letter(BOB, "" if ticket else subject, body, ticket))


def order(when: str, *commands: SetStatus | SetOwner | Say, who: str = SUE) -> Item:
    return Item(at(when), Order(who, 1, commands))


def played(folder: Path, since: str, until: str, *script: Item) -> tuple[list[Line], str]:
    """What happened, and the text of the newest mail to the customer."""
    file = folder / "settings.yaml"
    file.write_text(FIRM, encoding="utf-8")
    with Simulation(load(file), folder) as simulation:
        lines = list(simulation.play(script, at(since), at(until)))
        with simulation._database.reading() as transaction:
            newest = outbox.newest_sent(transaction, 1001, BOB)
    return lines, text_of(parsed(bytes(newest.octets))) if newest else ""


def told(lines: list[Line], notice: str) -> list[tuple[str, str]]:
    return [(f"{line.at:%d %H:%M}", line.to) for line in lines if line.notice == notice]


@pytest.mark.parametrize(
    ("since", "mails"),
    [
        ("23 00:00", [("23 08:00", SAM), ("23 08:00", SUE)]),  # a Monday
        ("21 00:00", [("23 08:00", SAM), ("23 08:00", SUE)]),  # it begins on a Saturday
        ("23 09:00", []),  # that morning is past
    ],
)
def test_a_new_desks_first_morning_has_its_mail(tmp_path: Path, since: str, mails: list[tuple[str, str]]) -> None:
    lines, _ = played(tmp_path, since, "23 12:00", letter(since))
    assert told(lines, "digest") == mails


def test_a_new_desk_that_sleeps_through_its_first_morning_still_writes(tmp_path: Path) -> None:
    asleep = Item(at("23 07:00"), Down(Duration.parse("3 hours")))
    lines, _ = played(tmp_path, "23 06:00", "23 12:00", letter("23 06:00"), asleep)
    assert told(lines, "digest") == [("23 10:00", SAM), ("23 10:00", SUE)]


def test_new_mail_waits_for_its_readers_hours(tmp_path: Path) -> None:
    lines, _ = played(tmp_path, "23 18:00", "24 09:00", letter("23 18:00"), letter("23 19:00", "More", 1))
    assert told(lines, "new-ticket") == [("23 18:00", SUE), ("24 08:00", SAM)]
    assert told(lines, "joined") == [("23 19:00", SUE), ("24 08:00", SAM)]


def test_a_p1_alerts_systems_engineering_at_once(tmp_path: Path) -> None:
    lines, _ = played(tmp_path, "23 18:00", "24 07:00", letter("23 18:00", "A total outage"))
    assert told(lines, "new-ticket") == [("23 18:00", EVE)]


def test_the_owner_hears_of_mail_though_another_team_has_it(tmp_path: Path) -> None:
    script = (letter("23 09:00"), order("23 10:00", SetOwner("Eve")), letter("23 11:00", "More", 1))
    lines, _ = played(tmp_path, "23 08:30", "23 12:00", *script)
    assert told(lines, "joined") == [("23 11:00", EVE), ("23 11:00", SAM), ("23 11:00", SUE)]


def test_the_customers_word_resolves_it_without_being_read_to_him_and_the_team_is_asked_for_the_cause(
    tmp_path: Path,
) -> None:
    script = (letter("23 09:00"), order("23 10:00", SetStatus(Status.WORKAROUND)), letter("23 11:00", "It works", 1))
    lines, text = played(tmp_path, "23 08:30", "23 12:00", *script)
    assert told(lines, "resolved") == [("23 11:00", BOB)]
    assert "is resolved" in text
    assert BOB not in text
    assert told(lines, "cause-ask") == [("23 11:00", SAM), ("23 11:00", SUE)]


def test_who_resolves_it_writes_the_line_and_is_asked_for_the_cause(tmp_path: Path) -> None:
    script = (letter("23 09:00"), order("23 10:00", SetStatus(Status.RESOLVED, reason="It was the cable")))
    lines, text = played(tmp_path, "23 08:30", "23 12:00", *script)
    assert "It was the cable" in text
    assert told(lines, "cause-ask") == [("23 10:00", SUE)]
