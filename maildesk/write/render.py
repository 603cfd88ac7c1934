"""Templates -> the words of a mail.  The one door of jinja2.

A template sees three things: ``notice`` (the notice's facts), ``desk`` (name, address, phone) and ``recipient``.
Strangers' text reaches it as data only: cleaned before (`maildesk.write.plain`), escaped in HTML, and never
itself a template.  A template that cannot be used stops no mail: the plain built-in text goes out instead.
"""

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateSyntaxError, pass_context, select_autoescape
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from maildesk.desk.notices import (
    Brief,
    Coming,
    CreditRow,
    DigestCount,
    DigestRow,
    Enclosure,
    Fact,
    Facts,
    Notice,
    Past,
    Recipient,
    Target,
)
from maildesk.desk.subject import one_line, shorten
from maildesk.write import plain
from maildesk.write.builtin import builtin
from maildesk.write.samples import SAMPLES, sample_notices

PARTS = (".subject.txt", ".txt", ".html")
MOST_SUBJECT = 120  # characters
_MOST_FAULT = 500
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")  # not strftime: that follows the process's locale
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")  # RFC 5646 §2.1, as far as folders need it


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """What every mail may say of the desk.  ``phone``: "" where the firm gives none."""

    name: str
    address: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words of one mail.  ``fault``: "" or why the built-in text stands in for a template."""

    subject: str  # one line, at most `MOST_SUBJECT` characters
    text: str
    html: str
    fault: str = ""


class EmptyTemplateError(ValueError):
    """A template that says nothing."""

    def __init__(self, name: str) -> None:
        super().__init__("it makes an empty text")
        self.name = name


class Renderer:
    """Renders notices by the templates of one folder, which are read and compiled once in its lifetime.

    A language's folder goes before the top level, file by file: ``de-AT``, then ``de``, then no folder.
    """

    def __init__(self, templates: Path, desk: DeskFacts) -> None:
        self.templates = templates
        self._desk = desk
        self._environment = _environment(templates)
        self._found: dict[tuple[str, str], Template] = {}

    def render(self, notice: Notice) -> Rendered:
        """The words of a notice.  Never raises for a template."""
        facts, recipient = plain.presentable(notice.facts), plain.presentable(notice.recipient)
        try:
            subject, text, html = self._by_templates(notice.name, facts, recipient)
        except Exception as error:  # noqa: BLE001  a template is the firm's own program and may raise anything
            return self._fallback(facts, recipient, self._fault(error))
        return Rendered(_subject(subject, facts), text, html)

    def languages(self) -> list[str]:
        """The languages that have a folder of their own."""
        if not self.templates.is_dir():
            return []
        return sorted(
            folder.name for folder in self.templates.iterdir() if folder.is_dir() and folder.name[0] not in "._"
        )

    def _by_templates(self, name: str, facts: Facts, recipient: Recipient) -> Iterator[str]:
        seen = {"notice": facts, "desk": self._desk, "recipient": recipient}
        for part in PARTS:
            template = self._template(name + part, recipient.language)
            words = template.render(seen).strip()
            if not words:
                raise EmptyTemplateError(template.name or name)
            yield words if part == PARTS[0] else words + "\n"

    def _template(self, name: str, language: str) -> Template:
        key = name, language
        if key not in self._found:
            names = [f"{folder}/{name}" for folder in _folders(language)]
            self._found[key] = self._environment.select_template([*names, name])
        return self._found[key]

    def _fallback(self, facts: Facts, recipient: Recipient, fault: str) -> Rendered:
        subject, text = builtin(facts, lambda moment: _local(moment, recipient))
        text = f"{text}\n\n-- \n{self._desk.name}\n"
        return Rendered(_subject(subject, facts), text, _simple_html(text), fault)

    def _fault(self, error: Exception) -> str:
        return shorten(one_line(f"{self._place(error)}: {type(error).__name__}: {error}"), _MOST_FAULT)

    def _place(self, error: Exception) -> str:
        if isinstance(error, TemplateSyntaxError):
            return f"{error.name}, line {error.lineno}"
        if isinstance(error, EmptyTemplateError):
            return error.name
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame for frame in frames if Path(frame.filename).is_relative_to(self.templates)]
        return (
            f"{Path(lines[-1].filename).relative_to(self.templates)}, line {lines[-1].lineno}" if lines else "templates"
        )


_VALUES = frozenset(
    (
        *get_args(Facts),
        Brief,
        Target,
        Past,
        Coming,
        CreditRow,
        DigestRow,
        DigestCount,
        Fact,
        Enclosure,
        Recipient,
        DeskFacts,
    )
)


def check_templates(renderer: Renderer) -> list[str]:
    """What is wrong with the templates: each notice's samples tried in each language, and files never used."""
    faults = [fault for language in renderer.languages() for fault in _misnamed(renderer.templates / language)]
    for language in ("", *renderer.languages()):
        faults += [renderer.render(notice).fault for notice in sample_notices(language)]
    return list(dict.fromkeys(fault for fault in faults if fault))


def _misnamed(folder: Path) -> Iterator[str]:
    # A misspelt translation would never be used, and one part alone would make a mail of two languages.
    present = {file.name for file in folder.iterdir() if file.is_file()}
    wanted = {name: [name + part for part in PARTS] for name in SAMPLES}
    for name, files in wanted.items():
        lacking = [file for file in files if file not in present]
        if 0 < len(lacking) < len(files):
            yield f"{folder.name}: {name} is not whole, {' and '.join(lacking)} would come from another language"
    shipped = {file.name for file in folder.parent.iterdir()}.union(*wanted.values())
    for file in sorted(present - shipped):
        if file.endswith((".txt", ".html")) and not file.startswith("_"):
            yield f"{folder.name}/{file}: no notice has this name, so it is never used"


class _Sandbox(ImmutableSandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        # Our own values are plain data: their public names are safe, and most of what a template asks for.
        if type(obj) not in _VALUES or attribute.startswith("_"):
            return super().getattr(obj, attribute)
        try:
            return getattr(obj, attribute)
        except AttributeError:
            return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        # Filters like selectattr come this way.
        if type(obj) in _VALUES and isinstance(argument, str):
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)


def _environment(templates: Path) -> ImmutableSandboxedEnvironment:
    environment = _Sandbox(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"], default=False, default_for_string=True),
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        local=_local_filter,
        short=_short_filter,
        zoned=_zoned_filter,
        size=plain.size,
        fence=plain.fence,
        wrap=plain.wrap,
        row=plain.row,
        bullet=plain.bullet,
        lines=plain.lines,
        day=_day,
        breaks=_breaks,
    )
    return environment


def _folders(language: str) -> list[str]:
    """``de-AT`` -> de-AT, de.  Nothing for what is no language tag, so that a setting cannot be a path."""
    if not _LANGUAGE.fullmatch(language):
        return []
    subtags = language.split("-")
    return ["-".join(subtags[:most]) for most in range(len(subtags), 0, -1)]


def _subject(words: str, facts: Facts) -> str:
    """One line that begins with the ticket's tag, if the notice is of a ticket."""
    number = ticket_number(facts)
    tag = f"[{number}] " if number else ""
    return shorten(tag + one_line(words.removeprefix(tag)).rstrip(" :"), MOST_SUBJECT)


def ticket_number(facts: Facts) -> str:
    """The number of the ticket that the facts are of, "" where they are of none."""
    about = getattr(facts, "brief", facts)
    return str(getattr(about, "number", ""))


def _zoned(moment: datetime, recipient: Recipient) -> datetime:
    return moment.astimezone(_zone(recipient.zone))


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _local(moment: datetime, recipient: Recipient) -> str:
    """``Mon 23 Nov 2026, 16:30 GMT``: the zone is named as it stands that day [Procedure 6], in English."""
    there = _zoned(moment, recipient)
    return f"{_dated(there)} {there.year}, {there:%H:%M} {_zone_name(there)}"


def _short(moment: datetime, recipient: Recipient) -> str:
    """``Mon 23 Nov, 16:30 GMT``: for lists of times that are near."""
    there = _zoned(moment, recipient)
    return f"{_dated(there)}, {there:%H:%M} {_zone_name(there)}"


def _day(day: str) -> str:
    """``2026-11-23`` -> ``Mon 23 Nov 2026``; what is no such day stays as it is."""
    try:
        read = date.fromisoformat(day)
    except ValueError:
        return day
    return f"{_dated(read)} {read.year}"


def _dated(day: date) -> str:
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def _zone_name(there: datetime) -> str:
    name = there.tzname() or ""
    return name if name.isalpha() else f"UTC{there.isoformat()[-6:]}"


@pass_context
def _local_filter(context: Context, moment: datetime) -> str:
    return _local(moment, context["recipient"])


@pass_context
def _short_filter(context: Context, moment: datetime) -> str:
    return _short(moment, context["recipient"])


@pass_context
def _zoned_filter(context: Context, moment: datetime) -> datetime:
    return _zoned(moment, context["recipient"])


def _breaks(text: str) -> Markup:
    """Lines of a text as HTML that keeps them, and their indentation, in every mail client."""
    return Markup("<br>").join(_indented(line) for line in text.split("\n"))


def _indented(line: str) -> Markup:
    words = line.lstrip(" ")
    return Markup("&nbsp;") * (len(line) - len(words)) + escape(words)


def _simple_html(text: str) -> str:
    style = "white-space:pre-wrap;overflow-wrap:anywhere;max-width:600px;font:16px/1.5 sans-serif"
    return f'<!DOCTYPE html>\n<html><body><div style="{style}">{_breaks(text.strip())}</div></body></html>\n'
