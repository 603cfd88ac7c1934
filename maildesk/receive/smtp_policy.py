"""What the intake says to MAIL and RCPT, and the trace field it writes: pure decisions.

They refuse what has no place in an address or a header field (control characters, octets that are no UTF-8);
otherwise they are generous, because the mail behind an odd address is real.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from maildesk.receive.data import OVER_LIMIT

OK_MAIL = "250 2.1.0 OK"
OK_RCPT = "250 2.1.5 OK"
SYNTAX_MAIL = "501 5.5.4 Syntax: MAIL FROM:<address> [SP parameters]"
SYNTAX_RCPT = "501 5.5.4 Syntax: RCPT TO:<address>"
BAD_REVERSE_PATH = "553 5.1.7 that is no address"
BAD_FORWARD_PATH = "553 5.1.3 that is no address"
BAD_BODY = "501 5.5.4 BODY is 7BIT or 8BITMIME"
BAD_PARAMETER = "555 5.5.4 parameter not known here"
NOT_OURS = "550 5.1.1 no such address here"
TOO_MANY_RECIPIENTS = "452 4.5.3 too many recipients"
MOST_RECIPIENTS = 100  # RFC 5321 §4.5.3.1.8: at least so many
GREETED_AWAY = "421 4.7.0 {}, try again later"
TROUBLE = "451 4.3.0 trouble here, try again later"
STOPPING = "421 4.3.2 this server is going down, try again later"
IDLE = "421 4.4.2 nothing was heard from you for too long"
TOO_LONG = "421 4.7.0 this session has lasted too long"
TOO_MANY_ERRORS = "421 4.7.0 too many errors"
TOO_MANY_COMMANDS = "421 4.7.0 too many commands without a mail"
TOO_MANY_MAILS = "450 4.7.1 too many mails from your address, try again later"
NEED_HELO = "503 5.5.1 say hello first"
NEED_MAIL = "503 5.5.1 need MAIL first"
NEED_RCPT = "503 5.5.1 need RCPT first"
NESTED_MAIL = "503 5.5.1 a mail is under way already"
TLS_ALREADY = "503 5.5.1 TLS has begun already"
NOT_OFFERED = "502 5.5.1 not offered here"
CANNOT_VERIFY = "252 2.5.2 cannot verify, but will take mail for our addresses"
GO_AHEAD = "354 End data with <CR><LF>.<CR><LF>"
KEPT = "250 2.6.0 kept as mail {}"  # `maildesk mail show` finds it by this

LONGEST_PATH = 512  # octets; RFC 5321 §4.5.3.1.3 asks for 256, rewritten return paths are longer
LONGEST_HELO = 255

_NOT_IN_HELO = re.compile(r"[^A-Za-z0-9.:_\[\]-]")


@dataclass(frozen=True, slots=True)
class MailCommand:
    """What MAIL said.  ``reverse_path`` ``""`` is the null path; ``size`` in octets, 0 where it was not declared."""

    reverse_path: str
    size: int
    smtputf8: bool


def read_mail_command(argument: str | None, limit: int) -> MailCommand | str:  # noqa: PLR0911 (a refusal each)
    """Read the argument of MAIL; a string is the reply that refuses it (RFC 5321 §4.1.1.2, RFC 1870, 6152, 6531)."""
    split = _split_path(argument, "FROM:")
    if split is None:
        return SYNTAX_MAIL
    path, parameters = split
    if path and not _is_address(path):
        return BAD_REVERSE_PATH
    size = parameters.pop("SIZE", "0")
    if not (size.isascii() and size.isdigit() and len(size) <= 20):  # noqa: PLR2004 (RFC 1870 §3: 20 digits)
        return SYNTAX_MAIL
    if int(size) > limit:
        return OVER_LIMIT
    if parameters.pop("BODY", "7BIT").upper() not in {"7BIT", "8BITMIME"}:
        return BAD_BODY
    smtputf8 = parameters.pop("SMTPUTF8", None)
    if parameters or smtputf8:
        return BAD_PARAMETER
    return MailCommand(path, int(size), smtputf8 is not None)


def read_rcpt_command(argument: str | None) -> tuple[str, str]:
    """Read the argument of RCPT: its forward-path and ``""``, or anything and the reply that refuses it."""
    split = _split_path(argument, "TO:")
    if split is None:
        return "", SYNTAX_RCPT
    path, parameters = split
    if not _is_address(path):
        return "", BAD_FORWARD_PATH
    return path, BAD_PARAMETER if parameters else ""


def is_ours(forward_path: str, desk_address: str) -> bool:
    """Whether mail for this path is the desk's.

    That is its address with any sub-address behind a ``+``, and the postmaster of its domain, with the domain or
    without (RFC 5321 §4.5.1).  Case does not count.
    """
    desk_local, _, desk_domain = desk_address.lower().rpartition("@")
    local, at, domain = forward_path.lower().rpartition("@")
    if not at:
        return domain == "postmaster"
    local = local.removeprefix('"').removesuffix('"')
    return domain == desk_domain and local.partition("+")[0] in {desk_local.partition("+")[0], "postmaster"}


def protocol_name(*, lmtp: bool, extended: bool, tls: bool, smtputf8: bool) -> str:
    """The ``with`` of a trace field (RFC 3848, RFC 6531 §4.3)."""
    if not (lmtp or extended):
        return "SMTP"
    kind = "LMTP" if lmtp else "SMTP"
    name = f"UTF8{kind}" if smtputf8 else "LMTP" if lmtp else "ESMTP"
    return name + "S" * tls


def received_field(*, helo: str, peer: str, host: str, protocol: str, mail_id: str, at: datetime) -> bytes:
    """Write the trace field of this hop (RFC 5321 §4.4).  ``peer`` is empty for a UNIX socket."""
    name = _NOT_IN_HELO.sub("?", helo[:LONGEST_HELO]) or "unknown"
    literal = f"IPv6:{peer}" if ":" in peer else peer
    source = f" ([{literal}])" if peer else ""
    field = f"Received: from {name}{source}\r\n\tby {host} with {protocol} id {mail_id};\r\n\t{format_datetime(at)}\r\n"
    return field.encode("ascii", "replace")


def _split_path(argument: str | None, keyword: str) -> tuple[str, dict[str, str]] | None:
    """Split ``FROM:<path> NAME=VALUE NAME`` into the path without brackets and source route, and the parameters."""
    if argument is None or argument[: len(keyword)].upper() != keyword:
        return None
    text = argument[len(keyword) :].strip()
    if not text.startswith("<"):
        path, _, rest = text.partition(" ")
        return (path, _parameters(rest)) if path else None
    end = text.rfind(">")  # no parameter that we know has a ">", a quoted local part may
    if end < 0:
        return None
    path = text[1:end].strip(" ")
    if path.startswith("@"):  # a source route is read and forgotten (RFC 5321 §4.1.1.3)
        path = path.partition(":")[2]
    return path, _parameters(text[end + 1 :])


def _parameters(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in text.split())
    return {name.upper(): value for name, _, value in pairs}


def _is_address(path: str) -> bool:
    """Whether the path can stand in a log, a header field and a database: no control, no lone surrogate, no bracket."""
    if not path.isprintable() or len(path) > LONGEST_PATH:
        return False
    local, _, _ = path.rpartition("@")
    quoted = local.startswith('"') and local.endswith('"') and len(local) > 1
    outside = path[len(local) :] if quoted else path
    return path not in {"", "@"} and not any(character in ' <>"' for character in outside)
