"""Authentication-Results fields (RFC 8601), read tolerantly and in one pass.

It says what a field states, never whether it may be believed: that is `maildesk.read.trust`.  A field that
cannot be read states nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_MAX_CHARACTERS = 16_000
_MAX_RESULTS = 100


@dataclass(frozen=True, slots=True)
class Result:
    """One method's result: ``dkim=pass header.d=example.com``.  All in lower case."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """A whole field: who wrote it, and what it states."""

    authserv_id: str
    results: tuple[Result, ...] = ()


def read_authentication_results(value: str) -> AuthenticationResults:
    """Read a field's value.  Microsoft 365 leaves the id out: then ``authserv_id`` is empty."""
    first, *others = _statements(value[:_MAX_CHARACTERS])
    if any("=" in word for word in first):
        return AuthenticationResults("", _results([first, *others]))
    return AuthenticationResults(first[0].lower() if first else "", _results(others))


def _results(statements: list[list[str]]) -> tuple[Result, ...]:
    found = (_result(words) for words in statements[:_MAX_RESULTS])
    return tuple(result for result in found if result)


def _result(words: list[str]) -> Result | None:
    """``method[/version]=result`` and then properties; a property that is stated twice is stated by its first."""
    if not words or "=" not in words[0]:
        return None
    method, _, result = words[0].lower().partition("=")
    properties: dict[str, str] = {}
    for word in words[1:]:
        name, equals, said = word.partition("=")
        if equals:
            properties.setdefault(name.lower(), said.lower())
    return Result(method.partition("/")[0], result, properties)


def outside_comments(value: str) -> Iterator[tuple[str, bool]]:
    """The characters of a field's value outside its comments, which nest (RFC 5322 §3.2.2).

    With each goes whether it was quoted; the quotes themselves and escaping backslashes are left out.
    """
    depth, quoted, escaped = 0, False, False
    for character in value:
        if escaped:
            escaped = False
            if not depth:
                yield character, True
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif quoted:
            yield character, True
        elif depth or character == "(":
            depth += (character == "(") - (character == ")")
        else:
            yield character, False


def _statements(value: str) -> list[list[str]]:
    """The words of each part between semicolons; ``a = b`` is one word ``a=b``."""
    statements: list[list[str]] = [[]]
    joined = False
    for text, is_sign in _tokens(value):
        words = statements[-1]
        if is_sign and text == ";":
            statements.append([])
            joined = False
        elif is_sign:
            joined = bool(words) and text not in words[-1]  # a further one is padding of base64
            words[-1:] = [f"{words[-1]}="] if words else [text]
        elif joined:
            words[-1] += text
            joined = False
        else:
            words.append(text)
    return statements


def _tokens(value: str) -> Iterator[tuple[str, bool]]:
    """Words, and the signs ``=`` and ``;``."""
    word: list[str] = []
    for character, quoted in outside_comments(value):
        if quoted or not (character in ";=" or character.isspace()):
            word.append(character)
            continue
        if word:
            yield "".join(word), False
            word = []
        if character in ";=":
            yield character, True
    if word:
        yield "".join(word), False
