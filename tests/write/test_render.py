"""Rendering: strangers' text stays text, a broken template stops no mail, languages and zones are the reader's."""

import re
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.desk.commands import Unclear, parse
from maildesk.desk.notices import (
    Acknowledgement,
    Alert,
    Answer,
    Brief,
    Enclosure,
    Fact,
    Facts,
    Joined,
    NewTicket,
    Notice,
    Recipient,
    ResolvedNews,
    Undeliverable,
    WorkaroundFound,
)
from maildesk.read.contact import read_contact
from maildesk.read.mail import Address, Mail
from maildesk.read.reply import new_text
from maildesk.write.plain import COLUMNS
from maildesk.write.render import MOST_SUBJECT, DeskFacts, Rendered, Renderer, check_templates, ticket_number
from maildesk.write.samples import SAMPLES, sample_notices

TEMPLATES = Path(__file__).parents[2] / "templates"
DESK = DeskFacts("Capital Bytes Support", "support@desk.example", "0845 8627463")
SHIPPED = Renderer(TEMPLATES, DESK)
NOTICES = list(sample_notices())
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "div", "p", "table", "tr", "td", "span", "strong", "br"}
NASTY = (
    "{{ 7*7 }}{% include '/etc/passwd' %}{# x #}",
    "<script>alert(1)</script><img src=x onerror=y>",
    "</div></td></table><a href='http://evil.example'>x</a>",
    '"><b>&amp;&lt;',
    "http://evil.example/x",
    "x\r\n\r\n-- \r\nCapital Bytes Support",
    "x\nTicket: CB-1\nFrom: boss",
    "\u202eevil\u202c \u200b\0\x1b[2J",
    "\u2028Priority: P1\u2029\x85\x0b",
    "a" * 3000,
)


OWN_WORDS = Answer | WorkaroundFound | ResolvedNews  # their text is what a person of the firm wrote: it is not fenced


class Elements(HTMLParser):
    """The elements of a page, their attributes' names, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: Counter[tuple[str, ...]] = Counter()
        self.text = ""
        self.styles: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag, *sorted(name for name, _ in attrs)] += tag != "br"
        self.styles += [value or "" for name, value in attrs if name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


def with_text(facts: Facts, text: str) -> Facts:
    """The same facts with this text wherever a stranger's text stands."""
    strangers = {"subject", "author", "text", "address", "reason", "acknowledgement", "asked"}
    changes: dict[str, object] = {field.name: text for field in fields(facts) if field.name in strangers}
    if brief := getattr(facts, "brief", None):
        changes["brief"] = brief_with_text(brief, text)
    if isinstance(facts, Acknowledgement | NewTicket | Joined):
        known = facts.have if isinstance(facts, Acknowledgement) else facts.facts
        values = tuple(replace(fact, value=text) if fact.value else fact for fact in known)
        changes["have" if isinstance(facts, Acknowledgement) else "facts"] = values
    if isinstance(facts, NewTicket | Joined):
        changes["flags"] = tuple(text for _ in facts.flags)
        changes["enclosures"] = tuple(Enclosure(text, text, 7) for _ in facts.enclosures)
    if isinstance(facts, Alert):
        changes["lines"] = tuple(text for _ in facts.lines)
    return replace(facts, **changes)  # type: ignore[arg-type]


def brief_with_text(brief: Brief, text: str) -> Brief:
    history = tuple(replace(past, words=text, text=text if past.text else "") for past in brief.history)
    return replace(brief, subject=text, customer=text, organisation=text, contract=text, reason=text, history=history)


def skeleton(text: str) -> list[str]:
    """A text mail's own lines: of fenced lines the fence, of rows the label, of what goes on below them nothing."""
    kinds = [re.sub(r"^(\||[A-Z][A-Za-z -]{1,24}:(?= |$)|- ).*", r"\1", line) for line in text.split("\n")]
    return [
        kind for at, kind in enumerate(kinds) if not kind.startswith("  ") and (kind != "|" or kinds[at - 1] != "|")
    ]


def render(facts: Facts, notice: str, **recipient: str) -> Rendered:
    return SHIPPED.render(Notice(notice, Recipient("bob@acme.example", **recipient), 1042, "k", facts))  # type: ignore[arg-type]


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.key)
def test_the_shipped_templates_render_every_sample(notice: Notice) -> None:
    rendered = SHIPPED.render(notice)
    assert rendered.fault == ""
    assert "\n" not in rendered.subject
    assert all(len(line) <= COLUMNS for line in rendered.text.splitlines())
    assert rendered.text.endswith("\n")
    assert not rendered.text.endswith("\n\n")
    assert "\n\n\n" not in rendered.text


def test_every_notice_has_a_sample() -> None:
    assert {type(facts) for samples in SAMPLES.values() for facts in samples} == set(Facts.__args__)


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.key)
def test_the_html_needs_nothing_from_outside_and_suits_every_screen(notice: Notice) -> None:
    html = SHIPPED.render(notice).html
    page = Elements(html)
    assert {tag for tag, *_ in page.found} <= ELEMENTS
    assert not re.search(r"https?:|src=|href=|url\(|@import", html)
    styles = " ".join(page.styles)
    assert not re.search(r"(?<![-\w])(color|background)", styles)  # the reader's own colours, light or dark
    assert min(int(size) for size in re.findall(r"font-size:(\d+)px", styles)) >= 14
    assert not re.search(r"(?<!max-)width:\d+px", styles)
    assert "max-width:600px" in styles
    assert 'content="light dark"' in html
    assert 'content="width=device-width, initial-scale=1"' in html


def test_the_tag_comes_first_in_the_subjects_of_tickets_and_only_once() -> None:
    for notice in NOTICES:
        number = ticket_number(notice.facts)
        assert SHIPPED.render(notice).subject.startswith(f"[{number}] ") == bool(number)
    own = Acknowledgement("CB-1042", "[CB-1042] Shop", open_now=True, begins_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert render(own, "acknowledgement").subject == "[CB-1042] Shop"


def test_the_acknowledgement_says_when_work_begins() -> None:
    begins_at = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    closed = render(Acknowledgement("CB-1042", "Shop", open_now=False, begins_at=begins_at), "acknowledgement")
    for said in (closed.text, closed.html):
        assert "Tue 24 Nov 2026, 08:00 GMT" in re.sub(r"\s+", " ", said)
        assert "hours are over" in said
    now = render(Acknowledgement("CB-1042", "Shop", open_now=True, begins_at=begins_at), "acknowledgement")
    assert "hours are over" not in now.text + now.html


def test_the_acknowledgement_repeats_nothing_of_a_stranger_but_the_subject() -> None:
    have = (Fact("name", "Name"), Fact("phone", "Phone number", ""))
    facts = Acknowledgement("CB-1042", "Canary", open_now=True, begins_at=datetime(2026, 1, 1, tzinfo=UTC), have=have)
    rendered = render(facts, "acknowledgement", name="Win a prize")
    assert "Canary" in rendered.subject
    assert "Canary" not in rendered.text + rendered.html
    assert "prize" not in rendered.subject + rendered.text + rendered.html


def test_the_lines_to_fill_in_are_understood_when_they_come_back() -> None:
    missing = tuple(replace(fact, value="") for fact in SAMPLES["acknowledgement"][1].have)  # type: ignore[union-attr]
    facts = Acknowledgement(
        "CB-1042", "Shop", open_now=True, begins_at=datetime(2026, 1, 1, tzinfo=UTC), missing=missing
    )
    asked = render(facts, "acknowledgement").text
    answers = {
        "Your name:": "Bob Miller",
        "Your organisation:": "ACME Ltd",
        "Your contract number:": "AC-2231",
        "Your e-mail address:": "bob@acme.example",
        "Your phone number:": "020 7946 0018",
        "Supporting documentation:": "see the log",
    }
    assert set(answers) <= set(asked.splitlines())
    quoted = "\n".join("> " + " ".join(filter(None, [line, answers.get(line)])) for line in asked.splitlines())
    written = f"Here you are.\n\nOn Mon, 23 Nov 2026 Support wrote:\n{quoted}\n"
    contact = read_contact(Mail(from_=(Address("bob@acme.example"),), text=written), new_text(written, "", [asked]))
    found = contact.name, contact.organisation, contact.contract, contact.email, contact.phone, *contact.documentation
    assert found == tuple(answers.values())


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.key)
def test_strangers_text_makes_no_line_and_no_element(notice: Notice, nasty: str) -> None:
    check_same_shape(notice, nasty)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(NOTICES), st.text(min_size=1, max_size=300))
def test_random_text_makes_no_line_and_no_element(notice: Notice, text: str) -> None:
    check_same_shape(notice, text)


def check_same_shape(notice: Notice, text: str) -> None:
    visible = "x" if text.strip() else text  # what is all white space is shown as nothing
    rendered = SHIPPED.render(replace(notice, facts=with_text(notice.facts, f"x {text}")))
    plain = SHIPPED.render(replace(notice, facts=with_text(notice.facts, f"x {visible}")))
    assert rendered.fault == plain.fault == ""
    if not isinstance(notice.facts, OWN_WORDS):
        assert skeleton(rendered.text) == skeleton(plain.text)
    page, model = Elements(rendered.html), Elements(plain.html)
    assert page.found == model.found
    assert page.styles == model.styles
    assert "\n" not in rendered.subject
    assert rendered.subject.isprintable() or not rendered.subject.isascii()
    assert len(rendered.subject) <= MOST_SUBJECT


def test_template_expressions_in_facts_stay_text() -> None:
    facts = Joined(
        "CB-1", "{{ 7*7 }}", "{{ desk.name }}", "staff", datetime(2026, 1, 1, tzinfo=UTC), "{% raw %}{{ 7*7 }}"
    )
    rendered = render(facts, "joined")
    assert rendered.subject == "[CB-1] New mail: {{ 7*7 }}"
    assert "| {% raw %}{{ 7*7 }}" in rendered.text
    assert "{{ desk.name }}" in rendered.html
    assert "49" not in rendered.text + rendered.html


def test_a_customers_words_keep_their_shape_in_html() -> None:
    facts = Joined("CB-1", "s", "a", "staff", datetime(2026, 1, 1, tzinfo=UTC), "one\n  two  <b>\n\nthree")
    assert "one<br>&nbsp;&nbsp;two  &lt;b&gt;<br><br>three" in render(facts, "joined").html


@pytest.mark.parametrize(
    ("zone", "moment", "said"),
    [
        ("Europe/London", datetime(2026, 11, 23, 16, 30, tzinfo=UTC), "Mon 23 Nov 2026, 16:30 GMT"),
        ("Europe/London", datetime(2026, 7, 1, 15, 30, tzinfo=UTC), "Wed 1 Jul 2026, 16:30 BST"),
        ("Europe/London", datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Sun 29 Mar 2026, 00:59 GMT"),
        ("Europe/London", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Sun 29 Mar 2026, 02:00 BST"),
        ("America/New_York", datetime(2026, 1, 1, 2, 0, tzinfo=UTC), "Wed 31 Dec 2025, 21:00 EST"),
        ("Asia/Dubai", datetime(2026, 1, 1, 2, 0, tzinfo=UTC), "Thu 1 Jan 2026, 06:00 UTC+04:00"),
        ("Asia/Kathmandu", datetime(2026, 1, 1, 2, 0, tzinfo=UTC), "Thu 1 Jan 2026, 07:45 UTC+05:45"),
        ("No/Such_Zone", datetime(2026, 1, 1, 2, 0, tzinfo=UTC), "Thu 1 Jan 2026, 02:00 UTC"),
        ("../../etc/passwd", datetime(2026, 1, 1, 2, 0, tzinfo=UTC), "Thu 1 Jan 2026, 02:00 UTC"),
        ("", datetime(2026, 1, 1, 2, 0, tzinfo=UTC), "Thu 1 Jan 2026, 02:00 UTC"),
    ],
)
def test_times_are_the_readers(zone: str, moment: datetime, said: str) -> None:
    facts = Joined("CB-1", "s", "a", "staff", moment, "text")
    rendered = render(facts, "joined", zone=zone)
    assert f"Received:    {said}\n" in rendered.text
    assert said in rendered.html


def test_a_subject_is_one_short_line() -> None:
    facts = Undeliverable("CB-1", "s " * 300, "bob@acme.example", "joined", "")
    subject = render(facts, "undeliverable").subject
    assert MOST_SUBJECT - 10 < len(subject) <= MOST_SUBJECT
    assert subject.endswith("...")


def test_a_subject_template_of_several_lines_makes_one_line(folder: Path) -> None:
    write(folder, {"reached.subject.txt": "We have\n\n  your mail"})
    reached = next(notice for notice in NOTICES if notice.name == "reached")
    assert Renderer(folder, DESK).render(reached).subject == "We have your mail"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped templates, to be broken."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "template", "fault"),
    [
        ("reached.txt", "one\n{{ notice.number }}", r"^reached\.txt, line 2: UndefinedError: .*number"),
        ("reached.txt", "{{ nobody }}", r"^reached\.txt, line 1: UndefinedError: 'nobody' is undefined"),
        ("reached.html", "a\nb\n{% if %}", r"^reached\.html, line 3: TemplateSyntaxError"),
        ("reached.html", "{{ 1 | nofilter }}", r"^reached\.html, line 1: TemplateAssertionError: .*nofilter"),
        ("reached.subject.txt", " \n", r"^reached\.subject\.txt: EmptyTemplateError"),
        ("reached.txt", "\n\n{{ 1 / 0 }}", r"^reached\.txt, line 3: ZeroDivisionError"),
        ("reached.txt", "{{ desk.name.nothing() }}", r"^reached\.txt, line 1: UndefinedError"),
        ("reached.txt", "{{ notice.__class__.__mro__ }}", r"^reached\.txt, line 1: SecurityError"),
        ("reached.txt", "{{ desk.__init__.__globals__ }}", r"^reached\.txt, line 1: SecurityError"),
        ("reached.txt", "{{ ''.format.__globals__ }}", r"^reached\.txt, line 1: SecurityError"),
        ("reached.txt", "{{ '{0.__class__}'.format(notice) }}", r"^reached\.txt, line 1: SecurityError"),
        ("reached.txt", "{{ range(9999999) | list }}", r"^reached\.txt, line 1: OverflowError"),
        ("reached.txt", "{% include 'none.txt' %}", r"^reached\.txt, line 1: TemplateNotFound: 'none\.txt"),
        ("reached.txt", "{% include '../../secret' %}", r"^reached\.txt, line 1: TemplateNotFound"),
        ("reached.txt", "{% include 'reached.txt' %}", r"RecursionError"),
        ("base.html", "{{ oops }}", r"^base\.html, line 1: UndefinedError: 'oops' is undefined"),
    ],
)
def test_a_broken_template_stops_no_mail(folder: Path, file: str, template: str, fault: str) -> None:
    write(folder, {file: template})
    renderer = Renderer(folder, DESK)
    notice = next(notice for notice in NOTICES if notice.name == "reached")
    rendered = renderer.render(notice)
    assert re.search(fault, rendered.fault), rendered.fault
    assert rendered.subject == "We have your mail"
    assert "Your mail has reached us." in rendered.text
    assert "Your mail has reached us." in rendered.html
    assert rendered.fault in check_templates(renderer)


def test_a_template_that_is_no_utf_8_stops_no_mail(folder: Path) -> None:
    (folder / "reached.txt").write_bytes(b"\xff\xfe caf\xe9")
    fault = Renderer(folder, DESK).render(next(notice for notice in NOTICES if notice.name == "reached")).fault
    assert "UnicodeDecodeError" in fault


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.key)
def test_without_any_template_the_built_in_text_says_all(tmp_path: Path, notice: Notice) -> None:
    rendered = Renderer(tmp_path / "nowhere", DESK).render(notice)
    assert "TemplatesNotFound" in rendered.fault or "TemplateNotFound" in rendered.fault
    number = ticket_number(notice.facts)
    assert rendered.subject.startswith(f"[{number}] ") == bool(number)
    assert DESK.name in rendered.text
    assert all(len(line) <= COLUMNS for line in rendered.text.splitlines())
    for enough in (getattr(notice.facts, "text", ""), getattr(notice.facts, "reason", "")):
        assert set(enough.split()) <= set(rendered.text.split())
    for fact in getattr(notice.facts, "missing", ()):
        assert f"\n{fact.label}:\n" in rendered.text


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NOTICES), st.text(min_size=1, max_size=200))
def test_the_built_in_text_is_fenced_too(notice: Notice, text: str) -> None:
    bare = Renderer(TEMPLATES / "nowhere", DESK)
    rendered = bare.render(replace(notice, facts=with_text(notice.facts, f"x {text}")))
    assert "\n" not in rendered.subject
    assert {tag for tag, *_ in Elements(rendered.html).found} == {"html", "body", "div", "br"}
    if not isinstance(notice.facts, Alert | OWN_WORDS):
        plain = bare.render(replace(notice, facts=with_text(notice.facts, "x x")))
        assert skeleton(rendered.text) == skeleton(plain.text)


def german(folder: Path, language: str) -> None:
    parts = {".subject.txt": "Ihre Mail", ".txt": f"{language}: Ihre Mail ist da.", ".html": f"<p>{language}</p>"}
    write(folder, {f"{language}/reached{part}": text for part, text in parts.items()})


@pytest.mark.parametrize(
    ("folders", "language", "said"),
    [
        (["de"], "de", "de: Ihre Mail ist da."),
        (["de"], "de-AT", "de: Ihre Mail ist da."),
        (["de", "de-AT"], "de-AT", "de-AT: Ihre Mail ist da."),
        (["de", "de-AT"], "de-CH", "de: Ihre Mail ist da."),
        (["de"], "en-GB", "Your mail has reached us, thank you."),
        (["de"], "", "Your mail has reached us, thank you."),
        (["de"], "../de", "Your mail has reached us, thank you."),
        (["de"], "de/", "Your mail has reached us, thank you."),
    ],
)
def test_languages(folder: Path, folders: Iterable[str], language: str, said: str) -> None:
    for one in folders:
        german(folder, one)
    renderer = Renderer(folder, DESK)
    notice = next(notice for notice in sample_notices(language) if notice.name == "reached")
    rendered = renderer.render(notice)
    assert rendered.fault == ""
    assert rendered.text.startswith(said)
    assert check_templates(renderer) == []


def test_a_broken_translation_is_found(folder: Path) -> None:
    german(folder, "de")
    write(folder, {"de/reached.html": "<p>\n{{ nichts }}"})
    assert check_templates(Renderer(folder, DESK)) == ["de/reached.html, line 2: UndefinedError: 'nichts' is undefined"]


def test_a_translation_in_pieces_or_misspelt_is_found(folder: Path) -> None:
    german(folder, "de")
    (folder / "de/reached.html").unlink()
    write(folder, {"de/acknowledgment.txt": "x", "de/_footer.txt": "x", "de/base.html": "x"})
    assert check_templates(Renderer(folder, DESK)) == [
        "de: reached is not whole, reached.html would come from another language",
        "de/acknowledgment.txt: no notice has this name, so it is never used",
    ]


def test_the_shipped_templates_are_whole() -> None:
    assert check_templates(SHIPPED) == []


def test_templates_are_read_once(folder: Path) -> None:
    renderer = Renderer(folder, DESK)
    first = [renderer.render(notice) for notice in NOTICES]
    shutil.rmtree(folder)
    assert [renderer.render(notice) for notice in NOTICES] == first


def test_a_desk_without_a_phone_says_none(folder: Path) -> None:
    renderer = Renderer(folder, DeskFacts("Desk", "support@desk.example"))
    for notice in NOTICES:
        rendered = renderer.render(notice)
        assert rendered.fault == ""
        assert "On the phone" not in rendered.text + rendered.html


@pytest.mark.parametrize(
    "notice", [notice for notice in NOTICES if hasattr(notice.facts, "brief")], ids=lambda n: n.key
)
def test_the_commands_that_a_mail_names_are_understood(notice: Notice) -> None:
    said = re.findall(r"`(?:maildesk ticket set \S+ --as YOU )?\"?([^`\"]+)\"?`", SHIPPED.render(notice).text)
    assert said
    assert not [line for line in said if line != "note" and isinstance(parse(line), Unclear)]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("notice.until | short", "Wed 1 Jul, 16:30 BST"),
        ("'2026-11-20' | day", "Fri 20 Nov 2026"),
        ("'<soon>' | day", "<soon>"),
    ],
)
def test_short_times_and_days(folder: Path, expression: str, said: str) -> None:
    write(folder, {"resolved.txt": f"{{{{ {expression} }}}}"})
    facts = ResolvedNews("CB-1", "s", "", no_answer=False, until=datetime(2026, 7, 1, 15, 30, tzinfo=UTC))
    notice = Notice("resolved", Recipient("bob@acme.example"), 1, "k", facts)
    assert Renderer(folder, DESK).render(notice).text == f"{said}\n"


def test_a_hand_over_has_the_whole_history_and_marks_what_is_internal() -> None:
    notice = next(notice for notice in NOTICES if notice.key == "sample:handover:0")
    said = " ".join(SHIPPED.render(notice).text.split())
    brief = getattr(notice.facts, "brief")  # noqa: B009  only some facts have one
    for past in brief.history:
        assert past.words in said
    assert said.count("internal: the customer has not seen it") == sum(past.private for past in brief.history) == 1


def test_a_manager_reads_no_internal_note_and_one_line_of_what_was_said() -> None:
    notice = next(notice for notice in NOTICES if notice.key == "sample:ladder:0")
    rendered = SHIPPED.render(notice)
    for said in (rendered.text, rendered.html):
        assert "payment proxy" not in said
        assert "third visitor" not in said
        assert "It happens to card payments" in said


def test_a_holding_update_is_honest_and_quotes_what_was_asked_only_while_it_is_waited_for() -> None:
    told = {notice.key: SHIPPED.render(notice).text for notice in NOTICES if notice.name == "update-holding"}
    assert all("no news from a person today" in " ".join(text.split()) for text in told.values())
    assert [key for key, text in told.items() if "| can you send us the access log" in text] == [
        "sample:update-holding:0"
    ]
    assert "Fri 20 Nov 2026 and Sat 21 Nov 2026" in " ".join(told["sample:update-holding:0"].split())
