"""docs/guarantees.md lists every promise, and each test that it names is there."""

import ast
import re
from functools import cache

import pytest

from tests.rig.pages import ROOT, page, rows

PROMISES = [row for row in rows(page("docs/guarantees.md")) if row[0] != "#"]
_TEST = re.compile(r"`([a-z0-9_/]+\.py)::(\w+)`")
NAMED = sorted(set(_TEST.findall(page("docs/guarantees.md"))))


def test_every_promise_stands_there_once() -> None:
    assert [row[0] for row in PROMISES] == [str(number) for number in range(1, 23)]


@pytest.mark.parametrize("row", PROMISES, ids=[row[0] for row in PROMISES])
def test_a_promise_is_proved_or_says_that_it_is_not(row: list[str]) -> None:
    assert _TEST.search(row[2]) or "*Not yet*" in row[2]
    assert len(_TEST.findall(row[2])) == row[2].count("::")


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_named_test_is_there(file: str, name: str) -> None:
    assert name in names_in(file)


@cache
def names_in(file: str) -> set[str]:
    """The test functions of a file, those of its classes too."""
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
