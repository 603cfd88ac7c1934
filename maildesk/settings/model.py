"""What settings.yaml may hold, named as there; the file itself explains each name.

Values that the shipped file gives have no default here: there is one truth.  A default here is what ``null`` means
("nothing", "no limit") or what an item of a list means when it leaves a name out.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_serializer, model_validator

from maildesk.faults import Fault
from maildesk.settings.types import (
    Amount,
    Border,
    Count,
    Database,
    Day,
    DayHours,
    Done,
    Email,
    Emails,
    FilePath,
    Flag,
    Holidays,
    Host,
    Language,
    Listen,
    ListenTcp,
    Network,
    Notify,
    Port,
    Prefix,
    ReturnPath,
    Seconds,
    SecretSource,
    Term,
    Text,
    TimeOfDay,
    Week,
    Zone,
    masked,
)

Security = Literal["none", "starttls", "tls"]


class Section(BaseModel):
    """A part of the settings: it cannot be changed, and refuses names that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _port_by_security(data: Any, ports: dict[str, int], usual: str) -> Any:
    if not isinstance(data, dict) or data.get("port") is not None:
        return data
    return {**data, "port": ports.get(str(data.get("security", usual)), ports[usual])}


class Desk(Section):
    """Who we are in our mails."""

    name: Text
    address: Email
    ticket_prefix: Prefix
    phone: Text | None = None
    language: Language
    operator: Text | None = None


class SmtpIn(Section):
    """Intake by SMTP or LMTP; ``listen`` None: there is none."""

    listen: Listen | None = None
    protocol: Literal["smtp", "lmtp"]
    max_message_bytes: Count
    trusted: tuple[Network, ...] = ()
    tls_certificate: FilePath | None = None
    tls_key: FilePath | None = None
    connections: Count
    connections_per_peer: Count | None = None
    messages_per_minute: Count | None = None
    idle_timeout: Seconds


class ImapIn(Section):
    """A mailbox that is fetched from."""

    host: Host
    port: Port
    security: Security = "tls"
    user: Text
    password_file: SecretSource
    auth: Literal["password"] = "password"
    folder: Text = "INBOX"
    done: Done = "move:Processed"
    poll: Seconds = 60
    timeout: Seconds = 60

    @model_validator(mode="before")
    @classmethod
    def _port(cls, data: Any) -> Any:
        return _port_by_security(data, {"tls": 993, "starttls": 143, "none": 143}, "tls")


class Receive(Section):
    """Where mail comes in."""

    smtp: SmtpIn
    imap: tuple[ImapIn, ...] = ()


class Trust(Section):
    """The server whose Authentication-Results are believed, once ``check --border`` has tried it, or as stated."""

    border: Border
    border_stated: bool = False


class Send(Section):
    """Where mail goes out: the relay if there is a host, else the Maildir."""

    maildir: FilePath | None = None
    host: Host | None = None
    port: Port
    security: Security
    user: Text | None = None
    password_file: SecretSource | None = None
    connections: Count
    per_minute: Count | None = None
    return_path: ReturnPath | None = None
    timeout: Seconds

    @model_validator(mode="before")
    @classmethod
    def _port(cls, data: Any) -> Any:
        return _port_by_security(data, {"tls": 465, "starttls": 587, "none": 25}, "starttls")


class HighestProposal(Section):
    """Up to which priority the desk may propose [Procedure 3]."""

    registered: Text
    others: Text


class Intake(Section):
    """How new mail is read."""

    default_priority: Text
    highest_proposal: HighestProposal
    phrases: dict[str, tuple[Text, ...]] = {}
    forms: tuple[Email, ...] = ()
    banners: tuple[Text, ...] = ()
    oldest: Term


class OpenDay(Section):
    """A day with hours of its own."""

    day: Day
    hours: DayHours


class FirmHours(Section):
    """When the firm works [Procedure 6]."""

    zone: Zone
    week: Week
    day: Term | None = None
    holidays: Holidays | None = None
    closed: tuple[Day, ...] = ()
    open: tuple[OpenDay, ...] = ()


class Priority(Section):
    """A row of the firm's table [Procedure 3, 4, 5, 8]."""

    meaning: Text
    first_response: Term
    resolution: Term
    fix_commitment: Term | None = None
    team: Text
    updates: Literal["every day", "business days"]
    reach: Literal["any hour", "notify"]


class Team(Section):
    """A team; ``members`` are names of people."""

    name: Text
    members: tuple[Text, ...] = ()


class Person(Section):
    """Somebody of the firm; mail goes to his first address, he may write from any."""

    name: Text
    addresses: Emails
    roles: tuple[Text, ...] = ()
    zone: Zone | None = None
    language: Language | None = None
    notify: Notify = "always"


class HandOver(Section):
    """When a team's unresolved ticket goes on, and to whom [Procedure 7]."""

    after: Term
    to: Text


class Step(Section):
    """A step of the management ladder [Procedure 9]."""

    after: Term
    tell: Text
    repeat: Term | None = None


class Escalation(Section):
    """Hand-overs between teams, and the management ladder."""

    confirmed: Flag
    pending_stops: Flag
    warn_at_percent: Annotated[Decimal, Field(gt=0, le=100)]
    teams: dict[str, dict[str, HandOver]] = {}
    management: dict[str, tuple[Step, ...]] = {}


class States(Section):
    """Which states time itself ends."""

    no_answer: Term | None = None
    reopen: Term


class Updates(Section):
    """The daily update [Procedure 8]."""

    ask_at: TimeOfDay
    send_at: TimeOfDay


class Digest(Section):
    """The morning's overview for staff and managers; ``at`` None: there is none."""

    at: TimeOfDay | None = None


class Credits(Section):
    """Service credits [Procedure 10]."""

    priorities: tuple[Text, ...] = ()
    percent_per_hour: Annotated[Decimal, Field(ge=0, le=100)]
    cap_percent: Annotated[Decimal, Field(ge=0, le=100)]
    breach_of: Literal["resolution", "fix_commitment", "stricter"]
    pro_rata: Flag
    approver: Text


class Acknowledgements(Section):
    """Budgets that keep the desk from being used as a relay or a parrot; None: no limit."""

    per_address_per_day: Amount | None = None
    per_domain_per_hour: Amount | None = None
    new_senders_per_hour: Amount | None = None


class Limits(Section):
    """What is kept small."""

    acknowledgements: Acknowledgements


class Retention(Section):
    """After which time what is forgotten; None: never."""

    raw_mail: Term | None = None
    tickets: Term | None = None


class Metrics(Section):
    """Figures for Prometheus; ``listen`` None: none."""

    listen: ListenTcp | None = None


class Log(Section):
    """How the daemon speaks of its work."""

    format: Literal["console", "json"]
    level: Literal["debug", "info", "warning", "error"]


class Settings(Section):
    """Everything of settings.yaml, checked each by itself; `maildesk.settings.check` looks at how it fits together."""

    desk: Desk
    database: Annotated[Database, Field(repr=False)]
    receive: Receive
    trust: Trust
    send: Send
    intake: Intake
    hours: FirmHours
    priorities: dict[str, Priority]
    teams: dict[str, Team]
    people: tuple[Person, ...] = ()
    escalation: Escalation
    states: States
    updates: Updates
    digest: Digest
    credits: Credits
    contracts: FilePath | None = None
    limits: Limits
    retention: Retention
    metrics: Metrics
    log: Log

    _warnings: tuple[Fault, ...] = PrivateAttr(default=())

    def warnings(self) -> tuple[Fault, ...]:
        """What works but is worth a look, as found when the file was read."""
        return self._warnings

    @field_serializer("database")
    def _without_password(self, database: str) -> str:
        return masked(database)
