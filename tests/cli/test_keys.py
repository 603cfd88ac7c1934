"""``maildesk keys``: a new key signs, the old ones verify, and no secret is shown."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from maildesk.desk.token import Purpose, Signer
from maildesk.store import keys
from maildesk.store.database import Database
from tests.cli.conftest import maildesk

NOW = datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "s.yaml"
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    file.write_text(yaml.safe_dump({"database": url}))
    database = Database(url)
    database.upgrade()
    with database.writing() as transaction:
        keys.add(transaction, b"a" * 32, NOW - timedelta(days=300))
    database.close()
    return file


def test_a_new_key_signs_and_the_old_one_verifies(settings: Path) -> None:
    ran = maildesk("keys", "rotate", "--settings", settings)
    assert (ran.code, "key 2 signs" in ran.out, "restart" in ran.out) == (0, True, True)
    shown = maildesk("keys", "list", "--settings", settings).out.splitlines()
    assert [line.split()[:2] for line in shown[1:]] == [["1", "verifies"], ["2", "signs"]]
    database = Database(f"sqlite:///{settings.parent / 'desk.db'}")
    with database.reading() as transaction:
        valid = keys.valid(transaction, NOW + timedelta(days=399))
    database.close()
    assert set(valid) == {1, 2}, "the old key was used until the new one was made"
    before, after = Signer("d@desk.test", {1: valid[1]}), Signer("d@desk.test", valid)
    old = before.message_id(Purpose.STAFF, 7, "ann@desk.test", b"0123456789")
    assert after.verify_message_id(old, ["ann@desk.test"])
    new = after.message_id(Purpose.STAFF, 7, "ann@desk.test", b"0123456789")
    assert (".2." in new, before.verify_message_id(new, ["ann@desk.test"])) == (True, None)
    assert not any(secret.hex() in "\n".join(shown) for secret in valid.values())
