"""What a part is that is no text of the mail, and a name for it that is safe to show and to store.

Nothing is unpacked, rendered or trusted: the kind is what the part says of itself.
"""

import re

from maildesk.read import limits
from maildesk.read.charset import clean_line
from maildesk.read.header import decode_words, read_header
from maildesk.read.mime import MESSAGES, Part, is_message

_REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/global-disposition-notification",
        "message/feedback-report",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
_KINDS = {
    **dict.fromkeys(_REPORTS, "report"),
    **dict.fromkeys(MESSAGES, "message"),
    **dict.fromkeys(("text/calendar", "text/x-vcalendar", "application/ics"), "calendar"),
    **dict.fromkeys(("application/ms-tnef", "application/vnd.ms-tnef"), "tnef"),
    **dict.fromkeys(("application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"), "encrypted"),
    **dict.fromkeys(
        ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"), "signature"
    ),
}
_BY_NAME = {"winmail.dat": "tnef", "smime.p7m": "encrypted", "smime.p7s": "signature"}

_LONGEST_ENDING = 20
_UNSAFE = re.compile(r'[<>:"|?*\x00-\x1f]')
_ENDINGS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "image/svg+xml": ".svg",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/rtf": ".rtf",
    "application/xml": ".xml",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/pgp-signature": ".asc",
    "application/ms-tnef": ".dat",
}


def is_report(part: Part) -> bool:
    """Whether a machine wrote the part about another mail (RFC 6522 and its users)."""
    return part.content_type in _REPORTS


def kind_of(part: Part, parent: str, shown_ids: frozenset[str]) -> str:
    """The kind of an attachment, as `Attachment.kind` names them.

    ``parent``: content type of the multipart around it; ``shown_ids``: the ids that the HTML shows by ``cid:``.
    """
    kind = _KINDS.get(part.content_type)
    if kind:
        return kind
    if parent == "multipart/encrypted":
        return "encrypted"
    return _BY_NAME.get(part.file_name.lower()) or ("inline" if _is_inline(part, parent, shown_ids) else "file")


def _is_inline(part: Part, parent: str, shown_ids: frozenset[str]) -> bool:
    """RFC 2392: shown within the HTML.  Many writers give every attachment an id, so an id alone proves nothing."""
    content_id = part.content_id
    if not content_id:
        return False
    if content_id in shown_ids:
        return True
    drawn = parent == "multipart/related" or part.content_type.startswith("image/")
    return drawn and part.disposition != "attachment"


def name_of(part: Part, octets: bytes) -> str:
    """The safe name of an attachment: its own, that of an attached message's subject, or one of its type."""
    if part.file_name:
        return safe_name(part.file_name) or _unnamed(part)
    if not is_message(part):
        return _unnamed(part)
    header = read_header(octets[: limits.HEADER_OCTETS], most=limits.PART_HEADER_FIELDS)
    subject = decode_words(header.value("subject")[: limits.SUBJECT_CHARACTERS])
    stem = safe_name(subject.replace("/", "-").replace("\\", "-"))[: limits.FILE_NAME_CHARACTERS - 4]
    return f"{stem or 'mail'}.eml"


def safe_name(name: str) -> str:
    """A file name without path, control characters and what file systems refuse, at most 150 characters; or empty."""
    base = clean_line(name).replace("\\", "/").rpartition("/")[2]
    base = _UNSAFE.sub("_", base).strip(". ")
    if len(base) <= limits.FILE_NAME_CHARACTERS:
        return base
    stem, dot, ending = base.rpartition(".")
    if not stem or len(ending) > _LONGEST_ENDING:
        return base[: limits.FILE_NAME_CHARACTERS]
    return stem[: limits.FILE_NAME_CHARACTERS - len(ending) - 1] + dot + ending


def _unnamed(part: Part) -> str:
    return "report.txt" if is_report(part) else "attachment" + _ENDINGS.get(part.content_type, "")
