"""The firm as its settings describe it: people, hours, policy."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maildesk.desk.calendar import Calendar
from maildesk.firm import People, calendar, people, policy
from maildesk.settings import Settings, load

FIRM = """
desk: {name: Acme Desk, address: support@desk.test, ticket_prefix: AD, language: de}
people:
  - {name: Ann Lee, addresses: [Ann@desk.test, ann@home.test], roles: [staff, support manager], zone: Asia/Kolkata, language: fr}
  - {name: Bob Roe, addresses: [bob@desk.test], roles: [staff]}
teams: {support: {members: [bob roe, Ann Lee]}}
"""


def settings_of(folder: Path, text: str) -> Settings:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.fixture
def known(tmp_path: Path) -> People:
    return people(settings_of(tmp_path, FIRM))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("ann@desk.test", "Ann Lee"),
        ("ANN@HOME.test", "Ann Lee"),
        ("bob@desk.test", "Bob Roe"),
        ("bob+x@desk.test", None),
        ("bob@desk.test.evil.test", None),
        ("", None),
    ],
)
def test_who_writes_from_an_address(known: People, address: str, name: str | None) -> None:
    found = known.at(address)
    assert (found.name if found else None) == name


def test_a_person_has_what_he_says_else_the_desks(known: People) -> None:
    ann, bob = known.all
    assert (ann.address, ann.zone, ann.language) == ("Ann@desk.test", "Asia/Kolkata", "fr")
    assert (bob.zone, bob.language, bob.roles) == ("Europe/London", "de", frozenset({"staff"}))


@pytest.mark.parametrize(
    ("operator", "name", "address"),
    [
        ("bob ROE", "Bob Roe", "bob@desk.test"),
        ("ann@home.test", "Ann Lee", "Ann@desk.test"),
        ("ops@elsewhere.test", "", "ops@elsewhere.test"),
    ],
)
def test_the_operator_is_a_person_or_an_address(tmp_path: Path, operator: str, name: str, address: str) -> None:
    settings = settings_of(tmp_path, FIRM.replace("language: de}", f"language: de, operator: {operator}}}"))
    found = people(settings).operator
    assert found
    assert (found.name, found.address) == (name, address)
    assert policy(settings).audience("development") == (found,)


def test_the_policy(tmp_path: Path) -> None:
    made = policy(settings_of(tmp_path, FIRM))
    assert (made.desk_name, made.desk_address, made.number(7)) == ("Acme Desk", "support@desk.test", "AD-7")
    assert (made.default_priority, made.first_team("P3"), made.language) == ("P3", "support", "de")
    assert [person.name for person in made.audience("support")] == ["Bob Roe", "Ann Lee"]
    assert made.audience("development") == ()
    assert made.operator is None
    assert list(made.teams) == ["support", "systems engineering", "development"]


def test_a_default_priority_brings_its_own_team(tmp_path: Path) -> None:
    assert policy(settings_of(tmp_path, "intake: {default_priority: P2}")).first_team("P2") == "systems engineering"


def hours(folder: Path, text: str) -> Calendar:
    return calendar(settings_of(folder, f"hours: {text}").hours)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2022-09-19", "the Queen's funeral, one-off"),
        ("2023-05-08", "the coronation, one-off"),
        ("2020-05-08", "early May moved to VE day, one-off"),
        ("2026-01-01", "New Year"),
        ("2026-04-03", "Good Friday"),
        ("2026-04-06", "Easter Monday"),
        ("2026-05-04", "early May"),
        ("2026-05-25", "spring"),
        ("2026-08-31", "summer"),
        ("2026-12-25", "Christmas"),
        ("2026-12-28", "Boxing Day fell on a Saturday"),
        ("2027-12-27", "Christmas fell on a Saturday"),
        ("2027-12-28", "Boxing Day fell on a Sunday"),
    ],
)
def test_englands_bank_holidays(day: str, why: str) -> None:
    assert calendar(load(None).hours).spans(date.fromisoformat(day)) == [], why


@pytest.mark.parametrize("day", ["2020-05-04", "2026-01-02", "2026-08-03", "2026-11-30", "2026-12-24", "2026-12-29"])
def test_days_on_which_england_works_though_others_do_not(day: str) -> None:
    assert len(calendar(load(None).hours).spans(date.fromisoformat(day))) == 1


def test_scotland_has_its_own(tmp_path: Path) -> None:
    assert hours(tmp_path, "{holidays: GB-SCT}").spans(date(2026, 11, 30)) == []


def test_without_holidays_christmas_is_a_friday(tmp_path: Path) -> None:
    assert len(hours(tmp_path, "{holidays: null}").spans(date(2026, 12, 25))) == 1


def test_closed_and_open_days_win_over_week_and_holidays(tmp_path: Path) -> None:
    firm = hours(
        tmp_path,
        '{closed: [2026-12-24], open: [{day: 2026-12-25, hours: ["09:00-10:00"]}, {day: 2026-12-26, hours: []}]}',
    )
    assert firm.spans(date(2026, 12, 24)) == []
    assert firm.spans(date(2026, 12, 25)) == [(utc("2026-12-25 09:00"), utc("2026-12-25 10:00"))]
    assert firm.spans(date(2026, 12, 26)) == []
    assert firm.next_open(utc("2026-12-23 17:00")) == utc("2026-12-25 09:00")
    assert firm.next_open(utc("2026-12-25 10:00")) == utc("2026-12-29 08:00")


@pytest.mark.parametrize(
    ("start", "end", "skipped"),
    [
        (
            "2022-06-01",
            "2022-06-07",
            {"2022-06-02": "Spring Bank Holiday", "2022-06-03": "Platinum Jubilee of Elizabeth II"},
        ),
        ("2022-09-17", "2022-09-25", {"2022-09-19": "State Funeral of Queen Elizabeth II"}),
        ("2023-05-06", "2023-05-10", {"2023-05-08": "Coronation of Charles III"}),
        ("2026-12-24", "2026-12-30", {"2026-12-24": "closed by the firm", "2026-12-25": "closed by the firm"}),
        ("2026-05-20", "2026-05-30", {}),  # the spring bank holiday is opened
    ],
)
def test_why_a_day_is_skipped(tmp_path: Path, start: str, end: str, skipped: dict[str, str]) -> None:
    firm = hours(
        tmp_path,
        '{closed: [2026-12-24], open: [{day: 2026-12-25, hours: []}, {day: 2026-12-28, hours: ["10:00-11:00"]}, '
        '{day: 2026-05-25, hours: ["10:00-11:00"]}]}',
    )
    assert {str(day): name for day, name in firm.skipped(utc(start), utc(end))} == skipped


def test_what_a_business_day_is_worth(tmp_path: Path) -> None:
    assert hours(tmp_path, "{}").day_length == timedelta(hours=9)
    assert hours(tmp_path, "{day: 8 hours}").day_length == timedelta(hours=8)
    assert hours(tmp_path, "{day: 450 minutes}").day_length == timedelta(hours=7.5)


def test_a_fixed_zone_knows_no_winter(tmp_path: Path) -> None:
    assert hours(tmp_path, "{zone: +01:00}").next_open(utc("2026-11-23 00:00")) == utc("2026-11-23 07:00")


def test_a_desk_round_the_clock(tmp_path: Path) -> None:
    firm = hours(tmp_path, '{week: {mon-sun: ["00:00-24:00"]}, holidays: null}')
    assert all(firm.is_open(utc(f"2026-{month:02}-25 {hour:02}:59")) for month in (3, 10, 12) for hour in range(24))


def test_threads_ask_for_the_same_unknown_year_at_once() -> None:
    """The holidays of a year are never seen half made."""
    for year in range(2030, 2040):
        firm = calendar(load(None).hours)
        with ThreadPoolExecutor(4) as pool:
            assert not any(pool.map(firm.spans, [date(year, 12, 25)] * 8))
