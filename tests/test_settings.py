"""Settings fail whole, early, and with the line; what is right means what the shipped file says it means."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from pydantic import ValidationError

from maildesk import shipped as shipped_module
from maildesk.desk.duration import Duration, Unit
from maildesk.settings import SecretError, Settings, SettingsError, load, secret
from maildesk.settings.file import read
from maildesk.shipped import shipped

Write = Callable[[str], Path]
MAILBOX = "host: mail.test, user: desk, password_file: pw"
PEOPLE = """
people:
  - {name: Ann Lee, addresses: [ann@desk.test, ann@home.test], roles: [staff, support manager]}
  - {name: Bob Roe, addresses: [bob@desk.test]}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(text: str) -> Path:
        path = tmp_path / "settings.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return to_file


def faults(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(path)
    return [str(fault).removeprefix(f"{path.parent}/") for fault in raised.value.faults]


def warnings(path: Path) -> dict[str, str]:
    return {fault.name: fault.wrong for fault in load(path).warnings()}


# --- what is right


def test_the_shipped_settings_are_the_procedures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(None)
    assert settings.desk.address == "support@example.com"
    assert settings.desk.phone is None  # nobody's customers are told to call somebody else
    assert settings.database == f"sqlite:///{tmp_path}/var/maildesk.db"
    assert settings.send.maildir == tmp_path / "var/outgoing"
    assert settings.send.return_path == "signed"
    assert settings.limits.acknowledgements.per_address_per_day == 10
    assert settings.people == ()
    assert settings.contracts is None
    assert not settings.escalation.confirmed
    assert list(settings.priorities) == ["P1", "P2", "P3", "P4", "P5"]
    resolution = [str(row.resolution) for row in settings.priorities.values()]
    assert resolution == ["24 hours", "72 hours", "5 business days", "10 business days", "15 business days"]
    assert {str(row.first_response) for row in settings.priorities.values()} == {"4 business hours"}
    assert settings.updates.ask_at == time(15)
    assert settings.credits.cap_percent == Decimal(25)


@pytest.mark.parametrize(
    ("priority", "ladder"),
    [
        ("P1", "0 hours, 2 hours, 8 hours, 16 hours, 24 hours; again after 24 hours"),
        ("P2", "4 hours, 12 hours, 24 hours, 48 hours, 72 hours; again after 24 hours"),
        ("P3", "1 business day, 2 business days, 4 business days, 5 business days; again after 1 business day"),
        ("P4", "5 business days, 8 business days, 10 business days; again after 5 business days"),
        ("P5", "10 business days, 13 business days, 15 business days; again after 5 business days"),
    ],
)
def test_the_shipped_ladder(priority: str, ladder: str) -> None:
    steps = load(None).escalation.management[priority]
    assert f"{', '.join(str(step.after) for step in steps)}; again after {steps[-1].repeat}" == ladder
    assert [step.repeat for step in steps[:-1]] == [None] * (len(steps) - 1)


def test_the_shipped_file_names_every_setting() -> None:
    """A name that the file does not explain is a name that nobody finds."""
    data = read(shipped("settings.yaml")).data
    assert list(data) == list(Settings.model_fields)
    for section, field in Settings.model_fields.items():
        known = getattr(field.annotation, "model_fields", None)
        if known and isinstance(data[section], dict):
            assert set(data[section]) == set(known), section


def test_the_shipped_file_names_nobody_and_mails_nobody() -> None:
    text = shipped("settings.yaml").read_text(encoding="utf-8")
    code = "\n".join(line.partition("#")[0] for line in text.splitlines())
    assert code.count("@") == 1
    assert load(None).send.host is None


def test_the_least_that_a_relay_needs(write: Write) -> None:
    settings = load(
        write("""
        desk: {name: D, address: support@desk.test, ticket_prefix: D}
        database: sqlite:////tmp/x/d.db
        receive: {smtp: {listen: "127.0.0.1:2525"}}
        send: {host: 127.0.0.1, port: 2526, security: none}
        """)
    )
    assert settings.desk.name == "D"
    assert settings.database == "sqlite:////tmp/x/d.db"
    assert settings.receive.smtp.listen == "127.0.0.1:2525"
    assert (settings.send.host, settings.send.port, settings.send.security) == ("127.0.0.1", 2526, "none")
    assert settings.desk.language == "en-GB"  # the rest is the shipped file's


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "desk:\n  {}\n"])
def test_an_empty_file_is_the_shipped_one(write: Write, text: str) -> None:
    assert load(write(text)).model_dump(exclude={"database", "send"}) == load(None).model_dump(
        exclude={"database", "send"}
    )


def test_paths_mean_the_files_folder(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("""
        database: sqlite:///data/desk.db
        contracts: ../contracts.csv
        send: {maildir: out}
        receive: {smtp: {listen: "unix:run/desk.sock", tls_certificate: c.pem, tls_key: /etc/k.pem}}
        """)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for settings in (load(path), load(Path("../settings.yaml"))):
        assert settings.database == f"sqlite:///{tmp_path}/data/desk.db"
        assert settings.contracts == tmp_path.parent / "contracts.csv"
        assert settings.send.maildir == tmp_path / "out"
        assert settings.receive.smtp.listen == f"unix:{tmp_path}/run/desk.sock"
        assert settings.receive.smtp.tls_certificate == tmp_path / "c.pem"
        assert settings.receive.smtp.tls_key == Path("/etc/k.pem")


@pytest.mark.parametrize(
    ("text", "get", "expected"),
    [
        ("receive: {smtp: {listen: null}}", lambda s: s.receive.smtp.listen, None),
        ('receive: {smtp: {listen: "[::1]:25"}}', lambda s: s.receive.smtp.listen, "[::1]:25"),
        ("receive: {smtp: {listen: localhost:0}}", lambda s: s.receive.smtp.listen, "localhost:0"),
        ("receive: {smtp: {protocol: lmtp}}", lambda s: s.receive.smtp.protocol, "lmtp"),
        ("receive: {smtp: {trusted: null}}", lambda s: s.receive.smtp.trusted, ()),
        ("receive: {smtp: {messages_per_minute: null}}", lambda s: s.receive.smtp.messages_per_minute, None),
        ("send: {host: r.test}", lambda s: (s.send.port, s.send.security), (587, "starttls")),
        ("send: {host: r.test, security: tls}", lambda s: s.send.port, 465),
        ("send: {host: r.test, security: none}", lambda s: s.send.port, 25),
        ("send: {return_path: bounces@desk.test}", lambda s: s.send.return_path, "bounces@desk.test"),
        ("send: {return_path: null}", lambda s: s.send.return_path, None),
        ("limits: {acknowledgements: {per_address_per_day: null}}", lambda s: s.limits.acknowledgements.per_address_per_day, None),
        ("limits: {acknowledgements: {per_domain_per_hour: 0}}", lambda s: s.limits.acknowledgements.per_domain_per_hour, 0),
        ("desk: {name: no}", lambda s: s.desk.name, "no"),
        ("desk: {name: 17:00}", lambda s: s.desk.name, "17:00"),
        ("desk: {phone: 448456}", lambda s: s.desk.phone, "448456"),
        ("desk: {phone: null}", lambda s: s.desk.phone, None),
        ("updates: {ask_at: 9:05}", lambda s: s.updates.ask_at, time(9, 5)),
        ("trust: {border: mx.ACME.example}", lambda s: s.trust.border, "mx.acme.example"),
        ("intake: {phrases: {P4: [how to]}}", lambda s: s.intake.phrases["P4"], ("how to",)),
        ("intake: {phrases: null}", lambda s: s.intake.phrases, {}),
        ("database: postgresql://u@h/d", lambda s: s.database, "postgresql+psycopg://u@h/d"),
        ("hours: {zone: +01:00}", lambda s: s.hours.zone, "Etc/GMT-1"),
        ("hours: {closed: [2026-12-24]}", lambda s: s.hours.closed, (date(2026, 12, 24),)),
        ("hours: {holidays: null}", lambda s: s.hours.holidays, None),
        ("priorities: {P3: {resolution: 40 business hours}}", lambda s: s.priorities["P3"].resolution, Duration(40, Unit.BUSINESS_HOURS)),
        ("credits: {percent_per_hour: 0.5}", lambda s: s.credits.percent_per_hour, Decimal("0.5")),
        ("states: {no_answer: null}", lambda s: s.states.no_answer, None),
        ("metrics: {listen: 127.0.0.1:9125}", lambda s: s.metrics.listen, "127.0.0.1:9125"),
        ("log: {format: json}", lambda s: (s.log.format, s.log.level), ("json", "info")),
    ],
)  # fmt: skip
def test_a_value_means_what_it_says(
    write: Write, text: str, get: Callable[[Settings], object], expected: object
) -> None:
    assert get(load(write(text))) == expected


@pytest.mark.parametrize(
    ("week", "hours"),
    [
        ("{}", "mon8 tue8 wed8 thu8 fri8"),
        ('{sat: ["09:00-12:00"]}', "mon8 tue8 wed8 thu8 fri8 sat9"),
        ('{mon-sat: ["09:00-12:00"]}', "mon9 tue9 wed9 thu9 fri9 sat9"),
        ('{fri: ["07:00-12:00"]}', "mon8 tue8 wed8 thu8 fri7"),
        ("{fri: null}", "mon8 tue8 wed8 thu8"),
        ('{mon-fri: null, sun-mon: ["00:00-24:00"]}', "mon0 sun0"),
        ("{wed: []}", "mon8 tue8 thu8 fri8"),
    ],
)
def test_the_week_merges_day_by_day(write: Write, week: str, hours: str) -> None:
    if "null, sun-mon" in week:  # in one file each day stands once: another span is another file's business
        assert faults(write(f"hours: {{week: {week}}}")) == [
            "settings.yaml:1: hours.week.sun-mon: mon stands twice; write each day once"
        ]
        return
    found = load(write(f"hours: {{week: {week}}}")).hours.week
    assert (
        " ".join(
            f"{day}{found[day][0][0].hour}"
            for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
            if found.get(day)
        )
        == hours
    )


def test_a_mailbox_needs_three_words(write: Write) -> None:
    [box] = load(write(f"receive: {{imap: [{{{MAILBOX}}}]}}")).receive.imap
    assert (box.port, box.security, box.folder, box.done) == (993, "tls", "INBOX", "move:Processed")


@pytest.mark.parametrize("done", ["move:Archive/2026", "flag:$Desk", "delete"])
def test_what_becomes_of_a_fetched_mail(write: Write, done: str) -> None:
    [box] = load(write(f"receive: {{imap: [{{{MAILBOX}, security: starttls, done: '{done}'}}]}}")).receive.imap
    assert (box.port, box.done) == (143, done)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load(None).desk.name = "Other"  # type: ignore[misc]


# --- what is wrong

BROKEN = [
    ("desk: {adress: a@b.test}", "1: desk.adress: is not known; did you mean address?"),
    ("sent: {host: x}", "1: sent: is not known; did you mean send?"),
    ("smtp: {}", "1: smtp: is not known; did you mean receive.smtp?"),
    ("send:\n  password: hunter2", "2: send.password: is not known; did you mean password_file?"),
    ("log: {zzz: 1}", "1: log.zzz: is not known; known here are format, level"),
    ("desk:\n  name: ''", "2: desk.name: is empty; write it"),
    ("desk:\n  name: null", "2: desk.name: cannot be null; write a value, or take the line away to keep the shipped one"),
    ("desk: {name: true}", "1: desk.name: true is no text; write words, in quotes if need be"),
    ("desk: {name: [a]}", "1: desk.name: a list is no text; write words, in quotes if need be"),
    ('desk: {name: "a\\nBcc: b@c.test"}', '1: desk.name: "a Bcc: b@c.test" holds a control character; write words'),
    ("desk: {address: support}", '1: desk.address: "support" is no mail address; write like bob@acme.example'),
    ("desk: {address: 'D <a@b.test>'}", '1: desk.address: "D <a@b.test>" is no mail address'),
    ("desk: {ticket_prefix: 'A-B'}", '1: desk.ticket_prefix: "A-B" cannot stand before a number'),
    ("desk: {language: English}", '1: desk.language: "English" is no language; write like en-GB or de'),
    ("desk: {operator: Bob}", '1: desk.operator: "Bob" is nobody in people; write the name of one of people, or a mail'),
    ("desk: {operator: Support@Example.com}", "1: desk.operator: is the desk's own mailbox; write a person's address"),
    ("desk:\n", "1: desk: cannot be null; write a value"),
    ("desk: D", '1: desk: "D" is no map; write names and values below it'),
    ("database: mysql://u:hunter2@h/d", '1: database: "mysql" is no database that maildesk knows; write sqlite:///PATH or'),
    ("database: sqlite://", '1: database: "sqlite" is no database that maildesk knows'),
    ("database: 'sqlite:///x?mode=ro'", '1: database: "sqlite" is no database that maildesk knows'),
    ("receive:\n  smtp:\n    listen: '2525'", '3: receive.smtp.listen: "2525" has no host; write host:port or unix:/path'),
    ("receive: {smtp: {listen: 2525}}", '1: receive.smtp.listen: "2525" has no host; write host:port or unix:/path'),
    ("receive: {smtp: {listen: ':25'}}", '1: receive.smtp.listen: ":25" has no host; write host:port or unix:/path'),
    ("receive: {smtp: {listen: 'h:70000'}}", '1: receive.smtp.listen: "70000" in "h:70000" is no port'),
    ("receive: {smtp: {listen: '::1:25'}}", '1: receive.smtp.listen: "::1" in "::1:25" is no host; write host:port or'),
    ("receive: {smtp: {listen: 'unix:'}}", '1: receive.smtp.listen: "unix:" has no path; write host:port or unix:/path'),
    ("receive: {smtp: {protocol: esmtp}}", '1: receive.smtp.protocol: "esmtp" is not possible; write smtp or lmtp'),
    ("receive: {smtp: {max_message_bytes: 32 MB}}", '1: receive.smtp.max_message_bytes: "32 MB" is no whole number; write digits'),
    ("receive: {smtp: {idle_timeout: 0}}", '1: receive.smtp.idle_timeout: "0" is too small; write at least 1'),
    ("receive: {smtp: {idle_timeout: 90000}}", '1: receive.smtp.idle_timeout: "90000" is too large; write at most 86400'),
    ("receive: {smtp: {trusted: [10.0.0.1/8]}}", '1: receive.smtp.trusted[0]: "10.0.0.1/8" is no network'),
    ("receive: {smtp: {trusted: 10.0.0.0/8}}", '1: receive.smtp.trusted: "10.0.0.0/8" is no list; write [one, two] or lines'),
    ("receive: {smtp: {tls_key: k.pem}}", "1: receive.smtp: has no tls_certificate; write tls_certificate and tls_key"),
    ("receive:\n  imap:\n    - {host: h, user: u}", "3: receive.imap[0].password_file: is missing; write it"),
    (f"receive: {{imap: [{{{MAILBOX}, done: seen}}]}}", '1: receive.imap[0].done: "seen" is nothing to do with a fetched mail'),
    (f"receive: {{imap: [{{{MAILBOX}, done: 'move:INBOX'}}]}}", "1: receive.imap[0].done: moves mail to where it lay"),
    (f"receive: {{imap: [{{{MAILBOX}, securty: tls}}]}}", "1: receive.imap[0].securty: is not known; did you mean security?"),
    (f"receive:\n  imap:\n  - {{{MAILBOX}}}\n  - {{{MAILBOX}}}", "4: receive.imap[1]: INBOX of desk is fetched twice; keep one"),
    ("receive: {imap: {host: h}}", "1: receive.imap: a map is no list; write [one, two] or lines that begin with -"),
    ("trust: {border: office365}", '1: trust.border: "office365" is no border; write none, microsoft365, gmail or a name'),
    ("trust: {border: no}", '1: trust.border: "no" is no border'),
    ("send: {maildir: null}", "1: send: mail can go nowhere; write host of a relay, or maildir"),
    ("send: {host: 'h:25'}", '1: send.host: "h:25" is no host; write a host name or an IP address, the port goes to port'),
    ("send: {host: h, security: ssl}", '1: send.security: "ssl" is not possible; write none, starttls or tls'),
    ("send: {host: h, user: u}", "1: send.user: has no password; write password_file beside it"),
    ("send: {host: h, password_file: pw}", "1: send.password_file: has no user; write user beside it"),
    ("send: {host: h, user: u, password_file: 'env:A B'}", "1: send.password_file: env: is followed by no name of a variable"),
    ("send: {return_path: sined}", '1: send.return_path: "sined" is no mail address'),
    ("intake: {default_priority: P9}", '1: intake.default_priority: "P9" is no priority; write one of P1, P2, P3, P4, P5'),
    ("intake: {phrases: {urgent: [x]}}", '1: intake.phrases.urgent: "urgent" is no priority; write one of P1'),
    ("intake: {forms: forms@a.test}", '1: intake.forms: "forms@a.test" is no list'),
    ("intake: {oldest: 5}", '1: intake.oldest: "5" is no amount of time with a unit; write like 24 hours or 5 business'),
    ("hours: {zone: BST}", '1: hours.zone: "BST" is no time zone; write like Europe/London'),
    ("hours: {zone: ../../etc/passwd}", '1: hours.zone: "../../etc/passwd" is no time zone'),
    ("hours: {week: {monday: ['08:00-17:00']}}", '1: hours.week: "monday" is no weekday; write mon, tue'),
    ("hours: {week: {mon: ['17:00-08:00']}}", '1: hours.week.mon[0]: "17:00-08:00" ends before it begins'),
    ("hours: {week: {mon: [8-17]}}", '1: hours.week.mon[0]: "8" is no time of day; write like 15:00'),
    ("hours: {week: {mon: ['08:00-12:00', '11:00-17:00']}}", "1: hours.week.mon: two spans overlap at 11:00"),
    ("hours: {week: {mon-wed: [], tue: []}}", "1: hours.week.tue: tue stands twice; write each day once"),
    ("hours: {week: {mon-fri: null}}", "1: hours.week: the firm never works; write like mon-fri"),
    ("hours: {holidays: UK}", '1: hours.holidays: "UK" is no country whose holidays are known; write like GB-ENG'),
    ("hours: {holidays: GB-XXX}", '1: hours.holidays: "GB-XXX" is no known part of GB; write one of'),
    ("hours: {closed: [24.12.2026]}", '1: hours.closed[0]: "24.12.2026" is no day; write like 2026-12-24'),
    ("hours: {closed: [2026-02-30]}", '1: hours.closed[0]: "2026-02-30" is no day; write like 2026-12-24'),
    ("hours: {closed: [2026-12-25], open: [{day: 2026-12-25, hours: ['09:00-12:00']}]}", "1: hours.open[0].day: 2026-12-25 is also"),
    ("hours: {day: 9 business hours}", "1: hours.day: 9 business hours is no length of a day; write like 9 hours"),
    ("priorities: {P3: {resolution: 5 days of work}}", '1: priorities.P3.resolution: "5 days of work" is no amount of time'),
    ("priorities: {P3: {team: helpers}}", '1: priorities.P3.team: "helpers" is no team; write one of support, systems engineering'),
    ("priorities: {P6: {meaning: x}}", "1: priorities.P6: is new in priorities and lacks first_response, resolution"),
    ("teams: {suport: {members: []}}", "1: teams.suport: is new in teams and lacks name; did you mean support? a new one"),
    ("teams: {billing: {members: []}}", "1: teams.billing: is new in teams and lacks name; shipped are support, systems"),
    ("name: D", "1: name: is not known; did you mean desk.name? indent it below desk:"),
    ("desk: name:D", '1: desk: "name:D" is no map; write a space after each colon'),
    ("receive: {smtp: {listen: localhost}}", '1: receive.smtp.listen: "localhost" has no port; write host:port'),
    ("hours: {week: {fryday: [], mitwoch: []}}", '1: hours.week: "fryday", "mitwoch" are no weekdays; write mon'),
    ("hours: {week: {mon-fri: [8-17]}}", '1: hours.week.mon-fri[0]: "8" is no time of day; write like 15:00'),
    ("priorities: {P3: {updates: daily}}", '1: priorities.P3.updates: "daily" is not possible; write every day or business days'),
    ("priorities: {P3: {first_response: 25 business hours}}", "1: priorities.P3.first_response: 25 business hours is longer than fix"),
    ("teams:\n  support:\n    members:\n      - Bob Roe", '4: teams.support.members[0]: "Bob Roe" is nobody in people; write a name'),
    ("teams: {support: {members: Bob}}", '1: teams.support.members: "Bob" is no list'),
    ("people:\n  - {name: A, addresses: []}", "2: people[0].addresses: is empty; write one address at least"),
    ("people:\n  - {name: A, addresses: [support+a@example.com]}", "2: people[0].addresses[0]: support+a@example.com is the desk's"),
    ("people:\n  - {name: A, addresses: [a@b.test]}\n  - {name: B, addresses: [A@b.test]}", "3: people[1].addresses[0]: A@b.test is already an"),
    ("people:\n  - {name: A, addresses: [a@b.test]}\n  - {name: a, addresses: [c@b.test]}", '3: people[1].name: "a" stands twice'),
    ("people: [{name: A, addresses: [a@b.test], notify: sometimes}]", '1: people[0].notify: "sometimes" is no span of hours'),
    ("escalation: {confirmed: yes}", '1: escalation.confirmed: "yes" is no choice; write true or false'),
    ("escalation: {management: {P1: [{after: 2, tell: director}]}}", '1: escalation.management.P1[0].after: "2" is no amount'),
    ("escalation: {management: {P1: [{after: 2 hours, tell: a@b.test}]}}", '1: escalation.management.P1[0].tell: "a@b.test" is an address'),
    ("escalation: {management: {P9: []}}", '1: escalation.management.P9: "P9" is no priority'),
    ("escalation:\n  management:\n    P1:\n    - {after: 2 hours, tell: x}\n    - {after: 60 minutes, tell: y}", "5: escalation.management.P1[1].after: 60 minutes is before"),
    ("escalation: {management: {P1: [{after: 2 hours, tell: x, repeat: 0 hours}]}}", "1: escalation.management.P1[0].repeat: repeats without"),
    ("escalation: {management: {P1: [{after: 1 hour, tell: x, repeat: 1 hour}, {after: 2 hours, tell: y}]}}", "1: escalation.management.P1[0].repeat: is not the last"),
    ("escalation: {teams: {P1: {development: {to: nobody}}}}", '1: escalation.teams.P1.development.to: "nobody" is no other team'),
    ("escalation: {teams: {P1: {development: {to: development}}}}", '1: escalation.teams.P1.development.to: "development" is no other'),
    ("priorities: {P3: {first_response: 3 business days}}", "1: priorities.P3.first_response: 3 business days is longer than fix"),
    ("priorities: {P4: {first_response: 91 business hours}}", "1: priorities.P4.first_response: 91 business hours is longer than resol"),
    ("priorities: {P1: {first_response: 25 business hours, fix_commitment: null}}", "1: priorities.P1.first_response: 25 business hours is longer than resolution, 24 hours"),
    ("escalation:\n  management:\n    P4:\n    - {after: 9 business hours, tell: x}\n    - {after: 1 business day, tell: y}", "5: escalation.management.P4[1].after: 1 business day is when the step above it is due, so that x would never be told; write a later"),
    ("escalation: {management: {P4: [{after: 2 business days, tell: x}, {after: 10 business hours, tell: y}]}}", "1: escalation.management.P4[1].after: 10 business hours is before"),
    ("escalation: {management: {P4: [{after: 20 business hours, tell: x}, {after: 19 hours, tell: y}]}}", "1: escalation.management.P4[1].after: 19 hours is before"),
    ("escalation: {teams: {P1: {support: {after: 1 hour, to: development}, development: {to: support}}}}", "1: escalation.teams.P1.support.to: development -> support -> development: a ticket would go round and round; hand over"),
    ("people: [{name: A, addresses: [bounces+x@a.test]}]\nsend: {return_path: bounces@a.test}", "1: people[0].addresses[0]: bounces+x@a.test is where delivery"),
    ("updates: {ask_at: '17:00'}", "1: updates.ask_at: 17:00 is not before send_at, 16:30; ask first"),
    ("updates: {ask_at: 25:00}", '1: updates.ask_at: "25:00" is no time of day; write like 15:00'),
    ("credits: {percent_per_hour: lots}", '1: credits.percent_per_hour: "lots" is no number; write like 25 or 0.5'),
    ("credits: {cap_percent: 101}", '1: credits.cap_percent: "101" is too large; write at most 100'),
    ("credits: {priorities: [P0]}", '1: credits.priorities[0]: "P0" is no priority'),
    ("limits: {acknowledgements: {per_address_per_day: -1}}", '1: limits.acknowledgements.per_address_per_day: "-1" is too small'),
    ("limits: {acknowledgements: {per_address_per_day: 2.5}}", '1: limits.acknowledgements.per_address_per_day: "2.5" is no whole'),
    ("retention: {raw_mail: forever}", '1: retention.raw_mail: "forever" is no amount of time with a unit'),
    ("metrics: {listen: 'unix:/x'}", "1: metrics.listen: "),
    ("log: {level: loud}", '1: log.level: "loud" is not possible; write debug, info, warning or error'),
    ("log: {level: info}\nlog: {level: debug}", "2: log: stands twice, first in line 1; keep one"),
    ("log: !mine {level: info}", "1: log: has a tag !mine; write the plain value"),
    ("log: [", "1: the file ends within [ or {; close it"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), [pytest.param(*case, id=case[0][:60]) for case in BROKEN])
def test_a_broken_configuration_fails_for_its_reason(write: Write, text: str, said: str) -> None:
    found = faults(write(text))
    assert found[0].startswith(f"settings.yaml:{said}"), found
    assert len(found) == 1 or "is missing" in said, found


def test_all_faults_come_at_once_in_the_order_of_the_file(write: Write) -> None:
    path = write("""\
        desk: {adress: support@desk.test, operator: Nobody}
        receive:
          smtp: {listen: "2525"}
          imap:
            - {host: h, user: u}
        send: {host: x, user: a}
        send: {host: y}
        teams: {support: {members: [Bob]}}
        log: {level: loud}
        """)
    assert [fault.partition("; ")[0] for fault in faults(path)] == [
        "settings.yaml:1: desk.adress: is not known",
        'settings.yaml:1: desk.operator: "Nobody" is nobody in people',
        'settings.yaml:3: receive.smtp.listen: "2525" has no host',
        "settings.yaml:5: receive.imap[0].password_file: is missing",
        "settings.yaml:6: send.user: has no password",
        "settings.yaml:7: send: stands twice, first in line 6",
        'settings.yaml:8: teams.support.members[0]: "Bob" is nobody in people',
        'settings.yaml:9: log.level: "loud" is not possible',
    ]


def test_a_fault_has_its_parts(write: Write) -> None:
    path = write("\nlog: {level: loud}\n")
    with pytest.raises(SettingsError) as raised:
        load(path)
    [fault] = raised.value.faults
    assert (fault.place.file, fault.place.line, fault.name) == (str(path), 2, "log.level")
    assert (fault.wrong, fault.right) == ('"loud" is not possible', "write debug, info, warning or error")


def test_a_faulty_person_is_not_also_an_unknown_member(write: Write) -> None:
    text = "people: [{name: Bob, addresses: [bob]}]\nteams: {support: {members: [Bob]}}\n"
    assert [fault.split(": ")[1] for fault in faults(write(text))] == ["people[0].addresses[0]"]


def test_what_a_firms_change_breaks_in_the_shipped_file_is_said_of_the_shipped_file(write: Write) -> None:
    path = write("\n\npriorities: {P5: null}\n")
    found = faults(path)
    assert found
    assert all(fault.startswith(str(shipped("settings.yaml"))) for fault in found)
    assert any('escalation.management.P5: "P5" is no priority' in fault for fault in found)


def test_a_missing_file(tmp_path: Path) -> None:
    assert faults(tmp_path / "none.yaml") == [
        "none.yaml: cannot be read: No such file or directory; write the path of a settings file"
    ]


NAMES = sorted(
    {*Settings.model_fields, "smtp", "imap", "host", "listen", "members", "P1", "week", "mon-fri", "teams", "0"}
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["P1", "08:00-17:00", "2 hours"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3))
@example({"contracts": "\U00010000"})
@example({"contracts": "\ud800"})
@configure(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_settings_are_taken_or_refused_with_a_place(tmp_path: Path, data: dict[str, object]) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    try:
        load(path)
    except SettingsError as refused:
        places = {fault.place.file for fault in refused.faults}
        files = {str(path), str(shipped("settings.yaml"))}
        assert places <= files


# --- what is worth a look


def test_the_shipped_settings_warn_of_what_a_firm_has_to_say() -> None:
    names = [fault.name for fault in load(None).warnings()]
    assert names == ["desk.operator", "people", "trust.border", "escalation.confirmed", "send.maildir"]


def test_a_team_without_members_and_a_role_that_nobody_has(write: Write) -> None:
    found = warnings(write(f"{PEOPLE}\ndesk: {{operator: Bob Roe}}\nteams: {{support: {{members: [ann lee]}}}}"))
    assert "desk.operator" not in found
    assert "teams.support.members" not in found
    assert found["teams.development.members"].endswith("nobody is in Development Team: its mail goes to Bob Roe")
    said = [str(fault) for fault in load(write(PEOPLE)).warnings()]
    [ladder] = [warning for warning in said if "escalation.management" in warning]
    wanted = "systems engineering manager, development manager, director, chief executive: its mail is only logged"
    assert f"nobody is {wanted}" in ladder


def test_a_role_that_nothing_asks_for_and_the_nearest_right_one(write: Write) -> None:
    path = write("""
        people:
          - {name: A, addresses: [a@desk.test], roles: [staff, directer]}
          - {name: B, addresses: [b@desk.test], roles: [duty, night watch]}
        escalation: {management: {P1: [{after: 0 hours, tell: duty}]}}
        """)
    found = {fault.name: f"{fault.wrong}; {fault.right}" for fault in load(path).warnings() if "roles" in fault.name}
    assert list(found) == ["people[0].roles[1]", "people[1].roles[1]"]
    assert found["people[0].roles[1]"] == '"directer" is a role that nothing asks for; did you mean director?'
    assert "write one of duty, support manager" in found["people[1].roles[1]"]


def test_a_firm_s_address_under_the_shipped_name(write: Write) -> None:
    told = warnings(write("desk: {address: support@desk.test}"))
    assert (
        told["desk.name"] == 'your file lacks it: "Capital Bytes Support" is the shipped name, but the address is yours'
    )
    assert "desk.name" not in warnings(write("desk: {address: support@desk.test, name: D}"))
    assert "desk.name" not in warnings(write("desk: {address: support@desk.test, name: Capital Bytes Support}"))
    assert "desk.name" not in {fault.name for fault in load(None).warnings()}


def test_a_firm_is_warned_of_what_its_own_file_lacks(write: Write) -> None:
    path = write("desk: {name: D}")
    for fault in load(path).warnings():
        assert fault.place.file == str(path)
        assert fault.wrong.startswith("your file lacks it: ")


def test_one_fault_of_a_section_hides_none_of_the_others(write: Write) -> None:
    path = write("""\
        desk:
          address: nowhere
          operator: Nobody
        people:
          - {name: Ann, addresses: [ann]}
          - {name: Bob, addresses: [bob@desk.test]}
          - {name: bob, addresses: [bo@desk.test]}
        teams:
          support: {members: [Ann, Bill]}
        priorities:
          P1: {first_response: soon}
          P2: {team: nobody's}
        hours:
          week: {mon-fri: [late]}
          open: [{day: 2026-12-25, hours: []}, {day: 2026-12-25, hours: []}]
        """)
    assert [fault.partition("; ")[0].partition(": ")[2] for fault in faults(path)] == [
        'desk.address: "nowhere" is no mail address',
        'people[0].addresses[0]: "ann" is no mail address',
        'people[2].name: "bob" stands twice',
        'teams.support.members[1]: "Bill" is nobody in people',
        'priorities.P1.first_response: "soon" is no amount of time with a unit',
        'hours.week.mon-fri[0]: "late" is no span of hours',
    ]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("receive: {smtp: {listen: null}}", "receive", "no mail comes in"),
        (
            "send: {host: h, user: u, password_file: p, security: none}",
            "send.security",
            "the password is sent in the clear",
        ),
        (
            f"receive: {{imap: [{{{MAILBOX}, security: none}}]}}",
            "receive.imap[0].security",
            "the password is sent in the clear",
        ),
    ],
)
def test_what_works_but_is_worth_a_look(write: Write, text: str, name: str, said: str) -> None:
    assert warnings(write(text))[name] == said
    assert name not in {fault.name for fault in load(None).warnings()}


def test_a_firm_that_has_said_all_is_not_warned(write: Write) -> None:
    roles = "support manager, systems engineering manager, development manager, director, chief executive"
    path = write(f"""
        desk: {{operator: Ann}}
        people: [{{name: Ann, addresses: [ann@desk.test], roles: [{roles}]}}]
        teams: {{support: {{members: [Ann]}}, systems engineering: {{members: [Ann]}}, development: {{members: [Ann]}}}}
        trust: {{border: gmail}}
        send: {{host: relay.test}}
        escalation: {{confirmed: true}}
        """)
    assert load(path).warnings() == ()


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (
            "escalation: {management: {P4: null}}",
            "escalation.management",
            "P4 has no ladder: management is never told of it",
        ),
        ("escalation: {teams: {P4: null}}", "escalation.teams", "no team hands P4 over by time"),
        (
            f"credits: {{approver: bookkeeper}}\n{PEOPLE}",
            "credits.approver",
            "nobody is bookkeeper, who approves the service credits: its mail is only logged",
        ),
    ],
)
def test_what_would_reach_nobody(write: Write, text: str, name: str, said: str) -> None:
    assert warnings(write(text))[name] == said


NEVER_TOLD = ("escalation.management", "escalation.teams")


@pytest.mark.parametrize(
    "text",
    [
        "priorities: {P3: {first_response: 30 hours}}",  # a weekend is longer than that
        "escalation: {management: {P3: [{after: 20 hours, tell: x}, {after: 1 business day, tell: y}]}}",
        "escalation: {management: {P3: [{after: 1 business day, tell: x}, {after: 10 business hours, tell: y}]}}",
        "escalation: {teams: {P1: {support: {after: 1 hour, to: systems engineering}}}}",
        "escalation: {management: {P4: []}, teams: {P4: {}}}",
    ],
)
def test_what_may_be_meant_is_taken(write: Write, text: str) -> None:
    assert [warning.name for warning in load(write(text)).warnings() if warning.name in NEVER_TOLD] == []


def test_a_warning_has_its_line(write: Write) -> None:
    path = write("\ndesk: {name: D}\ntrust:\n  border: none\n")
    assert f"{path}:4: trust.border: without a border" in "\n".join(map(str, load(path).warnings()))


# --- secrets


def relay(write: Write, source: str) -> str:
    found = load(write(f"send: {{host: r.test, user: u, password_file: '{source}'}}")).send.password_file
    assert found
    return found


def test_a_password_file_lies_beside_the_settings(write: Write, tmp_path: Path) -> None:
    (tmp_path / "relay.pw").write_text("hunter2 \n")
    assert secret(relay(write, "relay.pw")).get_secret_value() == "hunter2 "
    assert secret(relay(write, f"{tmp_path}/relay.pw")).get_secret_value() == "hunter2 "


def test_a_systemd_credential_goes_first(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "relay.pw").write_text("file\n")
    (tmp_path / "credentials").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert secret(relay(write, "relay.pw")).get_secret_value() == "file"
    (tmp_path / "credentials/relay.pw").write_text("credential\r\n")
    assert secret(relay(write, "relay.pw")).get_secret_value() == "credential"
    assert secret(relay(write, f"{tmp_path}/relay.pw")).get_secret_value() == "file"


def test_a_password_in_the_environment(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_PASSWORD", "hunter2")
    assert secret(relay(write, "env:RELAY_PASSWORD")).get_secret_value() == "hunter2"
    monkeypatch.delenv("RELAY_PASSWORD")
    with pytest.raises(SecretError, match="the secret in env:RELAY_PASSWORD is empty or not there"):
        secret("env:RELAY_PASSWORD")


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty or not there"),
        (b"\n", "is empty or not there"),
        (b"hunter2\xff", "is no text in UTF-8"),
        (b"hunter2" * 10_000, "is longer than 65536 octets"),
    ],
)
def test_a_secret_that_cannot_be_had(tmp_path: Path, octets: bytes | None, said: str) -> None:
    path = tmp_path / "pw"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(SecretError, match=said) as raised:
        secret(str(path))
    assert "hunter2" not in repr(raised.value)
    assert "hunter2" not in repr(raised.value.__cause__)


def test_no_secret_is_shown(write: Write, tmp_path: Path) -> None:
    (tmp_path / "relay.pw").write_text("hunter2\n")
    assert "hunter2" not in repr(secret(relay(write, "relay.pw")))
    settings = load(write("database: postgresql+psycopg://desk:hunter2@db.test/desk"))
    assert settings.database.endswith("desk:hunter2@db.test/desk")
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.model_dump()["database"] == "postgresql+psycopg://desk:***@db.test/desk"
    for text in ("database: mysql://u:hunter2@h/d", "send: {password: hunter2}", "database: [hunter2]"):
        assert "hunter2" not in "".join(faults(write(text)))


# --- where shipped files are, and what an import costs


def test_shipped_files_are_found_in_a_wheel_and_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "maildesk"
    (package / "_shipped" / "templates").mkdir(parents=True)
    monkeypatch.setattr(shipped_module, "_PACKAGE", package)
    assert shipped("templates") == package / "_shipped" / "templates"
    (tmp_path / "site-packages" / "settings.yaml").touch()
    assert shipped("settings.yaml") == tmp_path / "site-packages" / "settings.yaml"
    with pytest.raises(FileNotFoundError, match=r"other\.yaml of maildesk is missing"):
        shipped("other.yaml")


def test_only_the_settings_need_pydantic_and_no_calendar_library_until_there_is_a_calendar() -> None:
    code = "import sys, maildesk.faults, maildesk.register, maildesk.desk.duration; print('pydantic' in sys.modules)"
    loaded = "import sys, maildesk.settings; print('holidays' in sys.modules)"
    for script in (code, loaded):
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
        assert ran.stdout.strip() == "False"
