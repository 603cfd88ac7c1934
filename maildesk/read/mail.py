"""What a mail says, once read: the facts that every later stage works on.

A ``Mail`` is made by `maildesk.read.parse.read_mail` and by nothing else.  It never holds our opinion of
the mail (`maildesk.read.classify`) nor anything that the sender did not write into it; what the
transport knows stands in `Envelope`.
"""

from dataclasses import dataclass, field
from datetime import datetime

NULL_REVERSE_PATH = ""


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox of a header field: ``name <address>``; ``address`` is ASCII-cleaned ``local@domain`` as written."""

    address: str
    name: str = ""

    @property
    def key(self) -> str:
        """The form in which two addresses are compared: lower case."""
        return self.address.lower()

    @property
    def domain(self) -> str:
        """What stands behind the last ``@``, in lower case."""
        return self.key.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of the mail that is no text of it.

    ``name`` is safe to show and to store: no path, no control character, never empty, at most 150 characters.
    ``kind`` is one of file, inline, message, calendar, signature, encrypted, tnef, report.
    """

    name: str
    content_type: str
    kind: str
    size: int  # octets, decoded
    content_id: str = ""
    octets: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the transport knew of a mail.

    ``reverse_path``: ``""`` is the null path ``<>`` (RFC 5321 §4.5.5), None is unknown.
    ``received_at``: UTC, when the firm's mail system had the mail [Procedure, Time].
    """

    source: str  # smtp, lmtp, imap, import
    received_at: datetime
    reverse_path: str | None = None
    forward_paths: tuple[str, ...] = ()
    peer: str = ""
    peer_trusted: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """The facts of one mail.  Every text is valid Unicode without NUL and lone surrogates."""

    fields: tuple[tuple[str, str], ...] = ()  # header fields in order, names as written, values unfolded and undecoded
    from_: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    date: datetime | None = None  # UTC; a claim of the sender, never used for a clock
    message_id: str = ""  # without angle brackets, strict grammar or empty
    in_reply_to: tuple[str, ...] = ()  # the same grammar
    references: tuple[str, ...] = ()  # oldest first
    content_type: str = "text/plain"  # of the whole mail, lower case
    content_type_parameters: tuple[tuple[str, str], ...] = ()
    text: str = ""  # what a person reads: the plain text, or the HTML's text where there is none
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    reports: tuple[tuple[str, str], ...] = ()  # (content type, text) of message/* and text/rfc822-headers parts
    faults: tuple[str, ...] = ()  # what was broken, guessed or cut, in words for staff

    def values(self, name: str) -> list[str]:
        """All values of a header field, in order; names compare without case."""
        wanted = name.lower()
        return [value for field_name, value in self.fields if field_name.lower() == wanted]

    def value(self, name: str) -> str:
        """The first value of a header field, or an empty string."""
        return next(iter(self.values(name)), "")

    @property
    def sender(self) -> Address | None:
        """The one person who is answered: the first usable address in From, or nobody."""
        return self.from_[0] if self.from_ else None
