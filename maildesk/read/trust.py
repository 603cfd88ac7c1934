"""What authority a mail has: From is a claim, and only two things stand behind it (mail-rules, "Authority").

*Addressed*: the mail carries a signed id that we made for its writer.  *Passed*: the border of the firm's mail
says that the mail's domain sent it.  Nothing that the sender can write himself counts: a border's field is
believed only where the way of the mail guarantees that the border wrote it, and contradicting fields are none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from maildesk.desk.token import Purpose
from maildesk.read.authentication_results import AuthenticationResults, Result, read_authentication_results
from maildesk.read.mail import Envelope, Mail
from maildesk.read.thread import Clues

OUR_HOP = "by maildesk."  # how our intake names itself in its Received
NO_BORDER = "none"
MICROSOFT_365 = "microsoft365"
GMAIL = "gmail"
_GMAIL_ID = "mx.google.com"
INTERNAL_FIELD = "X-MS-Exchange-Organization-AuthAs"
MOST_OFF = timedelta(days=3)  # a mail whose Date is further off may be an old one, sent again
_MIN_LABELS = 2  # a signature of a whole top-level domain aligns with nobody


class Standing(StrEnum):
    """What the register and the ticket say of the address in From."""

    STAFF = "staff"
    MANAGER = "manager"
    REQUESTER = "requester"
    PARTICIPANT = "participant"
    STRANGER = "stranger"


_FIRM = frozenset({Standing.STAFF, Standing.MANAGER})


@dataclass(frozen=True, slots=True)
class Authority:
    """How much a mail may ask for.  It is stored with the mail and shown by ``mail explain``."""

    role: Standing
    addressed: bool  # a signed id made for this writer in this role
    purpose: Purpose | None  # of the strongest signed id, whether or not it is one of this role
    ticket: int | None  # that signed id's
    passed: bool  # the border vouches for From's domain
    why: str  # of the pass, or why there is none
    burned: bool = False  # people outside the firm have seen every such id that it carries
    stale: bool = False  # its Date is more than 3 days off

    @property
    def summary(self) -> str:
        """The authority in words."""
        addressed = "addressed" if self.addressed else "not addressed"
        if self.purpose is not None:
            addressed += f" ({self.purpose.name.lower()} id of ticket {self.ticket})"
        addressed += ", burned" if self.burned else ""
        off = "; its Date is more than 3 days off" if self.stale else ""
        return f"{self.role}, {addressed}, {'passed' if self.passed else 'not passed'}: {self.why}{off}"

    def to_json(self) -> dict[str, str | int | bool | None]:
        """As it is stored; every key always there."""
        return {
            "role": str(self.role),
            "addressed": self.addressed,
            "purpose": str(self.purpose) if self.purpose else None,
            "ticket": self.ticket,
            "passed": self.passed,
            "why": self.why,
            "burned": self.burned,
            "stale": self.stale,
        }


def authority(mail: Mail, envelope: Envelope, clues: Clues, *, role: Standing, border: str) -> Authority:
    """The authority of a mail whose From has ``role``.  ``border``: none, microsoft365, gmail or the border's host."""
    mail = without_our_hop(mail, envelope)
    wanted = Purpose.STAFF if role in _FIRM else Purpose.CUSTOMER
    fitting = next((proof for proof in clues.proofs if proof.purpose is wanted), None)
    shown = fitting or clues.proof
    passed, why = _passed(mail, envelope, border.strip().lower())
    return Authority(
        role=role,
        addressed=fitting is not None,
        purpose=shown.purpose if shown else None,
        ticket=shown.ticket if shown else None,
        passed=passed,
        why=why,
        stale=_is_stale(mail.date, envelope.received_at),
    )


def _is_stale(date: datetime | None, received_at: datetime) -> bool:
    """Without a Date, or with one that names no zone, it is judged by what there is."""
    if date is None:
        return False
    return abs((date if date.tzinfo else date.replace(tzinfo=UTC)) - received_at) > MOST_OFF


def authserv_id(border: str) -> str:
    """The name that a border writes into its Authentication-Results."""
    return _GMAIL_ID if border.lower() == GMAIL else border.lower()


def is_believable(envelope: Envelope) -> bool:
    """Whether a border's fields count at all, by the way that the mail came."""
    return envelope.source == "imap" or envelope.peer_trusted


def without_our_hop(mail: Mail, envelope: Envelope) -> Mail:
    """The mail as the peer gave it: our own SMTP intake has put its Received above the border's fields."""
    ours = envelope.source in ("smtp", "lmtp") and mail.fields[:1] and mail.fields[0][0].lower() == "received"
    return replace(mail, fields=mail.fields[1:]) if ours and OUR_HOP in mail.fields[0][1] else mail


def _passed(mail: Mail, envelope: Envelope, border: str) -> tuple[bool, str]:
    """Whether the border vouches for From's domain, and why or why not."""
    if border in ("", NO_BORDER):
        return False, "no border is set"
    if not is_believable(envelope):
        return False, "came neither from a mailbox nor from a trusted peer"
    if len(mail.values("From")) > 1 or len(mail.from_) != 1:
        return False, "From is not one address"
    if border == MICROSOFT_365:
        return _internal(mail)
    return _aligned(mail, authserv_id(border))


def _internal(mail: Mail) -> tuple[bool, str]:
    """Microsoft 365 marks its own users' mail, and removes the mark from everybody else's."""
    said = {value.strip().lower() for value in mail.values(INTERNAL_FIELD)}
    if said == {"internal"}:
        return True, f"{INTERNAL_FIELD}: Internal"
    if len(said) > 1:
        return False, f"contradicting {INTERNAL_FIELD}"
    return False, f"{INTERNAL_FIELD} does not say Internal"


def _aligned(mail: Mail, border: str) -> tuple[bool, str]:
    """DMARC's word, which is about From's domain; where it has none, an aligned DKIM signature (RFC 7489 §3.1)."""
    fields = border_fields(mail, border)
    if not fields:
        return False, f"no Authentication-Results of {border} above the older hops"
    domain = mail.from_[0].domain
    dmarc = {_dmarc(results, domain) for results in fields} - {""}
    if len(dmarc) > 1:
        return False, f"contradicting DMARC results of {border}"
    if dmarc == {"pass"}:
        return True, f"dmarc=pass for {domain} by {border}"
    if dmarc == {"fail"}:
        return False, f"dmarc=fail for {domain} by {border}"
    return _signed(fields, domain, border)


def _dmarc(field: AuthenticationResults, domain: str) -> str:
    """What one field says by DMARC of ``domain``; nothing where it does not speak of it, "fail" where it disagrees."""
    said = {_dmarc_result(result, domain) for result in field.results if result.method == "dmarc"} - {""}
    return "fail" if len(said) > 1 else next(iter(said), "")


def _dmarc_result(result: Result, domain: str) -> str:
    if result.result != "pass":
        return result.result
    about = result.properties.get("header.from", "").rstrip(".")
    return "pass" if about == domain else "fail" if about else ""


def _signed(fields: Iterable[AuthenticationResults], domain: str, border: str) -> tuple[bool, str]:
    """Whether a signature of From's domain was verified, and no field of the border says otherwise of that signer."""
    verdicts: dict[str, list[set[str]]] = {}
    for field in fields:
        said: dict[str, set[str]] = {}
        for result in field.results:
            signer = _signing_domain(result)
            if result.method == "dkim" and _aligns(signer, domain):
                said.setdefault(signer, set()).add(result.result)
        for signer, results in said.items():
            verdicts.setdefault(signer, []).append(results)
    for signer, stated in sorted(verdicts.items()):
        if all("pass" in results for results in stated):
            return True, f"dkim=pass of {signer} by {border}"
    if any("pass" in results for stated in verdicts.values() for results in stated):
        return False, f"contradicting DKIM results of {border}"
    return False, f"{border} states neither dmarc=pass nor an aligned dkim=pass for {domain}"


def _signing_domain(result: Result) -> str:
    """d= of a signature, or the domain of its i=, which lies within d= (RFC 6376 §3.5)."""
    stated = result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]
    return stated.rstrip(".")


def _aligns(signer: str, domain: str) -> bool:
    """Whether the signer is From's domain or a parent of it.  A subdomain does not speak for its parent here."""
    return signer.count(".") >= _MIN_LABELS - 1 and (domain == signer or domain.endswith(f".{signer}"))


def border_fields(mail: Mail, border: str) -> list[AuthenticationResults]:
    """The border's own Authentication-Results: with its id, and above every Received that is older than its own."""
    end = _older_hops(mail, border)
    values = (value for name, value in mail.fields[:end] if name.lower() == "authentication-results")
    fields = (read_authentication_results(value) for value in values)
    return [field for field in fields if field.authserv_id == border]


def _older_hops(mail: Mail, border: str) -> int:
    """The index of the first Received that the border found in the mail, not wrote; everything below may be forged.

    That is the one below the topmost ``Received: ... by BORDER``.  Where the border writes none, or is named
    otherwise in it, every Received may be older.
    """
    received = [index for index, (name, _) in enumerate(mail.fields) if name.lower() == "received"]
    for position, index in enumerate(received):
        if _is_by(mail.fields[index][1], border):
            return received[position + 1] if position + 1 < len(received) else len(mail.fields)
    return received[0] if received else len(mail.fields)


def _is_by(received: str, border: str) -> bool:
    """Whether a Received was written by the border: its by-clause names the border or a host of its domain."""
    words = received.lower().replace(";", " ").split()
    hosts = (following for word, following in pairwise(words) if word == "by")
    host = next(hosts, "").rstrip(".")
    return host == border or host.endswith(f".{border}")
