"""The octets after DATA, read in whatever pieces they come.

Only ``<CR><LF>.<CR><LF>`` ends a mail (RFC 5321 §4.1.1.4, docs/decisions/0003-bare-line-ends.md).  Octets are kept
as they came, bare CR, bare LF and NUL included; what is over the limit is counted and not kept.
"""

from maildesk.receive.limits import SMALL, OctetBudget

END = b"\r\n.\r\n"
OVER_LIMIT = "552 5.3.4 the mail is larger than this server takes"
NO_ROOM = "452 4.3.1 not enough room for this mail now, try again later"


class DataOctets:
    """One mail on its way in.  ``limit`` is in octets of the mail itself, without the dots that protect it."""

    def __init__(self, limit: int, budget: OctetBudget) -> None:
        self.refusal = ""  # the reply, once the mail cannot be kept
        self._limit = limit
        self._limit_on_the_wire = limit + limit // 3 + len(END)  # "..\r\n" stands for ".\r\n"
        self._budget = budget
        self._octets = bytearray()  # a list of pieces would cost 20 times their size, if they come by twos
        self._tail = END[:2]  # the line end of the DATA command itself: a mail may be empty
        self._size = 0
        self._charged = 0

    def feed(self, octets: bytes) -> bytes | None:
        """Take the next octets.  At the end of the mail return what came after it, before that None."""
        window = self._tail + octets
        end = window.find(END)
        if end < 0:
            self._keep(octets)
            self._tail = window[1 - len(END) :]
            return None
        rest = window[end + len(END) :]
        self._keep(octets[: len(octets) - len(rest)])
        return rest

    def mail(self) -> bytes:
        """Hand the finished mail over, transparency removed (RFC 5321 §4.5.2), and forget it; or set ``refusal``."""
        del self._octets[2 - len(END) :]
        whole = bytes(self._octets)
        self._octets.clear()
        mail = whole.removeprefix(b".").replace(b"\r\n.", b"\r\n")
        if len(mail) > self._limit:
            self.refusal = OVER_LIMIT
        return b"" if self.refusal else mail

    def release(self) -> None:
        """Return the room in memory.  To be called once the mail is answered, whatever became of it."""
        self._octets.clear()
        self._budget.give(self._charged)
        self._charged = 0

    def _keep(self, octets: bytes) -> None:
        self._size += len(octets)
        if self.refusal:
            return
        if self._size > self._limit_on_the_wire:
            self._refuse(OVER_LIMIT)
        elif not self._charge():
            self._refuse(NO_ROOM)
        else:
            self._octets += octets

    def _charge(self) -> bool:
        due = max(0, self._size - SMALL) - self._charged
        if not self._budget.take(due):
            return False
        self._charged += due
        return True

    def _refuse(self, reply: str) -> None:
        self.refusal = reply
        self.release()
