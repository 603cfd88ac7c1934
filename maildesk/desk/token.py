"""Signed ids: how a mail proves that it answers one of ours.

Message-ID ``<RANDOM.PTICKET.K.MAC@domain>`` and reply address ``local+PTICKET.K.MAC@domain``.  The MAC is the
first 80 bits of HMAC-SHA256 over ``v1|mid or addr|desk|P|ticket|recipient|RANDOM`` in lower-case base32.
A signed id proves that somebody saw the mail to that recipient, not who writes now.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

MAC_OCTETS = 10
RANDOM_OCTETS = 10
# Numbers without leading zeros: each signed id has one spelling, but for the case of its letters.
_CORE = r"(?P<purpose>[csnab])(?P<ticket>0|[1-9][0-9]{0,11})\.(?P<key>0|[1-9][0-9]{0,5})\.(?P<mac>[a-z2-7]{16})"
_MESSAGE_ID = re.compile(rf"(?P<random>[a-z2-7]{{16}})\.{_CORE}@(?P<domain>[a-z0-9.-]{{1,253}})")
_ADDRESS = re.compile(rf"(?P<local>[^@\s]{{1,64}})\+{_CORE}@(?P<domain>[a-z0-9.-]{{1,253}})")


class Purpose(StrEnum):
    """What the holder of a signed id may be taken for."""

    CUSTOMER = "c"
    STAFF = "s"
    NOTE = "n"
    ACTION = "a"
    BOUNCE = "b"


@dataclass(frozen=True, slots=True)
class SignedId:
    """A signed id whose MAC was verified for ``recipient``."""

    purpose: Purpose
    ticket: int  # 0: of no ticket
    recipient: str


def base32(octets: bytes) -> str:
    """Lower-case base32 without padding, the alphabet of signed ids."""
    return base64.b32encode(octets).decode("ascii").rstrip("=").lower()


def _folded(text: str) -> str:
    """Without brackets, in lower case; nothing beyond ASCII may fold into it (the Kelvin sign would become k)."""
    return text.strip("<> ").lower() if text.isascii() else ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and verifies the signed ids of one desk.  The newest key signs, every key verifies."""

    desk: str  # the desk's address
    keys: Mapping[int, bytes]

    def message_id(self, purpose: Purpose, ticket: int, recipient: str, entropy: bytes) -> str:
        """A Message-ID without angle brackets; ``entropy`` is `RANDOM_OCTETS` octets."""
        random = base32(entropy)
        key = max(self.keys)
        mac = self._mac("mid", key, purpose, ticket, recipient, random)
        return f"{random}.{purpose}{ticket}.{key}.{mac}@{self._domain}"

    def address(self, purpose: Purpose, ticket: int, recipient: str) -> str:
        """A reply address (or, for `Purpose.BOUNCE`, a reverse-path) of the desk."""
        key = max(self.keys)
        mac = self._mac("addr", key, purpose, ticket, recipient, "")
        return f"{self.desk.rpartition('@')[0]}+{purpose}{ticket}.{key}.{mac}@{self._domain}"

    def verify_message_id(self, message_id: str, recipients: Iterable[str]) -> SignedId | None:
        """The signed id in a Message-ID, if it was made for one of ``recipients``."""
        found = _MESSAGE_ID.fullmatch(_folded(message_id))
        return self._verify("mid", found, recipients) if found else None

    def verify_address(self, address: str, recipients: Iterable[str]) -> SignedId | None:
        """The signed id in a reply address or reverse-path, if it was made for one of ``recipients``."""
        found = _ADDRESS.fullmatch(_folded(address))
        if not found or found["local"] != self.desk.lower().rpartition("@")[0]:
            return None
        return self._verify("addr", found, recipients)

    def claimed_ticket(self, address: str) -> int | None:
        """The ticket that a reply address or reverse-path names, unverified: to look up whom to verify it for."""
        found = _ADDRESS.fullmatch(_folded(address))
        return int(found["ticket"]) if found else None

    @property
    def _domain(self) -> str:
        return self.desk.lower().rpartition("@")[2]

    def _verify(self, form: str, found: re.Match[str], recipients: Iterable[str]) -> SignedId | None:
        key, purpose, ticket = int(found["key"]), Purpose(found["purpose"]), int(found["ticket"])
        if key not in self.keys or found["domain"] != self._domain:
            return None
        random = found["random"] if form == "mid" else ""
        for recipient in recipients:
            if hmac.compare_digest(self._mac(form, key, purpose, ticket, recipient, random), found["mac"]):
                return SignedId(purpose, ticket, recipient.lower())
        return None

    def _mac(self, form: str, key: int, purpose: Purpose, ticket: int, recipient: str, random: str) -> str:
        said = f"v1|{form}|{self.desk.lower()}|{purpose}|{ticket}|{recipient.lower()}|{random}"
        return base32(hmac.digest(self.keys[key], said.encode(), sha256)[:MAC_OCTETS])
