"""Subjects, and other single lines that strangers wrote, made fit to be repeated by the desk.

It refuses everything that could act or mislead: links, addresses, our own ticket tags, control characters,
invisible and direction-changing ones.  Pure, and linear in what it reads.
"""

import re
import unicodedata

SHORT = 65  # characters of a cleaned subject
_READ = 1000  # characters of a subject that are looked at
LINK, ADDRESS = "(link)", "(address)"

INVISIBLE = (
    "\x00-\x1f\x7f-\x9f"  # controls; white space among them is folded first
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"  # zero width and direction marks
    "\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"  # bidi, interlinear, tag characters
)
_UNSEEN = re.compile(f"[{INVISIBLE}\u200c\u200d]")  # joiners too: they hide a link from us, not from a mail client
_TAG = re.compile(r"\[[a-z][a-z0-9]{0,15}-\d{1,12}\]", re.IGNORECASE)
_REPLY = re.compile(
    r"(?:re|aw|antw|antwort|sv|vs|vl|vb|fwd?|wg|tr|rv|res|enc|rif|odp|pd|ynt|ilt|doorst|bls|atb|"
    r"отв|ответ|回复|答复|回覆|转发|轉寄|転送|返信)(?: ?[\[(]\d{1,3}[\])]|\^\d{1,3})? ?:",
    re.IGNORECASE,
)
_ADDRESS_IN = re.compile(r"[^\s@]@[^\s@]")
_LINK_IN = re.compile(
    r"://|^\W*www\.|^\W*(?:mailto|tel|sms|javascript|data|file):|\\\\|\.[\w-]{1,63}(?::\d{1,5})?/", re.IGNORECASE
)
_ENDING = re.compile(r"[^\W_][.。｡]([^\W\d_][\w-]+)")  # may end a domain: mail clients make links of bare names
_NO_DOMAIN = re.compile(
    r"bak|bmp|cfg|conf|css?|csv|dat|db|dll|docx?|eml|exe|gif|gz|html?|ini|jar|java|js|jpe?g|json|log|msg|pdf|php|png"
    r"|pptx?|rb|rtf|sql|tar|tiff?|tsx?|txt|war|xlsx?|xml|ya?ml",
    re.IGNORECASE,
)


def one_line(text: str) -> str:
    """The text as a single line: white space folded, nothing in it that is invisible or changes direction."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(_UNSEEN.sub("", " ".join(text.split())).split())


def shorten(text: str, most: int) -> str:
    """At most ``most`` characters of a line, cut between words where there is a place, with dots for the rest."""
    if len(text) <= most:
        return text
    head = text[: most - 3]
    words = head.rpartition(" ")[0]
    return (words if len(words) > most // 2 else head).rstrip() + "..."


def clean_subject(subject: str, prefix: str = "") -> str:
    """A stranger's subject as the acknowledgement may repeat it: at most `SHORT` characters, "" if nothing is left.

    Reply and forward marks go, and so do tags like ``[CB-1042]``: those of ``prefix``, or of any prefix where
    none is given.  Links and addresses give way to a word, because an acknowledgement that repeats them could
    be made to carry advertising to anybody.
    """
    line = one_line(unicodedata.normalize("NFKC", subject[:_READ]))[:_READ]
    line = _without_replies(one_line(_TAG.sub(lambda tag: _kept(tag[0], prefix), line)))
    words = [_harmless(word) for word in line.split()]
    return shorten(
        " ".join(word for at, word in enumerate(words) if word != LINK or words[at - 1 : at] != [LINK]), SHORT
    )


def _kept(tag: str, prefix: str) -> str:
    ours = not prefix or tag[1:].lower().startswith(f"{prefix.lower()}-")
    return " " if ours else tag


def _without_replies(line: str) -> str:
    while found := _REPLY.match(line):
        line = line[found.end() :].lstrip()
    return line


def _harmless(word: str) -> str:
    if _ADDRESS_IN.search(word):
        return ADDRESS
    if _LINK_IN.search(word):
        return LINK
    endings = _ENDING.findall(word)
    return LINK if any(not _NO_DOMAIN.fullmatch(ending) for ending in endings) else word
