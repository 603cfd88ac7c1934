"""The attachments that go on with a notice, and the list of all of them."""

from collections.abc import Iterable

from maildesk.desk.notices import Enclosure
from maildesk.read.mail import Attachment
from maildesk.steps.post import PASS_ON_OCTETS
from maildesk.steps.reading import Reading


def enclosures(reading: Reading) -> tuple[tuple[Attachment, ...], tuple[Enclosure, ...]]:
    """The attachments that go to staff with the notice, and the list of all; a damaged mail goes along whole."""
    attachments = list(reading.mail.attachments)
    if reading.mail.faults:
        octets = reading.waiting.octets
        attachments.append(
            Attachment("mail-as-it-came.eml", "application/octet-stream", "file", len(octets), octets=octets)
        )
    return within(attachments, PASS_ON_OCTETS)


def within(attachments: Iterable[Attachment], octets: int) -> tuple[tuple[Attachment, ...], tuple[Enclosure, ...]]:
    """Those that fit into so many octets, in order, and the list of all."""
    enclosed: list[Attachment] = []
    listed: list[Enclosure] = []
    left = octets
    for attachment in attachments:
        fits = attachment.size <= left
        left -= attachment.size if fits else 0
        enclosed += [attachment] if fits else []
        listed.append(Enclosure(attachment.name, attachment.content_type, attachment.size, fits))
    return tuple(enclosed), tuple(listed)
