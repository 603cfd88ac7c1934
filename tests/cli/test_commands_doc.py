"""docs/commands.md names every command and every key that a program gets."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Story
from tests.rig.letters import letter

DOCUMENT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
COMMANDS = (
    "ticket list", "ticket show 1001", "ticket explain 1001", "mail list", "mail explain 1", "outbox list", "outbox show 1",
)  # fmt: skip


def keys(value: Any) -> set[str]:
    """All keys at any depth, but not those of an event's body, which its kind decides."""
    if isinstance(value, list):
        return {key for item in value for key in keys(item)}
    if not isinstance(value, dict):
        return set()
    return set(value) | {key for name, item in value.items() if name != "body" for key in keys(item)}


def named(key: str) -> bool:
    """Whether it stands in the document as code, alone or in a row of names."""
    return any(key in code.split() for code in DOCUMENT.split("`")[1::2])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_key_is_described(story: Story, command: str) -> None:
    found = keys(story.run(*command.split(), "--json").lines)
    assert found
    assert {key for key in found if not named(key)} == set()


def test_every_key_of_parse_is_described(story: Story) -> None:
    file = story.settings.parent / "a.eml"
    file.write_bytes(letter())
    assert {key for key in keys(story.run("mail", "parse", file, "--json").lines) if not named(key)} == set()


def test_a_key_that_is_not_described_is_found() -> None:
    assert not named("nonsense")
