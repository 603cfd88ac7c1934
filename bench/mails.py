"""The benchmark's mails, made of a seed: the same seed and batch give the same mails, and no mail is given twice.

*small* is plain text of 2.6 KB.  *mixed* is 70 % plain text of 1 to 6 KB, 20 % HTML replies with what they quote,
8 % with a PDF of 50 to 500 KB and 2 % with one of 5 MB, spread evenly.  Each mail is from a sender of its own, opens a
ticket of its own, and has CRLF line ends.
"""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

DESK = "support@desk.test"
MIXES = ("small", "mixed")
KB, MB = 1000, 1_000_000
SMALL = 2600  # octets, with the header
_STRIDE, _SHIFT = 37, 50  # spread the kinds over each hundred mails

_TEXT = (
    "the a our your this that since after before when while nobody everybody page pages site sites filter proxy policy "
    "update certificate office network customer partner server address report morning evening colleague account portal "
    "loads fails opens blocks times out shows returns answers changed installed restarted works does not cannot again "
    "slowly sometimes always only with without from to in on at for and but because so please kindly regards error 502 "
    "504 browser connection category rule exception list gateway tunnel branch London Leeds Bristol screen log entry"
)
_WORDS = _TEXT.split()
_NAMES = ("Ann", "Bob", "Carla", "Dev", "Edith", "Farid", "Grace", "Hugo", "Ines", "Jon")
_FAMILIES = ("Archer", "Brown", "Costa", "Dale", "Evans", "Fischer", "Gray", "Hall", "Iqbal", "Jones")


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished mail.  ``message_id`` is with its angle brackets."""

    sender: str
    message_id: str
    octets: bytes


def mails(mix: str, count: int, batch: str, seed: int = 22, now: datetime | None = None) -> Iterator[Mail]:
    """``count`` mails of a mix; another ``batch`` gives others.  ``now`` is their date."""
    date = format_datetime(now or datetime.now(UTC))
    for number in range(count):
        chance = random.Random(f"{seed} {batch} {number}")
        yield _mail(chance, number, batch, date, "small" if mix == "small" else kind_of(number))


def kind_of(number: int) -> str:
    """Of which kind a mail of the mixed batch is."""
    place = (number * _STRIDE + _SHIFT) % 100
    for share, kind in ((2, "huge"), (10, "large"), (30, "html")):
        if place < share:
            return kind
    return "plain"


def _mail(chance: random.Random, number: int, batch: str, date: str, kind: str) -> Mail:
    first = chance.choice(_NAMES)
    name = f"{first} {chance.choice(_FAMILIES)}"
    domain = f"customer{number % 97}.test"
    sender = f"{first.lower()}.{batch}.{number}@{domain}"
    message_id = f"<{chance.getrandbits(96):024x}.{number}@{domain}>"
    subject = ("Re: " if kind == "html" else "") + _sentence(chance)[:60].strip()
    header = (
        f"Received: from mail.{domain} (mail.{domain} [192.0.2.{number % 250}])\r\n"
        f"\tby mx.desk.test with ESMTPS id {number:08x}; {date}\r\n"
        f"From: {name} <{sender}>\r\nTo: {DESK}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: {message_id}\r\n"
        "MIME-Version: 1.0\r\n"
    )
    body = _BODIES[kind](chance, name, header)
    return Mail(sender, message_id, (header + body).encode("ascii"))


def _sentence(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS, k=chance.randint(6, 14))).capitalize() + "."


def _text(chance: random.Random, name: str, octets: int) -> str:
    """A letter of about so many octets: greeting, paragraphs of several lines, signature."""
    begin = "Hello support,\r\n\r\n"
    end = f"\r\nKind regards\r\n{name}\r\n--\r\nExample Holdings Ltd\r\nPhone: 020 7946 0{chance.randint(100, 999)}\r\n"
    lines: list[str] = []
    room = octets - len(begin) - len(end)
    while room > 0:
        line = _sentence(chance)[: max(1, room - 2)] + ("\r\n" if chance.random() < 0.8 else "\r\n\r\n")
        lines.append(line)
        room -= len(line)
    return begin + "".join(lines) + end


def _plain_part(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{text}"


def _small(chance: random.Random, name: str, header: str) -> str:
    return _plain_part(_text(chance, name, SMALL - len(header) - len(_plain_part(""))))


def _plain(chance: random.Random, name: str, _: str) -> str:
    return _plain_part(_text(chance, name, chance.randint(1 * KB, 6 * KB)))


def _html(chance: random.Random, name: str, _: str) -> str:
    """What a mail program makes of an answer: the new text over the old, as text and as HTML with its styles."""
    new, old = _text(chance, name, 800), _text(chance, "Ann Archer", 3000)
    lead = "On Mon, 2 Nov 2026 at 09:12, Ann Archer <ann@example.test> wrote:"
    text = f"{new}\r\n{lead}\r\n" + "".join(f"> {line}\r\n" for line in old.splitlines())
    style = "".join(f"p.Mso{n} {{margin:0cm; font-size:11.0pt; font-family:Calibri,sans-serif}}\r\n" for n in range(20))
    html = (
        f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><style>\r\n{style}</style>'
        f"</head><body>\r\n{_paragraphs(new)}<div class=gmail_quote><div dir=ltr class=gmail_attr>{lead.replace('<', '&lt;')}"
        f"<br></div><blockquote class=gmail_quote>\r\n{_paragraphs(old)}</blockquote></div></body></html>\r\n"
    )
    html_part = f"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{html}"
    return "In-Reply-To: <old@example.test>\r\nReferences: <old@example.test>\r\n" + _multipart(
        chance, "alternative", _plain_part(text), html_part
    )


def _paragraphs(text: str) -> str:
    return "".join(f'<p class=Mso1><span lang="EN-GB">{line}</span></p>\r\n' for line in text.splitlines())


def _large(chance: random.Random, name: str, _: str) -> str:
    return _with_pdf(chance, name, chance.randint(50 * KB, 500 * KB))


def _huge(chance: random.Random, name: str, _: str) -> str:
    return _with_pdf(chance, name, 5 * MB)


def _with_pdf(chance: random.Random, name: str, octets: int) -> str:
    content = base64.encodebytes(b"%PDF-1.4\n" + chance.randbytes(octets)).replace(b"\n", b"\r\n").decode("ascii")
    part = (
        'Content-Type: application/pdf; name="report.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="report.pdf"\r\n\r\n{content}'
    )
    return _multipart(chance, "mixed", _plain_part(_text(chance, name, 1500)), part)


def _multipart(chance: random.Random, subtype: str, *parts: str) -> str:
    mark = f"=_{chance.getrandbits(64):016x}"
    body = "".join(f"--{mark}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{subtype}; boundary="{mark}"\r\n\r\n{body}--{mark}--\r\n'


_BODIES: dict[str, Callable[[random.Random, str, str], str]] = {
    "small": _small,
    "plain": _plain,
    "html": _html,
    "large": _large,
    "huge": _huge,
}
