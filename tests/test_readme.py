"""What README.md shows is what the desk does: its exchange, its settings, its lines for Postfix, its commands, its links."""

import re
import shlex
import subprocess
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from maildesk import flow
from maildesk.cli import COMMANDS, main
from maildesk.office import open_office
from maildesk.read.mail import Envelope
from maildesk.receive.incoming import Incoming
from maildesk.settings import load
from maildesk.store import outbox
from maildesk.store.database import Database
from tests.rig.dovecot import Dovecot
from tests.rig.firm import running_firm
from tests.rig.letters import DESK, parsed, text_of
from tests.rig.pages import ROOT, block, blocks, links, page, pages
from tests.rig.ports import HOST
from tests.rig.skip import program

README = page("README.md")
THAT_EVENING = datetime(2026, 11, 23, 20, 2, 26, tzinfo=UTC)


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    """README's firm.yaml and contracts.csv."""
    (tmp_path / "firm.yaml").write_text(block(README, "# firm.yaml"), encoding="utf-8")
    (tmp_path / "contracts.csv").write_text(blocks(README, "csv")[0], encoding="utf-8")
    return tmp_path / "firm.yaml"


def test_the_exchange_is_what_the_desk_makes(firm: Path) -> None:
    came, answered = (body for body in blocks(README) if body.startswith("From: "))
    database = Database(f"sqlite:///{firm.parent / 'desk.db'}")
    database.upgrade()
    office = open_office(load(firm), database, lambda: THAT_EVENING)
    flow.accept(office, [Incoming(came.encode(), Envelope("smtp", THAT_EVENING, "dana@harbour-hotels.example"))])
    flow.process(office)
    with database.reading() as transaction:
        notices = [outbox.get(transaction, row.id) for row in outbox.listed(transaction)]
    database.close()
    assert sorted(row.recipient.partition("@")[0] for row in notices if row) == ["dana", "priya.nair", "tom"]
    (made,) = [parsed(row.octets) for row in notices if row and row.notice == "acknowledgement"]
    shown, _, text = answered.partition("\n\n")
    assert shown.splitlines() == [f"{name}: {made[name]}" for name in ("From", "To", "Subject")]
    signature = text_of(made).replace("\r\n", "\n").partition("\n-- \n")
    assert signature[0].strip() == text.strip()


@pytest.mark.parametrize("name", ["deadlines", "simulate"])
def test_what_a_command_prints(firm: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(firm.parent)
    (firm.parent / "evening.yaml").write_text(block(README, "# evening.yaml"), encoding="utf-8")
    (shown,) = [body for body in blocks(README) if body.startswith(f"$ maildesk {name} ")]
    line, _, printed = shown.partition("\n")
    assert CliRunner().invoke(main, shlex.split(line)[2:]).output == printed


def test_the_firm_s_settings_are_right(firm: Path) -> None:
    settings = load(firm)
    assert [person.name for person in settings.people] == ["Priya Nair", "Tom Ellery"]
    assert settings.send.host is None  # Postfix is not set up yet
    with firm.open("a", encoding="utf-8") as file:
        file.write(next(body for body in blocks(README, "yaml") if body.startswith("send:")))
    assert (load(firm).send.host, load(firm).send.port) == ("127.0.0.1", 25)
    for written in (settings.desk.phone, settings.desk.operator):
        assert written


def test_no_command_of_a_block_is_off_the_path() -> None:
    """Whoever copies a block finds maildesk: by its path, or because the block, or one before it, puts it there."""
    lines = [line for body in blocks(README) for line in body.splitlines()]
    first = next(number for number, line in enumerate(lines) if line.startswith("maildesk "))
    assert any(line.startswith(". .venv/bin/activate") for line in lines[:first])


def test_the_mailbox_s_settings_are_right(tmp_path: Path) -> None:
    (tmp_path / "imap.yaml").write_text(block(README, "# imap.yaml"), encoding="utf-8")
    settings = load(tmp_path / "imap.yaml")
    (box,) = settings.receive.imap
    assert (box.port, box.security, box.done) == (993, "tls", "move:Processed")
    assert (settings.send.port, settings.send.security) == (587, "starttls")
    assert settings.receive.smtp.listen is None
    assert (settings.desk.name, settings.desk.operator) == ("Capital Bytes Support", "Priya Nair")
    assert settings.send.return_path == settings.desk.address


@pytest.mark.real
@pytest.mark.parametrize("way", ["smtp", "lmtp"])
def test_the_lines_for_postfix_bring_a_mail_to_the_desk_and_nobody_else_s(
    tmp_path: Path, dovecot: Dovecot, real: Callable[..., None], way: str
) -> None:
    """The rig's own transport table stands for README's, which has the same form (held below)."""
    real("swaks", "postfix")
    lines = [line.partition(" = ") for line in block(README, "# /etc/postfix/main.cf").splitlines()]
    settings = {name: value for name, _, value in lines if name != "transport_maps"}
    with running_firm(tmp_path, dovecot, way, postfix={"mydestination": "desk.test", **settings}) as firm:
        firm.swaks(firm.customer, "The shop is down", "Nobody can order since nine.")
        (acknowledgement,) = firm.wait_for_mail(firm.customer)
        signed = str(acknowledgement["Reply-To"])
        firm.swaks(firm.customer, "Still down", "And the forum.", to=signed)
        firm.wait_for_mail(firm.staff, 2)
        refused = swaks_rejected(firm.postfix.port, "no-such-person@desk.test")
        assert "550 5.1.1" in refused
        firm.close_the_books()


def swaks_rejected(port: int, to: str) -> str:
    command = [program("swaks") or "swaks", "--server", f"{HOST}:{port}", "--from", "bob@acme.test", "--to", to]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0
    return done.stdout


def test_the_transport_table_has_the_form_that_the_tests_prove() -> None:
    (line,) = block(README, "# /etc/postfix/transport").splitlines()
    assert re.fullmatch(r"support@capitalbytes\.example +smtp:\[127\.0\.0\.1\]:2525", line)
    assert "`lmtp:inet:127.0.0.1:2525`" in README
    assert "texthash:/etc/postfix/transport" in block(README, "# /etc/postfix/main.cf")
    assert DESK.startswith("support@")


def commands_of(text: str) -> set[tuple[str, ...]]:
    """Every `maildesk ...` of a page, in blocks and between backticks: its words up to the first that is no name."""
    found = re.findall(r"(?:^|/bin/)maildesk((?: [a-z][a-z-]*)+)", "\n".join(blocks(text)) + "\n", re.MULTILINE)
    found += re.findall(r"`maildesk((?: [a-z][a-z-]*)+)[^`]*`", text)
    return {tuple(words.split()) for words in found}


@pytest.mark.parametrize("name", pages())
def test_commands_that_a_page_names_exist(name: str) -> None:
    for words in commands_of(page(name)):
        assert words[0] in COMMANDS, words
        command = import_module(f"maildesk.cli.{words[0]}").command
        if isinstance(command, click.Group) and len(words) > 1:
            assert words[1] in command.commands, words


def test_the_list_of_commands_is_whole() -> None:
    listed = README.partition("## Commands\n\n")[2].partition(";")[0]
    named = {name.partition(" ")[0]: name.partition(" ")[2].split("|") for name in re.findall(r"`([^`]+)`", listed)}
    assert set(named) == set(main.list_commands(click.Context(main)))
    for name, parts in named.items():
        command = import_module(f"maildesk.cli.{name}").command
        assert set(filter(None, parts)) == set(getattr(command, "commands", {}))


@pytest.mark.parametrize("name", pages())
def test_links_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    assert [target for target in links(page(name)) if not (folder / target).exists()] == []


def test_every_library_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    reasons = page("docs/decisions/0008-dependencies.md").lower()
    names = {re.split(r"[\[<>= ]", name, maxsplit=1)[0].lower() for name in wanted}
    assert [
        name for name in sorted(names) if name not in reasons and not name.startswith("types-") and "stubs" not in name
    ] == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(path.name[:4] for path in (ROOT / "docs/decisions").glob("*.md"))
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


_FILE = re.compile(r"`((?:[a-z0-9_.]+/)*[a-z0-9_]+\.(?:py|yaml|service))(?:::\w+)?`")
_ROOTS = ("", "maildesk", "tests")


@pytest.mark.parametrize("name", pages())
def test_files_that_a_page_names_are_there(name: str) -> None:
    """As seen from the project, the package or the tests; files of the firm's own are none of ours."""
    named = set(_FILE.findall(page(name))) - {"firm.yaml", "imap.yaml"}
    assert [file for file in sorted(named) if not any((ROOT / root / file).exists() for root in _ROOTS)] == []
