"""`maildesk run` as a process: where it is started from, and what it says."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from maildesk.cli import INTERRUPTED
from tests.rig.letters import DESK, letter
from tests.rig.ports import HOST, free_port, wait_for_port, wait_until
from tests.rig.server import stop

MAILDESK = Path(sys.executable).with_name("maildesk")
FIRM = "desk: {{name: D, address: {desk}, ticket_prefix: D}}\nreceive: {{smtp: {{listen: '{host}:{port}'}}}}\n"


@contextmanager
def running(folder: Path, port: int, command: str) -> Iterator[Path]:
    """A desk with this firm's settings, started by a shell; where its output goes."""
    (folder / "firm.yaml").write_text(FIRM.format(desk=DESK, host=HOST, port=port), encoding="utf-8")
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(["sh", "-c", command], cwd=folder, stdout=output, stderr=output)
    try:
        yield folder / "output"
    finally:
        stop(process)
    assert process.returncode == 0


def test_it_works_wherever_it_was_started(tmp_path: Path) -> None:
    """Its folder may be gone, or of somebody else: the back room, a process of its own, must begin all the same."""
    port = free_port()
    gone = f"mkdir gone && cd gone && rmdir ../gone && exec {MAILDESK} run --settings {tmp_path}/firm.yaml"
    with running(tmp_path, port, gone):
        wait_for_port(port, 30)
        with smtplib.SMTP(HOST, port, timeout=10) as server:
            server.sendmail("bob@acme.test", [DESK], letter())
        wait_until(lambda: list(tmp_path.glob("var/outgoing/new/*")), "no answer", 30)


def test_it_says_how_to_send_it_a_mail_and_the_lines_do(tmp_path: Path, real: Callable[..., None]) -> None:
    real("curl")
    port = free_port()
    with running(tmp_path, port, f"exec {MAILDESK} run --settings firm.yaml") as output:
        wait_for_port(port, 30)
        wait_until(lambda: "Ctrl-C ends it." in output.read_text(), "no welcome", 30)
        said = output.read_text()
        assert f"Mail comes in by SMTP on {HOST}:{port}." in said
        assert f"mutt -f {tmp_path}/var/outgoing" in said
        lines = [line.strip() for line in said.partition("Try it, in another terminal:\n")[2].splitlines()[:2]]
        subprocess.run(["sh", "-c", "\n".join(lines)], check=True, timeout=30)
        wait_until(lambda: list(tmp_path.glob("var/outgoing/new/*")), "no answer", 30)


def test_what_is_worth_a_look_is_said_as_check_says_it_and_an_end_is_said_too(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port, f"exec {MAILDESK} run --settings firm.yaml") as output:
        wait_until(lambda: "Ctrl-C ends it." in output.read_text(), "no welcome", 30)
        assert "warning: " in output.read_text().partition("maildesk runs for")[0]
        assert "[warning" not in output.read_text()
    assert output.read_text().endswith("maildesk has stopped.\n")


def test_programs_read_the_warnings_in_the_log(tmp_path: Path) -> None:
    port = free_port()
    begin = f"echo 'log: {{format: json}}' >> firm.yaml; exec {MAILDESK} run --settings firm.yaml"
    with running(tmp_path, port, begin) as output:
        wait_until(lambda: "Ctrl-C ends it." in output.read_text(), "no welcome", 30)
        assert '"event": "settings"' in output.read_text()
        assert "warning: " not in output.read_text()


def test_an_address_that_is_taken_is_said_once_with_a_remedy(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "firm.yaml").write_text(FIRM.format(desk=DESK, host=HOST, port=port), encoding="utf-8")
        ran = subprocess.run([MAILDESK, "run"], cwd=tmp_path, env={**os.environ, "MAILDESK_SETTINGS": "firm.yaml"},
                             capture_output=True, text=True, timeout=30, check=False)  # fmt: skip
    assert ran.returncode == 1
    said = ran.stderr.splitlines()[-1]
    assert said.startswith(f"maildesk cannot start: receive.smtp.listen: cannot listen on {HOST}:{port}: ")
    assert said.count(str(port)) == 1
    assert "end it, or write another port" in said


@pytest.mark.parametrize("seconds", [0.1, 0.4, 0.8, 1.2, 2.0])
def test_ctrl_c_during_the_start_ends_it_without_a_trace(tmp_path: Path, seconds: float) -> None:
    """The signal goes to all its processes, as a terminal's does."""
    port = free_port()
    (tmp_path / "firm.yaml").write_text(FIRM.format(desk=DESK, host=HOST, port=port), encoding="utf-8")
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen([MAILDESK, "run", "--settings", "firm.yaml"], cwd=tmp_path, stdout=output,
                                   stderr=output, start_new_session=True)  # fmt: skip
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) in (0, INTERRUPTED, -signal.SIGINT)
    said = (tmp_path / "output").read_text()
    assert "Aborted" not in said
    assert "Traceback" not in said or "maildesk/cli" not in said  # Python's own, before any line of ours ran
    assert "stopped" in said or not said or process.returncode != 0
