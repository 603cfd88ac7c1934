"""The peer, django-helpdesk, in a venv of its own under a temporary directory: installed, run, and proved like the desk.

It is never a dependency of maildesk.  Its mails lie in a directory, its acknowledgements go to the same kind of sink.
"""

import json
import subprocess
import venv
from pathlib import Path

from bench.desk import Run, read_answers, require_one_each, sink
from bench.mails import mails
from bench.processes import BenchError, finished

RELEASE = "django-helpdesk==2.6.1"
INSTALL_SECONDS = 600.0
SECONDS_PER_MAIL = 2.0  # a run that takes longer is given up
_SCRIPT = Path(__file__).with_name("peer_django_helpdesk.py")


class NoPeerError(Exception):
    """The peer cannot be installed here; the text says why."""


def install(folder: Path) -> Path:
    """Make the venv; returns its Python."""
    python = folder / "venv" / "bin" / "python"
    try:
        venv.create(folder / "venv", with_pip=True)
        finished([python, "-m", "pip", "install", "--quiet", RELEASE], folder / "pip.log", INSTALL_SECONDS)
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        raise NoPeerError(f"{RELEASE} cannot be installed: {error}") from error
    return python


def versions(python: Path) -> str:
    """The releases that are compared with."""
    code = "from importlib.metadata import version as v; print('django-helpdesk', v('django-helpdesk'), 'Django', v('django'))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def measure(python: Path, folder: Path, mix: str, count: int, journal: str) -> Run:
    """One run: a new database, the same mails, from the start of ``get_email`` to the last acknowledgement at the sink."""
    inbox, log = folder / "in", folder / "peer.log"
    inbox.mkdir(parents=True)
    messages = set()
    for number, mail in enumerate(mails(mix, count, "1")):
        (inbox / f"{number:06}.eml").write_bytes(mail.octets)
        messages.add(mail.message_id)
    with sink(folder) as (port, answers):
        command = [python, "-X", "utf8", _SCRIPT, folder, str(port), journal]
        finished(command, log, 60 + count * SECONDS_PER_MAIL)
    said = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    came = read_answers(answers)
    require_one_each(messages, came)
    return Run(
        mails=count,
        seconds=max(answer.at for answer in came) - said["began"],
        taken_seconds=0.0,
        cpu_seconds=said["cpu_seconds"],
        peak_kib=said["peak_kib"],
        to_250=(),
        to_answer=(),
    )
