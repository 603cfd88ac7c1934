"""Content-Transfer-Encoding undone (RFC 2045 §6), leniently as mail clients do it, each octet once."""

import binascii
from collections.abc import Iterable

from maildesk.read import limits

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
_UU = frozenset({"x-uuencode", "uuencode", "uue", "x-uue"})


def decode(octets: bytes | memoryview, encoding: str) -> tuple[bytes, str]:
    """The octets of a part, and a fault in words or an empty string.  ``encoding`` in lower case."""
    if encoding in _PLAIN:
        return bytes(octets), ""
    if encoding == "base64":
        return decode_base64(octets)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(octets), ""
    if encoding in _UU:
        return _decode_uu(bytes(octets))
    return bytes(octets), "unknown transfer encoding; the part was taken as it stands"


def decode_base64(octets: bytes | memoryview) -> tuple[bytes, str]:
    """Base64 with any blanks or rubbish between; what is cut off in the middle of a group is read as far as it goes."""
    try:
        return binascii.a2b_base64(octets), ""
    except binascii.Error:
        digits = bytes(octets).translate(None, _NOT_BASE64)
    whole = digits[:-1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)), "base64 was damaged or cut off"


def _decode_uu(octets: bytes) -> tuple[bytes, str]:
    if octets.count(b"\n") > limits.UU_LINES:
        return octets, "too long for uuencoding; the part was taken as it stands"
    lines = iter(octets.splitlines())
    if not any(line.startswith(b"begin ") for line in lines):
        return octets, "uuencoded part without a beginning; it was taken as it stands"
    try:
        return b"".join(_uu_lines(lines)), ""
    except binascii.Error:
        return octets, "damaged uuencoding; the part was taken as it stands"


def _uu_lines(lines: Iterable[bytes]) -> Iterable[bytes]:
    for line in lines:
        if line.rstrip() in (b"end", b"`", b""):
            return
        length = ((line[0] - 32) & 63) * 4 // 3 + 2  # some writers put a checksum behind the line
        try:
            yield binascii.a2b_uu(line)
        except binascii.Error:
            yield binascii.a2b_uu(line[:length])
