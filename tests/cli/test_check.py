"""``maildesk check``: whatever is wrong around a desk is named at once, and nothing is made by looking."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from maildesk.checks import look
from maildesk.settings import load
from maildesk.shipped import shipped
from maildesk.store.database import Database
from tests.cli.conftest import Ran, Story, maildesk
from tests.rig.certificates import Certificates

SECRET = "correct horse battery staple"


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., Ran]:
    """``check(send={...})``: the command on settings that say so."""

    def run(**changes: Any) -> Ran:
        file = tmp_path / "s.yaml"
        file.write_text(yaml.safe_dump({"database": "sqlite:///desk.db", **changes}))
        return maildesk("check", "--settings", file)

    return run


def faults(ran: Ran) -> list[str]:
    return [line.removeprefix("FAULT: ") for line in ran.out.splitlines() if line.startswith("FAULT: ")]


def test_a_desk_that_nobody_has_started_yet(check: Callable[..., Ran], tmp_path: Path) -> None:
    ran = check()
    assert (ran.code, ran.err, faults(ran)) == (0, "", [])
    assert "desk.db: will be made" in ran.out
    assert [path.name for path in tmp_path.iterdir()] == ["s.yaml"]


def test_the_shipped_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILDESK_SETTINGS", raising=False)
    ran = maildesk("check")
    assert (ran.code, faults(ran)) == (0, [])
    assert "warning: " in ran.out
    assert list(tmp_path.iterdir()) == []


def test_a_desk_at_work(story: Story) -> None:
    ran = story.run("check")
    assert (ran.code, faults(ran)) == (0, [])


def test_all_faults_of_the_settings_at_once(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("desk:\n  adress: x@y.test\nsend:\n  port: many\nteams: {support: {members: [Nobody]}}\n")
    ran = maildesk("check", "--settings", file)
    assert (ran.code, ran.err) == (2, "")
    assert [fault.split(": ")[:2] for fault in faults(ran)] == [
        [f"{file}:2", "desk.adress"],
        [f"{file}:4", "send.port"],
        [f"{file}:5", "teams.support.members[0]"],
    ]


def test_a_fault_of_the_settings_hides_no_missing_file(check: Callable[..., Ran], tmp_path: Path) -> None:
    ran = check(desk={"address": "nowhere"}, contracts="absent.csv", send={"maildir": "out"})
    assert ran.code == 2
    assert [fault.split(": ")[0] for fault in faults(ran)] == [f"{tmp_path}/s.yaml:4", f"{tmp_path}/absent.csv"]
    assert ran.out.splitlines()[-1].startswith("2 faults, ")
    ran = check(contracts=["no path"])
    assert "contracts: " not in ran.out.partition("settings: ")[2]  # the shipped value is not the firm's


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "0 faults, 5 warnings: `maildesk run` would start"),
        ({"log": {"level": "loud"}}, "1 fault, 5 warnings: `maildesk run` would refuse"),
        ({"contracts": "absent.csv"}, "1 fault, 5 warnings: `maildesk run` would refuse"),
        ({"database": "sqlite:///s.yaml/d.db"}, "1 fault, 5 warnings: `maildesk run` would refuse"),
        ({"send": {"maildir": "s.yaml"}}, "1 fault, 5 warnings: `maildesk run` would start"),
    ],
    ids=str,
)
def test_the_last_line_is_the_verdict(check: Callable[..., Ran], changes: dict[str, Any], verdict: str) -> None:
    assert check(**changes).out.splitlines()[-1] == verdict


def test_a_file_that_is_no_yaml_has_a_verdict_too(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("desk:\n\tname: D\n")
    ran = maildesk("check", "--settings", tmp_path / "s.yaml")
    assert (ran.code, ran.out.splitlines()[-1]) == (2, "1 fault: `maildesk run` would refuse")


def test_no_settings_file(tmp_path: Path) -> None:
    ran = maildesk("check", "--settings", tmp_path / "absent.yaml")
    assert ran.code == 2
    assert "No such file" in ran.out


def test_every_fault_of_the_register(check: Callable[..., Ran], tmp_path: Path) -> None:
    register = tmp_path / "contracts.csv"
    register.write_text("number,organisation,domains,valid from\nC-1,Acme,acme.test,soon\nC-2,,beta,\n")
    ran = check(contracts="contracts.csv")
    assert ran.code == 2
    assert [fault.split(": ")[:2] for fault in faults(ran)] == [
        [f"{register}:2", "valid from"],
        [f"{register}:3", "organisation"],
        [f"{register}:3", "domains"],
    ]
    register.write_text("number,organisation,domains\nC-1,Acme,acme.test\n")
    assert "contracts.csv: 1 row\n" in check(contracts="contracts.csv").out


def test_a_register_that_is_not_there(check: Callable[..., Ran]) -> None:
    ran = check(contracts="contracts.csv")
    assert (ran.code, len(faults(ran))) == (2, 1)


def test_a_broken_template(check: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    templates = tmp_path / "templates"
    shutil.copytree(shipped("templates"), templates)
    (templates / "joined.txt").write_text("one line\n{{ notice.nothing }}\n")
    monkeypatch.setattr("maildesk.checks.shipped", lambda _: templates)
    ran = check()
    assert ran.code == 1
    assert [fault.split(": ")[0] for fault in faults(ran)] == ["joined.txt, line 2"]


def test_the_data_are_proved_whatever_else_is_wrong(story: Story) -> None:
    settings = yaml.safe_load(story.settings.read_text())
    story.settings.write_text(yaml.safe_dump({**settings, "contracts": "absent.csv"}))
    ran = story.run("check", "--tickets")
    assert ran.code == 2
    assert "data: tickets, events, mails and outbox agree" in ran.out


@pytest.mark.parametrize(
    ("written", "code"), [(SECRET, 0), (f"{SECRET}\n", 0), ("", 1), (None, 1), (b"\xff\xfe", 1)], ids=str
)
def test_secrets_are_read_and_never_shown(
    check: Callable[..., Ran], tmp_path: Path, written: str | bytes | None, code: int
) -> None:
    file = tmp_path / "password"
    if written is not None:
        file.write_bytes(written if isinstance(written, bytes) else written.encode())
    mailbox = {"host": "imap.test", "user": "support", "password_file": "password"}
    send = {"host": "relay.test", "user": "support", "password_file": "password"}
    ran = check(send=send, receive={"imap": [mailbox]})
    assert ran.code == code
    assert [fault.split(": ")[0] for fault in faults(ran)] == (
        ["send.password_file", "receive.imap[0].password_file"] if code else []
    )
    assert SECRET not in ran.out + ran.err


def test_a_certificate_and_its_key(check: Callable[..., Ran], certificates: Certificates, tmp_path: Path) -> None:
    good = {"tls_certificate": str(certificates.certificate), "tls_key": str(certificates.key)}
    assert check(receive={"smtp": good}).code == 0
    bad = tmp_path / "bad.pem"
    bad.write_text("no key")
    ran = check(receive={"smtp": good | {"tls_key": str(bad)}})
    assert ran.code == 1
    assert faults(ran)[0].startswith("receive.smtp.tls_certificate: ")


def test_a_maildir_where_none_can_be(check: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = check(send={"maildir": "file/outgoing"})
    assert (ran.code, faults(ran)) == (1, [f"send.maildir: {tmp_path / 'file'} is no folder"])


def test_a_database_that_is_none(check: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_bytes(b"this is no database" * 100)
    ran = check()
    assert (ran.code, faults(ran)) == (1, ["it cannot be used: file is not a database"])
    assert maildesk("ticket", "list", "--settings", tmp_path / "s.yaml").code == 1


def test_a_folder_in_the_databases_place(check: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "desk.db").mkdir()
    assert check().code == 1
    ran = maildesk("ticket", "list", "--settings", tmp_path / "s.yaml")
    assert ran.code == 1
    assert "cannot be used" in ran.err


def test_a_database_where_none_can_be_made(check: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = check(database="sqlite:///file/desk.db")
    assert (ran.code, faults(ran)) == (1, [f"database: {tmp_path / 'file'} is no folder"])


def test_an_empty_database_is_fine(check: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "desk.db").touch()
    assert check().code == 0


@pytest.mark.parametrize(
    ("version", "words"), [("0000", "newer than this maildesk"), (None, "run `maildesk db upgrade`")], ids=str
)
def test_a_schema_that_is_not_ours(story: Story, version: str | None, words: str) -> None:
    with story.desk.database.writing() as transaction:
        transaction.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version}) if version else (
            transaction.execute(text("DELETE FROM alembic_version"))
        )
    ran = story.run("check", "--tickets")
    assert ran.code == 1
    assert words in faults(ran)[0]
    assert "data:" not in ran.out
    assert words in story.run("ticket", "list").err


def test_no_database_yet(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("database: sqlite:///desk.db\n")
    for words in ("ticket list", "ticket show 1", "mail list", "mail retry 1", "outbox list", "outbox retry 1"):
        ran = maildesk(*words.split(), "--settings", file)
        assert (ran.code, ran.out) == (1, "")
        assert "`maildesk run` or `maildesk db upgrade` makes it" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["s.yaml"]


def test_a_server_that_is_away(check: Callable[..., Ran], tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    ran = check(database=f"postgresql+psycopg://desk@/desk?host={tmp_path}")
    assert ran.code == 1
    assert faults(ran)[0].startswith("it cannot be used: ")
    other = maildesk("ticket", "list", "--settings", tmp_path / "s.yaml")
    assert (other.code, other.out) == (1, "")
    assert "cannot be used" in other.err


@pytest.mark.real
def test_a_server_with_an_empty_database_and_with_a_desk(postgres: Any, check: Callable[..., Ran]) -> None:
    url = postgres.fresh_database()
    assert check(database=url).code == 0
    database = Database(url)
    database.upgrade()
    database.close()
    assert check(database=url).code == 0
    postgres.stop()
    assert check(database=url).code == 1


def test_every_look_has_a_name_of_its_own(story: Story) -> None:
    looks = list(look(load(story.settings)))
    assert len({found.what for found in looks}) == len(looks)
    assert all(replace(found, faults=()) == found for found in looks)
