"""Outgoing mail into a Maildir: the way out that works with nothing configured.

A mail is written to ``tmp``, synced, and renamed into ``new``; a reader never sees half of one.  Its name is made of
its content, so that a repeat after a crash finds the first copy instead of making a second.  Lines end with LF, as in
every Maildir: mutt shows the CR of others.  Refused: any ``Delivered-To``, which would make a mail that somebody
feeds to an MTA from here look like a loop.
"""

import os
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from maildesk.send.outcome import Outcome, State, closed, fault_of

NAME_DIGITS = 40
_SEEN_AS = ("new/{}", "cur/{}", "cur/{}:2,", "cur/{}:2,S")  # where a reader may have moved it in the meantime


class MaildirOut:
    """A Maildir, made (0700) where it is missing.  Several threads and processes may use the same one."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)

    def deliver(self, reverse_path: str, recipient: str, octets: bytes) -> Outcome:
        """One attempt; `maildesk.send.outcome.Courier` says the rest.

        The mail gets a ``Return-Path`` field, as final delivery adds it (RFC 5321 §4.4).
        """
        fault = fault_of(reverse_path, recipient, octets)
        if fault:
            return fault
        name = _name(reverse_path, recipient, octets)
        try:
            self._make()
            if not self._holds(name):
                self._write(name, b"Return-Path: <%s>\n%s" % (reverse_path.encode(), octets.replace(b"\r\n", b"\n")))
            _sync(self._path / "new")  # the name too must survive a power cut
        except OSError as error:  # a full disk, no permission: every mail would fare alike
            return closed(f"{self._path} cannot be written: {error.strerror or error}")
        return Outcome(State.SENT, text=f"written as {name}")

    def close(self) -> None:
        """Nothing is kept open."""

    def _make(self) -> None:
        for folder in ("tmp", "new", "cur"):
            target = self._path / folder
            if not target.is_dir():
                self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
                target.mkdir(mode=0o700, exist_ok=True)

    def _holds(self, name: str) -> bool:
        return any((self._path / place.format(name)).exists() for place in _SEEN_AS)

    def _write(self, name: str, octets: bytes) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._path / "tmp", prefix=f"{name}.")
        try:
            with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).rename(self._path / "new" / name)
        except OSError:
            with suppress(OSError):
                Path(temporary).unlink()
            raise


def _name(reverse_path: str, recipient: str, octets: bytes) -> str:
    digest = sha256(b"\0".join((reverse_path.encode(), recipient.encode(), octets))).hexdigest()
    return f"{digest[:NAME_DIGITS]}.maildesk"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
