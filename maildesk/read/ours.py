"""Which lines of a mail are words that we sent ourselves, whatever their quote marks and line breaks.

Compared by runs of three words, so that re-wrapping does not matter; the time is linear in both texts.
"""

import re
from collections.abc import Iterable, Sequence

from maildesk.read.quote_marks import unquoted

_WORD = re.compile(r"\w+")
_RUN = 3  # words
_LONGEST = 200_000  # characters of each text of ours that are looked at
_SURE_RUN = 8  # words in a row: nobody types our own sentence by chance

Words = tuple[str, ...]


def words(text: str) -> Words:
    """The words of a text as they are compared: lower case, no punctuation."""
    return tuple(_WORD.findall(text.casefold()))


class Sent:
    """The texts that we sent, made ready to be found again."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs: set[Words] = set()
        self._lines: set[Words] = set()
        self._labels: set[Words] = set()
        for text in texts:
            self._learn(text[:_LONGEST])

    def __bool__(self) -> bool:
        return bool(self._lines)

    def found(self, lines: Sequence[str]) -> list[bool]:
        """For each line, whether all its words are ours; an empty line is not."""
        split = [words(unquoted(line)) for line in lines]
        marks = self._marks([word for line in split for word in line])
        found, start = [], 0
        for line in split:
            end = start + len(line)
            found.append(bool(line) and (line in self._lines or all(marks[start:end])))
            start = end
        return found

    def sure(self, lines: Sequence[str]) -> list[bool]:
        """For each line, whether it is ours even where nothing marks it as a quote: part of a long run of our words."""
        split = [words(line) for line in lines]
        marks = self._marks([word for line in split for word in line])
        lengths = _run_lengths(marks)
        sure, start = [], 0
        for line in split:
            end = start + len(line)
            sure.append(bool(line) and min(lengths[start:end]) >= _SURE_RUN)
            start = end
        return sure

    def answered(self, line: str) -> bool:
        """Whether the line is a label of ours that was filled in: "> Your phone number: 0123"."""
        label, _, value = unquoted(line).replace("\uff1a", ":").partition(":")
        return bool(value.strip(" _.…-")) and words(label) in self._labels

    def _learn(self, text: str) -> None:
        sequence = words(text)
        self._runs.update(sequence[i : i + _RUN] for i in range(len(sequence) - _RUN + 1))
        for line in text.splitlines():
            if found := words(line):
                self._lines.add(found)
            label, colon, value = line.replace("\uff1a", ":").partition(":")
            if colon and not value.strip(" _.…-") and words(label):
                self._labels.add(words(label))

    def _marks(self, sequence: Sequence[str]) -> bytearray:
        marks = bytearray(len(sequence))
        for i in range(len(sequence) - _RUN + 1):
            if tuple(sequence[i : i + _RUN]) in self._runs:
                marks[i : i + _RUN] = b"\1" * _RUN
        return marks


def _run_lengths(marks: bytearray) -> list[int]:
    """For each word, the length of the run of marked words that it stands in."""
    lengths = [0] * len(marks)
    start = 0
    for end in range(len(marks) + 1):
        if end < len(marks) and marks[end]:
            continue
        lengths[start:end] = [end - start] * (end - start)
        start = end + 1
    return lengths
