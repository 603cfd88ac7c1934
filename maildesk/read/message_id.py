"""Message ids by a strict grammar: what is copied from a mail into ours is an id, or nothing.

Narrower than RFC 5322 §3.6.4: printable ASCII without blanks, quotes, commas, brackets and comments, and no encoded
words, of which some writers of mail make a header field of their own.  Wide enough for ids over 77 characters and
with ``%``, ``:``, a second ``@`` or none, which real mail has.
"""

import re

from maildesk.read import limits

_ANGLED = re.compile(r"<\s?([^<>\s]{1,998})\s?>")
_ID = re.compile(r"[A-Za-z0-9!#$%&'*+./=?^_`{|}~:@-]+(?:@\[[A-Za-z0-9.:]+\])?")


def message_ids(value: str) -> tuple[str, ...]:
    """The ids of a field, without angle brackets, in order, each once; of very many the first and the last."""
    words = _ANGLED.findall(value) or [word for word in value.split() if "@" in word]
    ids = list(dict.fromkeys(word for word in words if is_message_id(word)))
    if len(ids) > limits.REFERENCES:
        ids = ids[: limits.REFERENCES // 4] + ids[-3 * limits.REFERENCES // 4 :]
    return tuple(ids)


def is_message_id(word: str) -> bool:
    """Whether a word can stand between angle brackets in a field of ours."""
    return len(word) <= limits.MESSAGE_ID_OCTETS and "=?" not in word and bool(_ID.fullmatch(word))
