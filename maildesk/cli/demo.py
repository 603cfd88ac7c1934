"""``maildesk demo``: a morning of a desk, each mail shown as it passes."""

import os
import shlex
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Row

from maildesk.cli.common import USAGE, fail, one_line
from maildesk.demo import BEGINS, DemoError, Scene, Stage, story, text_of
from maildesk.receive.smtp import IntakeError

WIDTH = 80
_MARGIN = 9  # the column where what is said of a mail begins


@click.command("demo")
@click.option(
    "--keep",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Work in this folder, new or empty, instead of a scratch folder.  Both stay afterwards.",
)
def command(folder: Path | None) -> None:
    """Show the desk at work: a small cast writes, and each mail is shown as it passes.  Takes some seconds."""
    place = _made(folder)
    click.echo(f"A morning at Capital Bytes, {BEGINS:%A %d %B %Y}; the clock leaps.")
    click.echo(f"The desk works in {place}")
    scenes: list[Scene] = []
    os.chdir("/")  # as `maildesk run`: the back room could not begin where this user may not be
    try:
        with Stage(place) as stage:
            for scene in story(stage):
                scenes.append(scene)
                click.echo(_scene(len(scenes), scene))
    except (DemoError, IntakeError, OSError) as fault:
        fail(f"the demonstration ends here: {fault}")
    click.echo(_farewell(place, scenes))


def _made(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="maildesk-demo-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            fail(f"{folder} is not empty: name a folder that is, or a new one", USAGE)
    except OSError as fault:
        fail(f"{folder} cannot be used: {fault.strerror}", USAGE)
    return folder.absolute()


def _scene(number: int, scene: Scene) -> str:
    lines = ["", f"{number}. {scene.words}", *(_came_in(scene.mail) if scene.mail else ())]
    for row in scene.answers:
        lines += _entry(_time(row.sent_at or row.created_at), f"out   {row.notice} to {row.recipient}", row.subject)
        if row.notice == scene.read_out:
            lines += ["", *_read_out(scene, row.notice)]
    if not scene.answers:
        lines += ["", " " * _MARGIN + "Nobody is sent anything."]
    return "\n".join(lines)


def _came_in(mail: Row[Any]) -> list[str]:
    lines = _entry(_time(mail.received_at), f"in    {_writer(mail)}", one_line(mail.subject))
    for link in mail.explanation:
        name, _, words = link.partition(": ")
        lines += _wrapped(f"{name + ':':<11}{one_line(words)}", 11)
    return lines


def _entry(moment: str, what: str, subject: str) -> list[str]:
    return ["", f"  {moment}  {what}"[:WIDTH], *_wrapped(f"“{one_line(subject)}”", 1)]


def _wrapped(text: str, hanging: int) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=" " * _MARGIN, subsequent_indent=" " * (_MARGIN + hanging), break_on_hyphens=False
    )


def _read_out(scene: Scene, notice: str) -> list[str]:
    text = text_of(scene.answer(notice)).rstrip()
    return [line for row in text.splitlines() for line in _barred(one_line(row))]


def _barred(line: str) -> list[str]:
    bar = "  | "
    return [f"{bar}{part}".rstrip() for part in textwrap.wrap(line, WIDTH - len(bar), replace_whitespace=False) or [""]]


def _writer(mail: Row[Any]) -> str:
    copy = f" (a copy of mail {mail.duplicate_of})" if mail.duplicate_of else ""
    return f"{mail.kind} from {one_line(mail.sender)}{copy}"


def _time(moment: Any) -> str:
    return f"{moment.astimezone(BEGINS.tzinfo):%H:%M}"


def _farewell(place: Path, scenes: Sequence[Scene]) -> str:
    settings = shlex.quote(str(place / "settings.yaml"))
    maildesk = shlex.quote(sys.argv[0])  # as this one was called, which need not be on the PATH
    mails = [scene.mail for scene in scenes if scene.mail]
    last = mails[-1]
    return f"""
{len(mails)} mails came in, {sum(len(scene.answers) for scene in scenes)} went out.  All of it stays; look around:

  mutt -R -f {shlex.quote(str(place / "outgoing"))}
  {maildesk} ticket list --settings {settings}
  {maildesk} ticket show {last.ticket} --settings {settings}
  {maildesk} mail explain {last.id} --settings {settings}"""
