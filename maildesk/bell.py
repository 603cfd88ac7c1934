"""How one loop wakes another: a bell that stays rung until it is heard."""

import threading


class Bell:
    """Rung by anybody, heard by one loop."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """There is work, or the end."""
        self._rung.set()

    def wait(self, seconds: float) -> None:
        """Sleep until it rings, ``seconds`` at most."""
        self._rung.wait(seconds)
        self._rung.clear()
