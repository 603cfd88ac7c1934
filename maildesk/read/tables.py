"""How tables of words and phrases of many languages are written down in this package."""


def words(text: str) -> frozenset[str]:
    """Words set apart by blanks."""
    return frozenset(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """Phrases set apart by bars or line ends."""
    return tuple(phrase.strip() for line in text.splitlines() for phrase in line.split("|") if phrase.strip())
