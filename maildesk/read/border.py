"""Whether the border of the firm's mail removes a field that a stranger forged in its name, told from one stored mail.

Somebody sends the desk a mail with such a field from outside.  Beside it stands a field that no border removes, so that
a mail without any forged field proves nothing.
"""

from dataclasses import dataclass

from maildesk.read.mail import Envelope, Mail
from maildesk.read.trust import (
    INTERNAL_FIELD,
    MICROSOFT_365,
    authserv_id,
    border_fields,
    is_believable,
    without_our_hop,
)

WITNESS_FIELD = "X-Maildesk-Border"


@dataclass(frozen=True, slots=True)
class Trial:
    """What one mail says of the border."""

    holds: bool
    words: str


def forged_field(border: str, code: str) -> str:
    """The field to forge, as one line of a header."""
    if border.lower() == MICROSOFT_365:
        return f"{INTERNAL_FIELD}: Internal"
    return f"Authentication-Results: {authserv_id(border)}; dmarc=pass header.from={_forged_domain(code)}"


def trial(mail: Mail, envelope: Envelope, border: str, code: str) -> Trial:
    """Whether this mail, which was sent with `forged_field` and the witness, shows that the border can be believed."""
    if not is_believable(envelope):
        return Trial(False, "it came neither from a mailbox nor from a peer in receive.smtp.trusted")
    if code not in (value.strip() for value in mail.values(WITNESS_FIELD)):
        return Trial(False, f"it has no {WITNESS_FIELD}: {code}, so nobody can tell what was forged in it")
    if border.lower() == MICROSOFT_365:
        return _of_microsoft(mail)
    if any(_forged_domain(code) in value.lower() for value in mail.values("Authentication-Results")):
        return Trial(False, "the forged Authentication-Results is still in it: do not believe this border")
    if not border_fields(without_our_hop(mail, envelope), authserv_id(border)):
        return Trial(False, f"it has no Authentication-Results of {authserv_id(border)} where the border writes them")
    return Trial(True, "the border has written its own results and removed the forged ones")


def _of_microsoft(mail: Mail) -> Trial:
    stated = [value.strip().lower() for value in mail.values(INTERNAL_FIELD)]
    if "internal" in stated:
        return Trial(False, f"the forged {INTERNAL_FIELD} is still in it: do not believe this border")
    if not stated:
        return Trial(False, f"it has no {INTERNAL_FIELD}: it did not come through Microsoft 365")
    return Trial(True, f"the border has written {INTERNAL_FIELD} itself")


def _forged_domain(code: str) -> str:
    return f"forged-{code}.invalid"
