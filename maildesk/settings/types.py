"""The kinds of values in settings.yaml, each with words for what is wrong and what would be right.

A validator here raises ValueError("what is wrong; what would be right"); `maildesk.settings` adds where it stands.
Relative paths are resolved against the folder in the validation context (``{"base": Path}``).
"""

import os
import re
from contextlib import suppress
from datetime import date, time
from decimal import Decimal
from importlib import import_module
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from maildesk.desk.duration import Duration

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,10}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})|\[?[0-9A-Fa-f:.]{2,45}\]?")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_FIXED_ZONE = re.compile(r"([+-])(\d\d):00", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LAST_PORT = 65535
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _text(value: Any, right: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"{shown(value)} is no text; write {right}")  # noqa: TRY004 (pydantic collects ValueError only)
    text = str(value).strip()
    if not text.isprintable():
        raise ValueError(f"{shown(text)} holds a control character; write {right} on one line")
    return text


def shown(value: Any) -> str:
    """A value as a fault quotes it: short, on one line, without what is inside maps and lists."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    text = " ".join(str(value).split())
    return f'"{text[:57]}..."' if len(text) > 60 else f'"{text}"'  # noqa: PLR2004 (what fits a line)


def _email(value: Any) -> str:
    text = _text(value, "an address like bob@acme.example")
    if not _EMAIL.fullmatch(text):
        raise ValueError(f"{shown(text)} is no mail address; write like bob@acme.example, without a name or brackets")
    return text


def _host(value: Any) -> str:
    text = _text(value, "a host name or an IP address")
    if not _HOST.fullmatch(text):
        raise ValueError(f"{shown(text)} is no host; write a host name or an IP address, the port goes to port")
    return text


def _border(value: Any) -> str:
    text = _text(value, "none, microsoft365, gmail or the name of a mail server")
    if text not in {"none", "microsoft365", "gmail"} and ("." not in text or not _HOST.fullmatch(text)):
        raise ValueError(f"{shown(text)} is no border; write none, microsoft365, gmail or a name like mx.acme.example")
    return text.lower()


def _listen(value: Any, info: ValidationInfo) -> str:
    right = "write host:port or unix:/path"
    text = _text(value, "host:port or unix:/path")
    if text.startswith("unix:"):
        if not text.removeprefix("unix:"):
            raise ValueError(f"{shown(text)} has no path; {right}")
        return f"unix:{resolved(text.removeprefix('unix:'), info)}"
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        lacks = "host" if colon or text.isdigit() else "port"
        raise ValueError(f"{shown(text)} has no {lacks}; {right}")
    if not port.isascii() or not port.isdigit() or not 0 <= int(port[:6]) <= _LAST_PORT:
        raise ValueError(f"{shown(port)} in {shown(text)} is no port; {right}, the port from 0 to 65535")
    if not _HOST.fullmatch(host) or (":" in host and not host.startswith("[")):
        raise ValueError(f"{shown(host)} in {shown(text)} is no host; {right}, an IPv6 address in brackets: [::1]:25")
    return text


def _network(value: Any) -> IPv4Network | IPv6Network:
    text = _text(value, "a network like 10.0.0.0/8")
    try:
        return ip_network(text)
    except ValueError as fault:
        raise ValueError(f"{shown(text)} is no network; write like 10.0.0.0/8, 192.0.2.7 or ::1") from fault


def resolved(name: str, info: ValidationInfo) -> Path:
    """The path that a relative name in the settings means."""
    return Path(os.path.normpath(Path((info.context or {}).get("base", ".")).absolute() / name))


def _path(value: Any, info: ValidationInfo) -> Path:
    text = _text(value, "a path")
    if not text or "\0" in text:
        raise ValueError("it is empty; write a path, relative to this file")
    return resolved(text, info)


def _duration(value: Any) -> Duration:
    return Duration.parse(_text(value, "an amount with a unit like 24 hours or 5 business days"))


def _time(value: Any) -> time:
    text = _text(value, "a time like 15:00")
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(f"{shown(text)} is no time of day; write like 15:00")
    return time(int(found[1]), int(found[2]))


def _span(value: Any) -> tuple[time, time]:
    text = _text(value, "a span like 08:00-17:00")
    start, dash, end = (part.strip() for part in text.partition("-"))
    if not dash:
        raise ValueError(f"{shown(text)} is no span of hours; write like 08:00-17:00")
    span = (_time(start), time.min if end == "24:00" else _time(end))
    if span[0] >= span[1] and end != "24:00":
        raise ValueError(f"{shown(text)} ends before it begins; write a span within one day, like 08:00-17:00")
    return span


def _week(value: Any) -> Any:
    if isinstance(value, dict) and (unknown := [key for key in value if key not in WEEKDAYS]):
        wrong = f"{', '.join(map(shown, unknown))} {'is no weekday' if len(unknown) == 1 else 'are no weekdays'}"
        raise ValueError(f"{wrong}; write mon, tue, wed, thu, fri, sat, sun or like mon-fri")
    return value


def _apart(spans: tuple[tuple[time, time], ...]) -> tuple[tuple[time, time], ...]:
    ordered = tuple(sorted(spans))
    for (_, end), (start, _) in pairwise(ordered):
        if start < end or end == time.min:
            raise ValueError(f"two spans overlap at {start:%H:%M}; write spans that follow one another")
    return ordered


def _date(value: Any) -> date:
    text = _text(value, "a day like 2026-12-24")
    with suppress(ValueError):
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    raise ValueError(f"{shown(text)} is no day; write like 2026-12-24")


def _zone(value: Any) -> str:
    text = _text(value, "a time zone like Europe/London")
    if fixed := _FIXED_ZONE.fullmatch(text):  # POSIX counts westwards: +01:00 is called Etc/GMT-1
        text = f"Etc/GMT{'-' if fixed[1] == '+' else '+'}{int(fixed[2])}"
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise ValueError(
            f"{shown(text)} is no time zone; write like Europe/London, or +01:00 in whole hours"
        ) from fault


def _holidays(value: Any) -> str:
    text = _text(value, "a country or a part of it like GB-ENG")
    country, _, part = text.partition("-")
    known = import_module("holidays").list_supported_countries(include_aliases=False)
    if country not in known:
        raise ValueError(f"{shown(text)} is no country whose holidays are known; write like GB-ENG, IE or DE-BY")
    if part and part not in known[country]:
        raise ValueError(f"{shown(text)} is no known part of {country}; write one of {', '.join(known[country])}")
    return text


def _database(value: Any, info: ValidationInfo) -> str:
    text = _text(value, "sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME")
    if "?" not in text and (name := text.removeprefix("sqlite:///")) not in {text, ""}:
        return f"sqlite:///{resolved(name, info)}"
    if re.match(r"postgresql(\+psycopg)?://.", text):
        return text.replace("postgresql://", "postgresql+psycopg://", 1)
    raise ValueError(
        f"{shown(text.partition(':')[0])} is no database that maildesk knows; "
        "write sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME"
    )


def masked(database: str) -> str:
    """A database URL without its password."""
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", database)


def _secret_source(value: Any, info: ValidationInfo) -> str:
    text = _text(value, "the path of a file that holds it, or env:NAME")
    if text.startswith("env:"):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text.removeprefix("env:")):
            raise ValueError("env: is followed by no name of a variable; write like env:RELAY_PASSWORD")
        return text
    if not text or "\0" in text:
        raise ValueError("it is empty; write the path of a file that holds the password, or env:NAME")
    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", ""), text)
    if credential.is_absolute() and credential.exists():
        return str(credential)
    return str(resolved(text, info))


def _done(value: Any) -> str:
    text = _text(value, "move:FOLDER, flag:KEYWORD or delete")
    verb, _, argument = text.partition(":")
    keyword = re.fullmatch(r"[\\$A-Za-z0-9_-]{1,64}", argument)
    if text == "delete" or (verb == "move" and argument) or (verb == "flag" and keyword):
        return text
    raise ValueError(f"{shown(text)} is nothing to do with a fetched mail; write move:FOLDER, flag:KEYWORD or delete")


def _some(addresses: tuple[str, ...]) -> tuple[str, ...]:
    if not addresses:
        raise ValueError("is empty; write one address at least")
    return addresses


def _prefix(value: Any) -> str:
    text = _text(value, "one to eight letters or digits")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,7}", text):
        raise ValueError(f"{shown(text)} cannot stand before a number; write one to eight letters or digits, like CB")
    return text


def _language(value: Any) -> str:
    text = _text(value, "a language like en-GB")
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?", text):
        raise ValueError(f"{shown(text)} is no language; write like en-GB or de")
    return text


def _return_path(value: Any) -> str:
    return "signed" if value == "signed" else _email(value)


def _notify(value: Any) -> Any:
    return value if value == "always" else _span(value)


def _listen_tcp(value: Any, info: ValidationInfo) -> str:
    text = _listen(value, info)
    if text.startswith("unix:"):
        raise ValueError(f"{shown(text)} is no TCP address; write host:port")
    return text


Email = Annotated[str, BeforeValidator(_email)]
Host = Annotated[str, BeforeValidator(_host)]
Border = Annotated[str, BeforeValidator(_border)]
Listen = Annotated[str, BeforeValidator(_listen)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
FilePath = Annotated[Path, BeforeValidator(_path)]
Term = Annotated[Duration, BeforeValidator(_duration)]
TimeOfDay = Annotated[time, BeforeValidator(_time)]
Hours = Annotated[tuple[time, time], BeforeValidator(_span)]
DayHours = Annotated[tuple[Hours, ...], AfterValidator(_apart)]
Week = Annotated[dict[str, DayHours], BeforeValidator(_week)]
Day = Annotated[date, BeforeValidator(_date)]
Zone = Annotated[str, BeforeValidator(_zone)]
Port = Annotated[int, Field(strict=True, ge=1, le=_LAST_PORT)]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
Amount = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
Flag = Annotated[bool, Field(strict=True)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=86_400)]
Text = Annotated[str, BeforeValidator(lambda value: _text(value, "words, in quotes if need be")), Field(min_length=1)]
Holidays = Annotated[str, BeforeValidator(_holidays)]
Database = Annotated[str, BeforeValidator(_database)]
SecretSource = Annotated[str, BeforeValidator(_secret_source)]
Done = Annotated[str, BeforeValidator(_done)]
ReturnPath = Annotated[str, BeforeValidator(_return_path)]
Notify = Annotated[Any, BeforeValidator(_notify)]
Emails = Annotated[tuple[Email, ...], AfterValidator(_some)]
Prefix = Annotated[str, BeforeValidator(_prefix)]
Language = Annotated[str, BeforeValidator(_language)]
ListenTcp = Annotated[str, BeforeValidator(_listen_tcp)]
