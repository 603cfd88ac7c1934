"""How much the intake takes at once: connections and mails of strangers, octets of everybody.

Plain counters of one event loop; time is an argument (seconds of any monotonic clock).  They refuse for now and
never for good, and they hold no list that a stranger can let grow without end.
"""

from ipaddress import ip_address

MINUTE = 60.0  # seconds
PRUNE_AT = 4096  # peers remembered before the expired ones are swept out
SMALL = 65_536  # octets of each mail that count as nothing, so that big mails never keep a small one out


def peer_key(peer: str) -> str:
    """Who is counted as one: an IPv4 address, or the /64 network that one IPv6 customer usually has."""
    address = ip_address(peer.partition("%")[0])
    if address.version == 4:  # noqa: PLR2004 (IPv4)
        return str(address)
    return address.exploded[:19]


class PeerLimits:
    """Counts the connections and the mails of peers that are not trusted; None is no limit."""

    def __init__(self, connections: int, connections_per_peer: int | None, messages_per_minute: int | None) -> None:
        self._connections = connections
        self._per_peer = connections_per_peer or connections
        self._pause = MINUTE / messages_per_minute if messages_per_minute else 0.0
        self._open: dict[str, int] = {}
        self._total = 0
        self._paid_until: dict[str, float] = {}
        self._prune_at = PRUNE_AT

    def enter(self, peer: str) -> str:
        """Count a new connection; return why it is refused, in words, or an empty string."""
        key = peer_key(peer)
        if self._total >= self._connections:
            return "too many connections"
        if self._open.get(key, 0) >= self._per_peer:
            return "too many connections from your address"
        self._total += 1
        self._open[key] = self._open.get(key, 0) + 1
        return ""

    def leave(self, peer: str) -> None:
        """Forget a connection that `enter` counted."""
        key = peer_key(peer)
        self._total -= 1
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def may_mail(self, peer: str, now: float) -> bool:
        """Count one mail.  A minute's worth may come at once, after that they must be spaced out (GCRA)."""
        self._prune(now)
        key = peer_key(peer)
        paid_until = max(self._paid_until.get(key, now), now) + self._pause
        if paid_until - now > MINUTE + self._pause / 2:
            return False
        self._paid_until[key] = paid_until
        return True

    def _prune(self, now: float) -> None:
        if len(self._paid_until) < self._prune_at:
            return
        self._paid_until = {key: until for key, until in self._paid_until.items() if until > now}
        self._prune_at = max(PRUNE_AT, 2 * len(self._paid_until))


class OctetBudget:
    """The octets of mail that may be in memory at once, half received ones and those waiting for their commit."""

    def __init__(self, octets: int) -> None:
        self.free = octets

    def take(self, octets: int) -> bool:
        """Set octets aside, if there are so many."""
        if octets > self.free:
            return False
        self.free -= octets
        return True

    def give(self, octets: int) -> None:
        """Return what `take` set aside."""
        self.free += octets
