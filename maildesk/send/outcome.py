"""What came of one attempt to send, and how a relay's answer is judged.  Pure; it refuses to guess success.

Three things decide: the step at which the relay answered, its reply code (RFC 5321 §4.2.1: 4yz for now, 5yz for
good), and whether the refusal is about this one mail or about us, who may not send at all.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

TEXT_CHARACTERS = 500
GO_ON = 354  # RFC 5321 §4.3.2: the relay waits for the mail
CLOSING = 421  # RFC 5321 §3.8: the relay shuts the channel down
SIZE_EXCEEDED = 552
_WORDS_READ = 4 * TEXT_CHARACTERS  # of a longer answer nobody reads the rest
_NOT_LOGGED_IN = frozenset({530, 534, 535, 538})  # RFC 4954 §6
_TOO_LARGE = ("5.2.3", "5.3.4")  # RFC 3463 §3.3, §3.4: a repeat is not smaller
_PATH = re.compile(r"[ -;=?-~]{1,254}")  # printable ASCII without < and >: it cannot end the path it stands in
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")


class State(StrEnum):
    """What is known of the mail after the attempt."""

    SENT = "sent"
    DEFERRED = "deferred"  # nothing was taken; worth another attempt
    FAILED = "failed"  # refused for good
    UNKNOWN = "unknown"  # handed over whole, and no answer came: it may be a second copy that we send next


class Step(StrEnum):
    """Where in the dialogue an answer was given."""

    LOGIN = "login"  # greeting, EHLO, STARTTLS and AUTH: before any mail is spoken of
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    END = "end of data"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to.

    ``code`` is the relay's reply code, None where it gave none; ``text`` its words, printable, at most
    `TEXT_CHARACTERS`, never a secret.  ``connected`` False: the relay (or the Maildir) could not be used at all,
    so that every other mail would fare alike.  ``alarming``: waiting will not mend it, a person must.
    """

    state: State
    code: int | None = None
    text: str = ""
    connected: bool = True
    alarming: bool = False


class Courier(Protocol):
    """A way out, used by one thread at a time."""

    def deliver(self, reverse_path: str, recipient: str, octets: bytes) -> Outcome:
        """One attempt to hand over a finished mail; ``reverse_path`` ``""`` is the null path.  Never raises."""

    def close(self) -> None:
        """Let go of what is kept open; the next `deliver` opens it again."""


def clean(words: str | bytes) -> str:
    """A stranger's words on one line: printable characters only, at most `TEXT_CHARACTERS`."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    shown = "".join(char if char.isprintable() else " " for char in text[:_WORDS_READ])
    return " ".join(shown.split())[:TEXT_CHARACTERS]


def enhanced_status(text: str) -> str:
    """The enhanced status code that an answer begins with (RFC 2034 §4), or an empty string."""
    found = _ENHANCED.match(text)
    return found[0] if found else ""


def fault_of(reverse_path: str, recipient: str, octets: bytes) -> Outcome | None:
    """Why a mail must not leave by any way, or None."""
    if not _PATH.fullmatch(recipient):  # RFC 5321 §4.1.2; beyond ASCII it would need RFC 6531
        return Outcome(State.FAILED, text="the recipient is no address that can be sent to")
    if reverse_path and not _PATH.fullmatch(reverse_path):
        return Outcome(State.FAILED, text="the return path is no address")
    if not octets.count(b"\r") == octets.count(b"\n") == octets.count(b"\r\n"):
        # RFC 5321 §2.3.8: servers differ on what such a line ends, so that one mail could be read as two.
        return Outcome(State.FAILED, text="the mail holds a bare CR or LF")
    return None


def judge(step: Step, code: int, words: str | bytes) -> Outcome | None:
    """What the relay's answer at a step before the end of the mail means; None: go on with the next step."""
    return None if _accepted(step, code) else _refusal(step, code, clean(words))


def judge_end(code: int, words: str | bytes) -> Outcome:
    """What the relay's answer to the whole mail means."""
    if _accepted(Step.END, code):
        return Outcome(State.SENT, code, clean(words))
    if not _permanent(code) and not _transient(code):  # neither taken nor refused, in no language that we know
        return Outcome(State.UNKNOWN, code, clean(words))
    return _refusal(Step.END, code, clean(words))


def lost(step: Step, reason: str) -> Outcome:
    """What the end of the connection (or silence) at ``step`` means."""
    if step is Step.END:
        return Outcome(State.UNKNOWN, text=clean(f"no answer after the end of the mail: {reason}"))
    text = clean(f"the connection was lost at {step}: {reason}")
    return Outcome(State.DEFERRED, text=text, connected=step is not Step.MAIL)


def closed(text: str, code: int | None = None, *, alarming: bool = False) -> Outcome:
    """The way out cannot be used at all: whatever the code, the mail is not to blame and waits."""
    return Outcome(State.DEFERRED, code, clean(text), connected=False, alarming=alarming)


def _accepted(step: Step, code: int) -> bool:
    return code == GO_ON if step is Step.DATA else code // 100 == 2  # noqa: PLR2004 - RFC 5321 §4.2.1


def _permanent(code: int) -> bool:
    return code // 100 == 5  # noqa: PLR2004 - RFC 5321 §4.2.1


def _transient(code: int) -> bool:
    return code // 100 == 4  # noqa: PLR2004 - RFC 5321 §4.2.1


def _refusal(step: Step, code: int, text: str) -> Outcome:
    if step is Step.LOGIN or code in _NOT_LOGGED_IN:
        return closed(text, code, alarming=_permanent(code))
    if _permanent(code):
        return _permanent_refusal(step, code, text)
    # At MAIL 421 means us, whoever the mail is for: the relay takes nothing at all now (RFC 5321 §3.8).
    return Outcome(State.DEFERRED, code, text, connected=(step, code) != (Step.MAIL, CLOSING))


def _permanent_refusal(step: Step, code: int, text: str) -> Outcome:
    status = enhanced_status(text)
    too_large = status in _TOO_LARGE or (code == SIZE_EXCEEDED and not status)
    if step is Step.MAIL and not too_large:
        # What is refused here is our own return path, of which the recipient knows nothing: the settings can be
        # mended while the mail waits.  A mail that is too large (RFC 1870 §6.1) stays so.
        return Outcome(State.DEFERRED, code, text, alarming=True)
    if step is Step.RCPT and code == SIZE_EXCEEDED and status not in _TOO_LARGE:
        # RFC 5321 §4.5.3.1.10: 552 to RCPT is to be taken as temporary ("too many recipients" in RFC 821); with
        # one recipient it says that his mailbox is full, which passes too (RFC 3463 §3.3, X.2.2).
        return Outcome(State.DEFERRED, code, text)
    return Outcome(State.FAILED, code, text)
