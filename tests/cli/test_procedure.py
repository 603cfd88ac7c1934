"""``maildesk procedure``: the firm's prose comes from its settings and changes with them."""

from html import unescape
from pathlib import Path

import pytest

from tests.cli.conftest import maildesk

CHANGES = [
    ("desk: {name: Acme Help}", "Acme Help: Support"),
    ("desk: {address: help@firm.test}", "Write to help@firm.test"),
    ("desk: {ticket_prefix: AC}", "like AC-1042"),
    ("desk: {phone: '020 7946 0000'}", "Or call 020 7946 0000."),
    ("intake: {default_priority: P4}", "An incident without one is P4"),
    ("intake: {highest_proposal: {registered: P2}}", "up to P2 if your organisation"),
    ("intake: {highest_proposal: {others: P4}}", "else up to P4"),
    ("hours: {week: {sat: ['09:15-12:00']}}", "Saturday, 09:15 to 12:00"),
    ("hours: {week: {mon-fri: ['08:00-12:00', '13:00-17:00']}}", "Friday, 08:00 to 12:00 and 13:00 to 17:00"),
    ("hours: {week: {sat: ['20:00-24:00'], sun: ['20:00-24:00']}}", "Saturday and Sunday, 20:00 to 24:00"),
    ("hours: {zone: '+01:00'}", "08:00 to 17:00, UTC+01:00 time"),
    ("hours: {zone: Europe/Berlin}", "Europe/Berlin time"),
    ("hours: {day: 8 hours}", "A business day is 8 hours"),
    ("hours: {holidays: GB-SCT}", "public holidays of Scotland."),
    ("hours: {holidays: IE}", "public holidays of Ireland."),
    ("hours: {holidays: GB}", "public holidays of United Kingdom."),
    ("hours: {holidays: null}", "Public holidays are days like others."),
    ("hours: {closed: [2027-01-04, 2026-12-24]}", "closed on 24 December 2026 and 4 January 2027."),
    ("hours: {open: [{day: 2026-12-25, hours: ['09:00-12:00']}]}", "Other hours: 25 December 2026, 09:00 to 12:00."),
    ("priorities: {P3: {meaning: A few}}", "A few"),
    ("priorities: {P3: {resolution: 6 days}}", "6 days"),
    ("priorities: {P3: {first_response: 3 hours}}", "3 hours"),
    ("priorities: {P4: {fix_commitment: 33 hours}}", "33 hours"),
    ("priorities: {P4: {team: development}}", "P4 goes first to the Development Team."),
    ("priorities: {P2: {updates: business days}}", "P1 every day and P2, P3, P4 and P5 each business day"),
    ("priorities: {P2: {reach: notify}}", "For P1 our people are alerted at any hour."),
    ("teams: {support: {name: First Line}}", "What the First Line cannot resolve"),
    ("escalation: {warn_at_percent: 62.5}", "When 62.5 % of a target's time"),
    ("escalation: {pending_stops: true}", "somebody else stops it."),
    ("escalation: {teams: {P1: {development: {after: 7 business days}}}}", "P1: what the Development Team has not resolved in 7"),
    ("escalation: {teams: {P1: {systems engineering: {to: management}}}}", "in 2 business days is reported to management"),
    ("escalation: {management: {P1: [{after: 13 minutes, tell: owner}]}}", "13 minutes"),
    ("escalation: {management: {P1: [{after: 1 hour, tell: owner, repeat: 9 hours}]}}", "every 9 hours"),
    ("updates: {ask_at: '14:20'}", "from 14:20 on"),
    ("updates: {send_at: '16:50'}", "by 16:50"),
    ("digest: {at: '07:10'}", "Each working morning at 07:10"),
    ("states: {reopen: 8 business days}", "answer within 8 business days"),
    ("states: {no_answer: 12 business days}", "hear nothing for 12 business days"),
    ("states: {no_answer: null}", "we wait without limit"),
    ("credits: {percent_per_hour: 1.5}", "1.5 % of the monthly"),
    ("credits: {cap_percent: 30}", "at most 30 % of the fee"),
    ("credits: {breach_of: fix_commitment}", "open past its fix commitment"),
    ("credits: {breach_of: stricter}", "the earlier of its"),
    ("credits: {pro_rata: true}", "Parts of an hour count too."),
    ("credits: {approver: chief executive}", "our chief executive has approved"),
    ("credits: {priorities: [P1]}", "There is none for P2 incidents, P3 incidents"),
    ("credits: {priorities: []}", "There are no service credits."),
]  # fmt: skip


@pytest.mark.parametrize("form", ["text", "html"])
@pytest.mark.parametrize(("text", "said"), CHANGES)
def test_the_prose_follows_the_settings(tmp_path: Path, text: str, said: str, form: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    changed, shipped = (
        unescape(" ".join(maildesk("procedure", "--format", form, *more).out.split()))
        for more in (("--settings", file), ())
    )
    assert said in changed
    assert said not in shipped


def test_it_fits_a_terminal() -> None:
    assert max(map(len, maildesk("procedure").out.splitlines())) <= 80


def test_strangers_to_html_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text('desk: {name: "A <b> & C"}')
    assert ">A &lt;b&gt; &amp; C:" in maildesk("procedure", "--format", "html", "--settings", file).out


def test_what_is_not_confirmed_is_called_a_proposal(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("escalation: {confirmed: true}")
    assert "Management notification (proposal)" in maildesk("procedure").out
    assert "roposal" not in maildesk("procedure", "--settings", file).out


LONG = {name: f"{name} <b>&{'x' * 30} " + "long words " * 12 for name in ("name", "role", "meaning")}


def test_long_words_of_the_firm_stay_in_the_page(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(
        f"desk: {{name: '{LONG['name']}'}}\npriorities: {{P2: {{meaning: '{LONG['meaning']}'}}}}\n"
        f"escalation: {{management: {{P1: [{{after: 1 hour, tell: '{LONG['role']}'}}]}}}}"
    )
    text, page = (maildesk("procedure", "--format", form, "--settings", file).out for form in ("text", "html"))
    assert max(map(len, text.splitlines())) <= 80
    assert "<b>" not in page
    assert page.count("&lt;b&gt;&amp;x") == 4  # the title twice, a row, a step
