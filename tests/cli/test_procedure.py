"""``maildesk procedure``: the firm's prose comes from its settings and changes with them."""

from pathlib import Path

import pytest

from tests.cli.conftest import maildesk

CHANGES = [
    ("priorities: {P3: {resolution: 6 business days}}", "resolution within 6 business days"),
    ("priorities: {P3: {first_response: 3 business hours}}", "first response within 3 business hours"),
    ("priorities: {P4: {fix_commitment: 33 business hours}}", "with a fix within 33 business hours"),
    ("hours: {week: {sat: ['09:15-12:00']}}", "Saturday 09:15-12:00"),
    ("escalation: {teams: {P1: {development: {after: 7 business days}}}}", "has not resolved in 7 business days"),
    ("escalation: {management: {P1: [{after: 13 minutes, tell: owner}]}}", "P1: the owner after 13 minutes."),
    ("updates: {ask_at: '14:20'}", "At 14:20 of each"),
    ("updates: {send_at: '16:50'}", "by 16:50"),
    ("states: {reopen: 8 business days}", "Answer within 8 business days"),
    ("states: {no_answer: 12 business days}", "hear nothing for 12 business days"),
    ("credits: {percent_per_hour: 1.5}", "1.5 % of the monthly"),
    ("credits: {cap_percent: 30}", "at most 30 % a month"),
    ("credits: {priorities: []}", "There are none."),
    ("desk: {address: help@firm.test}", "Write to help@firm.test"),
]


@pytest.mark.parametrize("form", ["text", "html"])
@pytest.mark.parametrize(("text", "said"), CHANGES)
def test_the_prose_follows_the_settings(tmp_path: Path, text: str, said: str, form: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    changed = " ".join(maildesk("procedure", "--format", form, "--settings", file).out.split())
    shipped = " ".join(maildesk("procedure", "--format", form).out.split())
    assert said in changed
    assert said not in shipped


def test_it_fits_a_terminal() -> None:
    assert max(map(len, maildesk("procedure").out.splitlines())) <= 80


def test_strangers_to_html_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text('desk: {name: "A <b> & C"}')
    assert "<h1>A &lt;b&gt; &amp; C:" in maildesk("procedure", "--format", "html", "--settings", file).out
