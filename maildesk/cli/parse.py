"""``maildesk mail parse``: mail files read as the desk would read them, without a database.

A file that cannot be read is a line that says so, and the others are read all the same.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from maildesk.checks import absent
from maildesk.cli.common import facts, json_option, load_settings, one_line, print_json, settings_option, several_lines
from maildesk.cli.shapes import contact_json, rfc3339
from maildesk.desk.token import Signer
from maildesk.office import system_clock
from maildesk.read.classify import classify, reverse_path_from_fields
from maildesk.read.contact import FIELDS, Contact, read_contact
from maildesk.read.mail import Envelope, Mail
from maildesk.read.parse import read_mail
from maildesk.read.reply import new_text
from maildesk.read.thread import is_own
from maildesk.settings.model import Settings
from maildesk.store import keys
from maildesk.store.database import Database

MOST_OCTETS = 256 * 1024 * 1024  # of one file; no mail system takes a mail of this size
STANDARD_INPUT = "-"


@click.command("parse")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@settings_option
@json_option
def parse(files: tuple[str, ...], settings_file: Path | None, as_json: bool) -> None:
    """Read mail files as the desk would; - is standard input.

    Needs neither settings nor a database.  With --settings it knows the desk's address, and its own mail.
    """
    settings = load_settings(settings_file)
    signer = Signer(settings.desk.address, _keys(settings) if settings_file else {})
    for line in lines(files, signer):
        if as_json:
            print_json(line)
        else:
            _show(line)
        sys.stdout.flush()


def _keys(settings: Settings) -> dict[int, bytes]:
    """The desk's keys, by which its own mail is known; none where there is no database that can be asked."""
    if absent(settings.database):
        return {}
    database = Database(settings.database)
    try:
        database.require_current()
        with database.reading() as transaction:
            return keys.valid(transaction, system_clock())
    except Exception as fault:  # noqa: BLE001 - whatever is wrong with the database, files can be read without it
        click.echo(one_line(f"our own mail will not be known: {fault}"), err=True)
        return {}
    finally:
        database.close()


def lines(files: tuple[str, ...], signer: Signer) -> Iterator[dict[str, Any]]:
    """What each file says, one after the other."""
    for path in files:
        shown = os.fsencode(path).decode("utf-8", "replace")
        try:
            octets = _octets(path)
        except OSError as fault:
            yield nothing(shown, fault.strerror or type(fault).__name__)
            continue
        if len(octets) > MOST_OCTETS:
            yield nothing(shown, f"is larger than {MOST_OCTETS} octets")
            continue
        yield guarded(shown, octets, signer)


def _octets(path: str) -> bytes:
    if path == STANDARD_INPUT:
        return sys.stdin.buffer.read(MOST_OCTETS + 1)
    with Path(path).open("rb") as file:
        return file.read(MOST_OCTETS + 1)


def guarded(path: str, octets: bytes, signer: Signer) -> dict[str, Any]:
    """What a mail says, whatever its octets are."""
    try:
        return everything(path, octets, signer)
    except Exception as fault:  # noqa: BLE001 - the one guard: no file may cost the lines of the others
        return nothing(path, f"cannot be read: {type(fault).__name__}")


def everything(path: str, octets: bytes, signer: Signer) -> dict[str, Any]:
    """All that the desk reads from a mail; the topmost Return-Path stands for the envelope."""
    mail = read_mail(octets)
    reply = new_text(mail.text, mail.html)
    envelope = Envelope("import", system_clock(), reverse_path_from_fields(mail))
    verdict = classify(mail, envelope, own=is_own(mail, signer), desk=signer.desk)
    return _line(path, mail, reply, read_contact(mail, reply)) | {"kind": str(verdict.kind), "reason": verdict.reason}


def nothing(path: str, error: str) -> dict[str, Any]:
    """The line of a file that cannot be read."""
    return _line(path, Mail(), "", Contact()) | {"error": error}


def _line(path: str, mail: Mail, reply: str, contact: Contact) -> dict[str, Any]:
    """Every key, in the order of docs/commands.md."""
    return {
        "path": path,
        "error": "",
        "from": mail.sender.address if mail.sender else "",
        "from_name": mail.sender.name if mail.sender else "",
        "to": [address.address for address in mail.to],
        "cc": [address.address for address in mail.cc],
        "subject": mail.subject,
        "date": rfc3339(mail.date),
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "kind": "",
        "reason": "",
        "text": mail.text,
        "reply": reply,
        "attachments": [
            {"name": part.name, "content_type": part.content_type, "kind": part.kind, "size": part.size}
            for part in mail.attachments
        ],
        "contact": contact_json(asdict(contact)),
        "faults": list(mail.faults),
    }


def _show(line: dict[str, Any]) -> None:
    """A line for people."""
    click.echo(one_line(f"{line['path']}: {line['error'] or '{kind}, {reason}'.format_map(line)}"))
    if line["error"]:
        return
    contact = line["contact"]
    facts(
        (
            ("From", f"{line['from_name']} <{line['from']}>" if line["from"] else "nobody that can be answered"),
            ("Subject", line["subject"]),
            ("Date", line["date"]),
            *(("attached", "{name} ({content_type}, {size} octets)".format_map(part)) for part in line["attachments"]),
            *((key, contact[key]) for key, _ in FIELDS if key != "documentation"),
            ("documentation", ", ".join(contact["documentation"])),
            *(("fault", fault) for fault in line["faults"]),
        )
    )
    click.echo("\n".join(f"  | {text}" for text in several_lines(line["reply"]).split("\n")))
