"""Addresses of header fields: which are usable, and a tolerant reading of fields that a strict parser gives up.

Only what stands in the field as written is an address; what an encoded word decodes to never is.  One pass, no guesses:
what is no ``local@domain`` that we could answer is left out.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from maildesk.read import limits
from maildesk.read.charset import clean_line
from maildesk.read.header import decode_words
from maildesk.read.mail import Address

_LONGEST = 320  # RFC 5321 §4.5.3.1: 64 + @ + 255
_LONGEST_DOMAIN = 255
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+./=?^_`{|}~\u0080-\U0010ffff-]+")
_QUOTED_LOCAL = re.compile(r'"(?:[ !#-;=?-\[\]-~]|\\[ -;=?-~])+"')
_DOMAIN = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff_-]+(?:\.[A-Za-z0-9\u0080-\U0010ffff_-]+)*")
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.){0,320}"|\\.|[^"\\(),;:<>]+|.'
)  # a quote has a bound, or many open ones cost a square
_ESCAPED = re.compile(r"\\(.)")
_LITERAL = re.compile(r"\[[0-9A-Za-z.:]+\]")


def usable(address: str) -> str:
    """The address as written without blanks around it, or an empty string where nobody could be answered at it."""
    address = address.strip().removesuffix(".")
    local, at, domain = address.rpartition("@")
    if not at or len(address) > _LONGEST or len(domain) > _LONGEST_DOMAIN or "=?" in address:
        return ""
    if not (_LOCAL.fullmatch(local) or _QUOTED_LOCAL.fullmatch(local)):
        return ""
    if not (_DOMAIN.fullmatch(domain) or _LITERAL.fullmatch(domain)):
        return ""
    return address if address.isascii() or all(map(_is_written, address)) else ""


def _is_written(character: str) -> bool:
    """Letters, marks and digits: no blank, no control, no direction mark, no symbol (RFC 5892 §2, roughly)."""
    return character.isascii() or unicodedata.category(character)[0] in "LMN"


def person(name: str, address: str) -> Address | None:
    """A usable address with its decoded name; a name that only repeats the address says nothing."""
    written = usable(address)
    if not written:
        return None
    shown = decode_words(name).strip(" \"'") if name else ""
    return Address(written, "" if shown.lower() == written.lower() else clean_line(shown, limits.NAME_CHARACTERS))


def read_addresses(value: str) -> tuple[Address, ...]:
    """The usable addresses of a field (RFC 5322 §3.4 and what real mail makes of it), in order."""
    found = [_read_item(item) for item in _items(value)]
    if not any(found) and "(" in value:  # a comment that is never closed hides all behind it
        found = [_read_item(item) for item in _items(value.replace("(", " "))]
    return tuple(person for person in found if person)[: limits.ADDRESSES]


@dataclass(slots=True)
class _Item:
    """A member of the list: its words, what stands in angle brackets, its comments."""

    name: list[str] = field(default_factory=list)
    angle: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)


def _items(value: str) -> Iterator[_Item]:
    """The members of the list.  A group's name is dropped, a bracket may be open."""
    item, depth = _Item(), 0
    target = item.name
    for lexeme in _TOKEN.findall(value):
        if lexeme in "()":
            depth = max(0, depth + (1 if lexeme == "(" else -1))
        elif depth:
            item.comment.append(lexeme)
        elif lexeme in "<>":
            target = item.angle if lexeme == "<" else item.name
        elif lexeme in ",;":
            yield item
            item = _Item()
            target = item.name
        elif lexeme == ":" and target is item.name:
            item.name.clear()
        else:
            target.append(lexeme if target is item.angle else _ESCAPED.sub(r"\1", lexeme.strip('"')))
    yield item


def _read_item(item: _Item) -> Address | None:
    name, angle, comment = "".join(item.name), "".join(item.angle), "".join(item.comment)
    if angle.strip():
        return person(name, angle.rpartition(":")[2] if angle.lstrip().startswith("@") else angle)
    words = name.split()
    addresses = [word for word in words if usable(word) and (len(words) == 1 or "." in word.rpartition("@")[2])]
    if not addresses:
        return None
    others = " ".join(word for word in words if word != addresses[0])
    return person(others or comment, addresses[0])
