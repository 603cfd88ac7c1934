"""What a test needs of the machine: it is skipped with the reason where that is missing.

``MAILDESK_REAL=require`` turns each of these skips into a failure, so that CI cannot pass by testing nothing.
"""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

POSTGRES_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
_PROGRAMS = {  # what a need looks for, and the Debian package that brings it
    "dovecot": ("dovecot", "dovecot-imapd dovecot-lmtpd"),
    "postfix": ("postfix", "postfix"),
    "swaks": ("swaks", "swaks"),
    "mutt": ("mutt", "mutt"),
    "s-nail": ("s-nail", "s-nail"),
    "tmux": ("tmux", "tmux"),
    "strace": ("strace", "strace"),
    "faketime": ("faketime", "faketime"),
    "chromium": ("chromium", "chromium"),
    "openssl": ("openssl", "openssl"),
    "systemd-analyze": ("systemd-analyze", "systemd"),
    "systemd-sysusers": ("systemd-sysusers", "systemd"),
}
_SBIN = "/usr/sbin:/sbin"


def missing(need: str) -> str:
    """Why a need cannot be met here, or an empty string.  Needs: ``root``, ``postgres`` or a program."""
    if need == "root":
        return "" if os.geteuid() == 0 else "needs root"
    if need == "postgres":
        return _missing_postgres()
    if need == "postfix" and os.geteuid() != 0:
        return "a private Postfix needs root"
    name, package = _PROGRAMS.get(need, (need, need))
    return "" if program(name) else f"{name} is not installed (Debian: {package})"


def real(*needs: str) -> None:
    """Skip the test, or fail it under ``MAILDESK_REAL=require``, if one of ``needs`` is missing."""
    reasons = [reason for need in needs if (reason := missing(need))]
    if not reasons:
        return
    if os.environ.get("MAILDESK_REAL") == "require":
        pytest.fail("MAILDESK_REAL=require: " + "; ".join(reasons), pytrace=False)
    pytest.skip("; ".join(reasons))


def program(name: str) -> str | None:
    """The path of a program; servers stand in sbin, which is not in everybody's PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SBIN}")


def _missing_postgres() -> str:
    if not (POSTGRES_PROGRAMS / "initdb").exists():
        return "PostgreSQL 15 is not installed (Debian: postgresql-15)"
    if find_spec("psycopg") is None:
        return "psycopg is not installed (the extra `postgres`)"
    return ""
