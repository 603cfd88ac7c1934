# ruff: noqa: RUF001 - the tables are in many alphabets
"""Lead-in lines: "On Monday at 10:20, Bob <bob@acme.example> wrote:" in many languages, on one line or wrapped.

A lead-in is judged by what it holds (a verb of writing, a time, an address, a colon at its end), not by
whole patterns of one client, so that unknown languages pass too.
"""

import re
from collections.abc import Sequence

from maildesk.read.tables import words

_VERBS = words(
    """
wrote writes said schrieb schreibt geschrieben écrit ecrit écrivait escribió escribio escribe escreveu escreve scritto
scrisse scrive schreef geschreven schrijft napisał napisała napisal pisze skrev skreiv skrifaði kirjoitti kirjoittaa написал написала
написали пишет писал писала написав пише написа napsal napsala napsal napísal napísala írta írt scris yazdı yazdi yazmış έγραψε
viết menulis tulis כתב כתבה كتب เขียน napisao napisala escriure escrigué idatzi kirjutas rašė rakstīja quoting zitat zitiere citando
citat citando posted
"""
)
_UNSPACED_VERBS = ("写道", "寫道", "写了", "のメール", "書きました", "作成", "작성", "썼습니다", "님이")
_OPENERS = words(
    """on am le el op il em den dnia dne dňa at vào w på em no в у a am: da de la in zitat quoting mon tue wed thu fri sat sun
mo di mi do fr sa so lun mar mer jeu ven sam dim to ti ke pe la su ma 在 於 vom from- --- ---- ezt"""
)
_TIME = re.compile(r"(?<!\d)\d{1,2}(?:[:h.٫]|：)\d{2}(?!\d{2})")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_ZONED_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d (?:GMT|UTC)[+-]?\d{0,2}:?\d{0,2} \S")
_WORD = re.compile(r"\w+")
_ABBREVIATION = re.compile(r"(?:^|[\s.,])\w{1,5}\.$")
_COLONS = (":", "：")
_FRAME = "-— \t*_"
_WIDEST = 4  # lines
_LONGEST = 400  # characters
_TITLE_WORDS = 6


def lead_in_width(lines: Sequence[str], last: int, *, quote_follows: bool) -> int:
    """How many lines, ending with ``lines[last]``, are a lead-in; 0: none.  ``lines`` show no invisible marks."""
    if not ends_like_lead_in(lines[last]):
        return 0
    smallest = 0
    widest = 0
    for width in range(1, min(_WIDEST, last + 1) + 1):
        window = lines[last - width + 1 : last + 1]
        if width > 1 and not _continues(window[0]):
            break
        joined = " ".join(window)
        if len(joined) > _LONGEST:
            break
        if not _is_strong(joined):
            continue
        smallest = smallest or width
        if _opens(window[0]):
            widest = width
    return widest or smallest or int(quote_follows and _is_weak(lines[last]))


def ends_like_lead_in(line: str) -> bool:
    """Whether a line can be the last of a lead-in: asked of every line, so it is cheap."""
    bare = line.rstrip(" *_")
    if bare.endswith(_COLONS):
        return True
    if bare.startswith("---") and bare.endswith("---"):
        return True
    return _ZONED_STAMP.match(line) is not None and len(line) <= _LONGEST


def _continues(line: str) -> bool:
    """Whether a lead-in can go on after this line: it is neither empty nor the end of a sentence."""
    bare = line.rstrip()
    if not bare or bare.startswith(">"):
        return False
    return not bare.endswith((".", "!", "?", "…", *_COLONS)) or _ABBREVIATION.search(bare[-8:]) is not None


def is_dated(line: str) -> bool:
    """Whether a line of a few words names a date or a time of day."""
    return len(line.split()) <= _TITLE_WORDS and (_TIME.search(line) is not None or _YEAR.search(line) is not None)


def _opens(line: str) -> bool:
    bare = line.strip(_FRAME)
    first = bare.split(" ", 1)[0].rstrip(",.").casefold()
    return bare[:1].isdigit() or (first in _OPENERS and any(char.isdigit() for char in bare))


def _is_strong(joined: str) -> bool:
    """A lead-in by itself: somebody wrote at some time or from some address, or a time, a person and a colon."""
    bare = joined.strip(_FRAME)
    timed = _TIME.search(bare) is not None
    addressed = _has_address(bare)
    if _has_verb(bare):
        if joined.startswith("---") and joined.endswith("---"):
            return _brief(bare)
        return (timed and (_YEAR.search(bare) is not None or _opens(bare))) or (addressed and _brief(bare))
    if _ZONED_STAMP.match(bare):
        return True
    return timed and addressed and _YEAR.search(bare) is not None and bare.endswith(_COLONS)


def _is_weak(joined: str) -> bool:
    """A lead-in only because a quote follows it: "Bob wrote:" or "3 May, Bob:"."""
    bare = joined.strip(_FRAME)
    return _brief(bare) and (_has_verb(bare) or _YEAR.search(bare) is not None or (_opens(bare) and _has_address(bare)))


def _brief(bare: str) -> bool:
    return len(bare.split()) <= 25  # noqa: PLR2004 - a longer one is a sentence


def _has_verb(bare: str) -> bool:
    return any(word in _VERBS for word in _WORD.findall(bare.casefold())) or any(
        verb in bare for verb in _UNSPACED_VERBS
    )


def _has_address(bare: str) -> bool:
    return any("@" in word[1:-1] for word in bare.split())
