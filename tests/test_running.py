"""docs/running.md tells of log lines, units and settings that are there."""

import re
from pathlib import Path

import pytest

from maildesk.settings import load
from tests.rig.pages import ROOT, block, blocks, page, rows
from tests.rig.unit import service

RUNNING = page("docs/running.md")
SOURCE = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "maildesk").rglob("*.py")))
LINES = [name for row in rows(RUNNING) for name in re.findall(r"`([^`]+)`", row[0])]
MADE = re.compile(r'"(mail|send) " \+ ')  # "send " + outcome.state


@pytest.mark.parametrize("line", LINES)
def test_a_log_line_is_one_of_the_code(line: str) -> None:
    assert f'"{line}"' in SOURCE or line.partition(" ")[0] in MADE.findall(SOURCE)


def test_the_paths_are_those_of_the_unit() -> None:
    directives = service(ROOT / "systemd/maildesk.service")
    environment = dict(value.split("=", 1) for value in directives["Environment"])
    assert environment["MAILDESK_SETTINGS"] == "/etc/maildesk/settings.yaml"
    assert environment["PATH"].split(":")[0] == "/opt/maildesk/bin"
    assert "install -m 640 -g maildesk firm.yaml /etc/maildesk/settings.yaml" in RUNNING
    assert "python3 -m venv /opt/maildesk\n" in RUNNING
    assert directives["StateDirectory"] == ["maildesk"]


def test_the_settings_for_the_service_are_right(tmp_path: Path) -> None:
    firm = tmp_path / "settings.yaml"
    firm.write_text(block(page("README.md"), "# firm.yaml") + blocks(RUNNING, "yaml")[0], encoding="utf-8")
    (tmp_path / "contracts.csv").write_text("number,organisation,domains\n", encoding="utf-8")
    assert load(firm).database == "sqlite:////var/lib/maildesk/maildesk.db"
