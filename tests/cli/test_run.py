"""`maildesk run` as a process: where it is started from, and what it says."""

import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

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
