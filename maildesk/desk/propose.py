"""Which priority a new mail speaks for [Procedure 3].  Staff confirm or change it; here it is only proposed.

A line ``Priority: P2`` or ``Impact: all users`` counts first, then the configured phrases, from the first priority to
the last.  It reads the subject and what the writer newly wrote, finds whole words only, and refuses phrases that are
denied ("not all users are affected") and priorities above what the sender may propose.  Time is linear in the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from maildesk.desk.decide import Proposal
from maildesk.desk.policy import Policy

LONGEST_TEXT = 20_000  # characters that are read
LONGEST_VALUE = 200  # characters of a Priority: or Impact: line that are read
SHOWN_WORDS = 6  # of such a line, in what staff read
DENIED_WITHIN = 3  # words before a phrase

_TOKEN = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[.,;:!?\u2026()\[\]\u2013\u2014\n]| - ")
_LABEL = re.compile(r"[\s*#\u2022\u00b7+-]{0,20}(priority|impact)[\s*]{0,20}[:\uff1a=](.*)", re.IGNORECASE)
_END = "."  # of a clause
_BEGINS_CLAUSE = frozenset({
    "and", "but", "because", "since", "so", "as", "und", "aber", "weil", "et", "mais", "car", "y", "pero", "porque",
})  # fmt: skip
_DENIES = frozenset({
    "no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot",
    "nicht", "kein", "keine", "keinen", "keiner", "keinem", "niemand", "ohne", "pas", "aucun", "aucune", "sans", "ni",
    "non", "nessun", "nessuna", "senza", "ning\u00fan", "ninguna", "sin", "geen", "niet", "zonder",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A priority and the words that speak for it."""

    priority: str
    words: str


def propose(subject: str, text: str, policy: Policy, *, registered: bool) -> Proposal:
    """The priority that a mail speaks for and why; an empty one where it speaks for none.

    ``text``: what its writer newly wrote, without quotes.  ``registered``: whether he is on the register of contracts.
    """
    subject, text = subject[:LONGEST_TEXT], text[:LONGEST_TEXT]
    found = _by_line(f"{subject}\n{text}", policy) or _by_phrase(f"{subject}\n\n{text}", policy)
    return _capped(found, policy, registered=registered) if found else Proposal()


def _capped(found: Found, policy: Policy, *, registered: bool) -> Proposal:
    """Not above what the sender may propose."""
    highest = policy.highest_registered if registered else policy.highest_others
    said = f'"{found.words}" spoke for {found.priority}'
    order = list(policy.priorities)
    if highest not in order or order.index(found.priority) >= order.index(highest):
        return Proposal(found.priority, said)
    who = "on the register" if registered else "not on the register"
    return Proposal(highest, f"{said}; senders who are {who} may propose {highest} at most")


def _by_line(text: str, policy: Policy) -> Found | None:
    """What the first line says that names a priority or an impact and is understood."""
    for line in text.splitlines():
        labelled = _LABEL.match(line[:LONGEST_VALUE])
        if labelled is None:
            continue
        label, value = labelled[1].capitalize(), labelled[2]
        tokens = list(_tokens(value))
        key = _named(tokens, label, policy) or _phrased(value, policy) or _meant(tokens, policy)
        if key:
            shown = " ".join([token for token in tokens if token != _END][:SHOWN_WORDS])
            return Found(key, f"{label}: {shown}")
    return None


def _named(tokens: Sequence[str], label: str, policy: Policy) -> str:
    """The priority that a line names: "P2", "P2 (high)"; only ``Priority: 2`` is one, not ``Impact: 2 users``."""
    if not tokens:
        return ""
    counts = tokens[0].isdigit() and (label != "Priority" or tokens[1:2] not in ([], [_END]))
    return "" if counts else policy.priority_called(tokens[0]) or ""


def _phrased(value: str, policy: Policy) -> str:
    found = _by_phrase(value, policy)
    return found.priority if found else ""


def _meant(tokens: Sequence[str], policy: Policy) -> str:
    """The first priority in whose meaning all the words stand; words that fit most priorities tell nothing."""
    said = set(tokens) - {_END}
    fits = [key for key, row in policy.priorities.items() if said <= set(_tokens(row.meaning))]
    return fits[0] if said and fits and 2 * len(fits) <= len(policy.priorities) else ""


def _by_phrase(text: str, policy: Policy) -> Found | None:
    """The first priority one of whose phrases is said, and not denied."""
    folded = text.casefold().replace("\u2019", "'")
    possible = [found for found in _phrases(policy) if all(word in folded for word in _as_said(found.words).split())]
    said = f" {' '.join(_tokens(text))} " if possible else ""  # most mails hold no phrase's words
    return next((found for found in possible if _is_said(_as_said(found.words), said)), None)


def _phrases(policy: Policy) -> Iterator[Found]:
    return (Found(key, phrase) for key in policy.priorities for phrase in policy.phrases.get(key, ()))


@lru_cache(maxsize=1024)
def _as_said(phrase: str) -> str:
    """A phrase as it would stand among the words of a text; the settings' are few and asked of each mail."""
    return " ".join(_tokens(phrase)).strip(f" {_END}")


def _is_said(phrase: str, said: str) -> bool:
    wanted = f" {phrase} "
    at = said.find(wanted) if phrase else -1
    while at >= 0:
        if not _is_denied(said, at):
            return True
        at = said.find(wanted, at + 1)
    return False


def _is_denied(said: str, at: int) -> bool:
    """Whether one of the few words before a phrase, in its clause, denies it."""
    for word in reversed(said[max(0, at - 100) : at].split()[-DENIED_WITHIN:]):
        if word == _END or word in _BEGINS_CLAUSE:
            return False
        if word in _DENIES or word.endswith("n't"):
            return True
    return False


def _tokens(text: str) -> Iterator[str]:
    """The words, in one case, and the ends of clauses."""
    for found in _TOKEN.finditer(text):
        said = found[0]
        if said != "\n" or _ends_clause(text, found.end()):
            yield said.casefold().replace("\u2019", "'") if said[0].isalnum() else _END


def _ends_clause(text: str, at: int) -> bool:
    """Whether a new line begins a new clause; a line that was only wrapped goes on in small letters."""
    return not text[at : at + 20].lstrip(" \t")[:1].islower()
