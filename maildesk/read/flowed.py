"""Paragraphs of ``format=flowed`` text put together again (RFC 3676), quote level by quote level."""

_SIGNATURE = "-- "


def unflow(text: str, *, delete_space: bool) -> str:
    """The text with soft line breaks taken out; ``delete_space`` is the parameter DelSp=yes."""
    lines: list[str] = []
    pieces: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        if content.startswith(" ") and not content.startswith(" >"):
            content = content[1:]  # RFC 3676 §4.4: space-stuffing
        flows = content.endswith(" ") and content != _SIGNATURE
        if pieces and (depth != open_depth or content == _SIGNATURE):
            lines.append(_quoted(open_depth, "".join(pieces)))
            pieces = []
        open_depth = depth
        pieces.append(content[:-1] if flows and delete_space else content)
        if not flows:
            lines.append(_quoted(depth, "".join(pieces)))
            pieces = []
    if pieces:
        lines.append(_quoted(open_depth, "".join(pieces)))
    return "\n".join(lines)


def _quoted(depth: int, content: str) -> str:
    return f"{'>' * depth} {content}" if depth and content else ">" * depth + content
