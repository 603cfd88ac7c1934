"""A TCP proxy that stands in for a bad network between two programs of a test."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.rig.ports import HOST

_CHUNK = 65_536
_END_OF_DATA = b"\r\n.\r\n"
_PATIENCE = 30.0  # seconds that a connection may be silent, so that no thread outlives its test for long


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the network.  Octets count per connection; None is never.

    "up" goes to the server, "down" comes from it.
    """

    refuse: bool = False  # nobody listens
    cut_up: int | None = None  # after so many octets both sides lose the connection
    cut_down: int | None = None
    stall_up: int | None = None  # after so many octets nothing more is passed on, and nobody is told
    stall_down: int | None = None
    pause: float = 0.0  # seconds before each chunk is passed on
    chunk: int = _CHUNK  # octets passed on at a time
    swallow_answer_to_data: bool = (
        False  # the server takes the mail, its client loses the connection instead of the 250
    )


HEALTHY = Fault()
REFUSE = Fault(refuse=True)


class Proxy:
    """Passes connections to 127.0.0.1:``port`` on to ``target``; `set` changes what is wrong with those that follow."""

    def __init__(self, target: int) -> None:
        self.target = target  # another port of 127.0.0.1; takes effect with the next connection
        self.connections = 0
        self._fault = HEALTHY
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._listener = self._listen(0)
        self.port = int(self._listener.getsockname()[1])

    def set(self, fault: Fault) -> None:
        """Apply a fault to the connections from now on; those that are open stay (see `cut`)."""
        refused, self._fault = self._fault.refuse, fault
        if fault.refuse and not refused:
            _close(self._listener)
        if refused and not fault.refuse:
            self._listener = self._listen(self.port)

    def cut(self) -> None:
        """Cut all open connections now."""
        with self._guard:
            victims, self._open = self._open, set()
        for victim in victims:
            _close(victim)

    def close(self) -> None:
        """End, with all connections."""
        self._closing.set()
        _close(self._listener)
        self.cut()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server((HOST, port), backlog=64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while not self._closing.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        fault = self._fault
        try:
            server = socket.create_connection((HOST, self.target), timeout=_PATIENCE)
        except OSError:
            _close(client)
            return
        client.settimeout(_PATIENCE)
        self.connections += 1
        with self._guard:
            self._open |= {client, server}
        answered = threading.Event()
        up = _Pump(client, server, fault, fault.cut_up, fault.stall_up, self._closing, data_ended=answered)
        down = _Pump(server, client, fault, fault.cut_down, fault.stall_down, self._closing, swallow_after=answered)
        for pump in (up, down):
            threading.Thread(target=self._pump, args=(pump, client, server), daemon=True).start()

    def _pump(self, pump: "_Pump", client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            pump.run()
        with self._guard:
            self._open -= {client, server}
        _close(client)
        _close(server)


@dataclass
class _Pump:
    """One direction of one connection."""

    source: socket.socket
    sink: socket.socket
    fault: Fault
    cut: int | None
    stall: int | None
    closing: threading.Event
    data_ended: threading.Event | None = None
    swallow_after: threading.Event | None = None

    def run(self) -> None:
        """Pass on until either side ends or the fault strikes."""
        passed, tail = 0, b""
        while octets := self.source.recv(self.fault.chunk):
            self.closing.wait(self.fault.pause)
            if self.fault.swallow_answer_to_data and self.swallow_after and self.swallow_after.is_set():
                return
            limit = min((part for part in (self.cut, self.stall) if part is not None), default=None)
            allowed = octets if limit is None else octets[: max(0, limit - passed)]
            tail = (tail + allowed)[-len(_END_OF_DATA) - len(allowed) :]
            if self.data_ended and _END_OF_DATA in tail:
                self.data_ended.set()
            self.sink.sendall(allowed)
            passed += len(allowed)
            if len(allowed) == len(octets) and (limit is None or passed < limit):
                continue
            if self.cut is not None and passed >= self.cut:
                return
            self._swallow_the_rest()
            return

    def _swallow_the_rest(self) -> None:
        while self.source.recv(_CHUNK):
            pass


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def running_proxy(target: int) -> Iterator[Proxy]:
    """A proxy before port ``target`` of 127.0.0.1 for as long as the block lasts."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
