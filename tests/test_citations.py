"""Each `[Procedure N]` in code, settings and templates is a rule of docs/procedure.md, and each rule is cited."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.rig.pages import ROOT, page, rows

PROCEDURE = page("docs/procedure.md")
RULES = {number or "Time" for number in re.findall(r"^## (?:(\d+)\. .+|Time)$", PROCEDURE, re.MULTILINE)}
_CITATION = re.compile(r"\[Procedure,? ([^\]]+)\]")
_IN_CODE = ("maildesk/**/*.py", "templates/*")
_ELSEWHERE = ("settings.yaml", "tests/**/*.py")


def cited(*patterns: str) -> Iterator[tuple[str, str]]:
    """Each rule that a file cites, with the file's name."""
    for pattern in patterns:
        for file in sorted(ROOT.glob(pattern)):
            if file.is_file() and file != Path(__file__):
                for found in _CITATION.findall(file.read_text(encoding="utf-8")):
                    yield from ((rule.strip(), str(file.relative_to(ROOT))) for rule in found.split(","))


def test_the_rules_are_numbered_without_gaps() -> None:
    assert {str(number) for number in range(1, 13)} | {"Time"} == RULES


def test_every_citation_is_a_rule() -> None:
    strays = [(rule, file) for rule, file in cited(*_IN_CODE, *_ELSEWHERE) if rule not in RULES | {"N"}]
    assert strays == []


def test_every_rule_is_cited() -> None:
    assert {rule for rule, _ in cited(*_IN_CODE, "settings.yaml")} >= RULES


def test_what_is_carried_out_is_cited_in_code() -> None:
    """A rule that is called carried out stands at the line that does it, not only in the settings."""
    carried_out = {row[0].split()[0] for row in rows(PROCEDURE) if row[1].startswith("carried out")}
    assert carried_out >= {"1", "2", "11", "12"}
    assert carried_out <= {rule for rule, _ in cited("maildesk/desk/*.py", "maildesk/steps/*.py")}


def test_the_overview_names_each_rule_once() -> None:
    named = [row[0].split()[0] for row in rows(PROCEDURE) if row[0] != "rule"]
    assert sorted(named) == sorted(RULES)
    for row in rows(PROCEDURE):
        if row[0].split()[0].isdigit():
            number, title = row[0].split(" ", 1)
            assert f"\n## {number}. {title}\n" in PROCEDURE


_FILE = re.compile(r"`((?:maildesk|tests)/[\w/]+\.py)`")
_ALL_RULES = ("events", "commands", "notices", "policy", "duration")  # the words in which the rules are written
SECTIONS = {
    title.partition(".")[0]: set(_FILE.findall(text))
    for title, text in (part.split("\n", 1) for part in PROCEDURE.split("\n## ")[1:])
}


def test_each_file_that_a_rule_names_cites_it() -> None:
    cites = set(cited(*_IN_CODE, *_ELSEWHERE))
    assert [(rule, file) for rule, files in SECTIONS.items() for file in files if (rule, file) not in cites] == []


def test_each_file_that_decides_a_rule_of_time_is_named_by_it() -> None:
    deciding = [
        (rule, file)
        for rule, file in cited("maildesk/desk/*.py", "tests/procedure/*.py")
        if rule in {"3", "4", "5", "7", "8", "9", "10", "12"} and Path(file).stem not in _ALL_RULES
    ]
    shared = {"tests/procedure/test_03_targets.py"}  # one table of several rules
    assert [(rule, file) for rule, file in deciding if file not in SECTIONS[rule] | shared] == []
