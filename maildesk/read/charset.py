"""Octets to text, and text made clean: the allow-list of charsets, and what no text of a mail may hold.

Python's codecs also turn base64, zlib, rot13, idna, punycode or escapes into something; none of these is a charset
and none is ever asked.  Nothing here raises on any octets or any label.
"""

import codecs
import re

from maildesk.read import limits

_LATIN = "cp1252"  # what is sent as iso-8859-1 or ASCII is this (WHATWG Encoding §4.2)
_UNSTATED = "utf-8"

# Labels without punctuation and in lower case -> Python's codec.  Supersets stand for the charsets that are sent in
# their name (WHATWG Encoding): gb18030 for gb2312, cp949 for ks_c_5601-1987, cp932 for shift_jis, cp1254 for latin5.
_CODECS = {
    **dict.fromkeys(("utf8", "utf8mb4", "unicode11utf8", "unicode20utf8", "xunicode20utf8"), "utf-8"),
    **dict.fromkeys(("iso88591", "latin1", "l1", "windows1252", "cp1252", "xcp1252", "1252", "ansi", "cp819"), _LATIN),
    **dict.fromkeys(("iso88592", "latin2", "l2"), "iso8859_2"),
    **dict.fromkeys(("iso88599", "latin5", "l5"), "cp1254"),
    **dict.fromkeys(("iso88598", "iso88598i", "iso88598e", "hebrew"), "iso8859_8"),
    **dict.fromkeys(("iso885911", "tis620", "windows874", "cp874", "dos874"), "cp874"),
    **dict.fromkeys(("iso885915", "latin9", "l9"), "iso8859_15"),
    **{f"iso8859{n}": f"iso8859_{n}" for n in (3, 4, 5, 6, 7, 10, 13, 14, 16)},
    **{f"{label}125{n}": f"cp125{n}" for n in (0, 1, 3, 4, 5, 6, 7, 8) for label in ("windows", "cp", "xcp")},
    **{
        f"{label}{n}": f"cp{n}" for n in (437, 775, 850, 852, 855, 858, 862, 865, 866) for label in ("cp", "ibm", "dos")
    },
    **dict.fromkeys(("koi8r", "koi8", "cskoi8r"), "koi8_r"),
    **dict.fromkeys(("koi8u", "koi8ru"), "koi8_u"),
    **dict.fromkeys(
        ("gb2312", "gb231280", "gbk", "xgbk", "gb18030", "cp936", "windows936", "euccn", "chinese"), "gb18030"
    ),
    "hzgb2312": "hz",
    **dict.fromkeys(("big5", "xbig5", "cnbig5", "big5hkscs", "cp950", "windows950"), "big5hkscs"),
    **dict.fromkeys(("shiftjis", "sjis", "xsjis", "cp932", "windows31j", "mskanji", "windows932"), "cp932"),
    **dict.fromkeys(("eucjp", "xeucjp"), "euc_jp"),
    **dict.fromkeys(("iso2022jp", "cp50220", "cp50221"), "iso2022_jp_ext"),
    **{f"iso2022jp{n}": f"iso2022_jp_{n}" for n in (1, 2, 3)},
    **dict.fromkeys(
        ("euckr", "ksc56011987", "ksc56011989", "ksc5601", "cp949", "windows949", "uhc", "korean"), "cp949"
    ),
    "iso2022kr": "iso2022_kr",
    "johab": "johab",
    **dict.fromkeys(("utf16", "ucs2", "iso10646ucs2", "unicode"), "utf_16"),
    **dict.fromkeys(("utf7", "unicode11utf7", "unicode20utf7"), "utf_7"),  # old, real, and cleaned as any text
    "utf16le": "utf_16_le",
    "utf16be": "utf_16_be",
    "utf32": "utf_32",
    **dict.fromkeys(("macintosh", "macroman", "xmacroman", "mac"), "mac_roman"),
    **dict.fromkeys(("maccyrillic", "xmaccyrillic"), "mac_cyrillic"),
    **dict.fromkeys(("xmacce", "maccentraleurope"), "mac_latin2"),
}
# Labels that say nothing: the octets are looked at, without a fault.
_SILENT = frozenset({"", "usascii", "ascii", "ansix341968", "unknown8bit", "xunknown", "unknown", "8bit", "7bit"})

_LABEL = re.compile(r"[\s\"'();,*].*", re.DOTALL)
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNCLEAN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]+")
_SUSPECT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def codec(label: str) -> str:
    """Python's codec for a charset label as mails write it; an empty string where the label names no charset of ours."""
    if len(label) > limits.NAME_CHARACTERS:
        return ""
    return _CODECS.get(_normal(label), "")


def decode(octets: bytes, label: str = "") -> tuple[str, str]:
    r"""Clean text of ``octets``, and a fault in words or an empty string.  Lines end in ``\n``."""
    text, fault = _decode(octets, label)
    return clean_text(text), fault


def guess(octets: bytes, hint: str = "") -> str:
    """Text of octets without a charset: UTF-8, or that of the label ``hint``, or Windows-1252.  Not cleaned."""
    for known in (_UNSTATED, codec(hint)):
        text = None if known.startswith("utf_") else _strictly(octets, known or _UNSTATED)
        if text is not None:
            return text
    mended = octets.decode("utf-8", "replace")
    broken = mended.count("\ufffd")
    if sum(character > "\x7f" for character in mended) > 2 * broken:
        return mended  # most of it is UTF-8, so all of it was meant to be
    return octets.decode(_LATIN, "replace")


def clean_text(text: str) -> str:
    r"""``text`` with ``\n`` line ends and without NUL, other control characters but tab, and lone surrogates."""
    text = text.removeprefix("\ufeff")
    if not _SUSPECT.search(text):
        return text
    return _UNCLEAN.sub("", _BREAKS.sub("\n", text))


def clean_line(text: str, longest: int = limits.SUBJECT_CHARACTERS) -> str:
    """``text`` as one line: clean, runs of blanks as one, without characters that turn the direction of writing."""
    line = " ".join(clean_text(text).split())
    return line[:longest] if line.isascii() else _DIRECTION.sub("", line)[:longest].strip()


def _decode(octets: bytes, label: str) -> tuple[str, str]:
    known = codec(label)
    if not known:
        silent = len(label) <= limits.NAME_CHARACTERS and _normal(label) in _SILENT
        return guess(octets), "" if silent else f"unknown charset {clean_line(label, 40)!r}; its text was guessed"
    text = _strictly(octets, known)
    if text is not None:
        return text, ""
    fault = f"text is not all in its charset {clean_line(label, 40)!r}; some of it was guessed"
    if known == _UNSTATED:
        return guess(octets), fault
    text = _strictly(octets, "utf-8")
    return (octets.decode(known, "replace") if text is None else text), fault


def _strictly(octets: bytes, known: str) -> str | None:
    try:
        return codecs.decode(octets, known)
    except UnicodeError:
        return None


def _normal(label: str) -> str:
    return _PUNCTUATION.sub("", _LABEL.sub("", label.strip(" \t\"'").lower()))
