"""How many mails a minute the relay allows us.  It counts the attempts of one process, in memory."""

import threading
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0


class Pace:
    """At most ``per_minute`` attempts in any 60 s, at once as long as there are some left; None: no bound.

    Shared by the threads that send.  ``clock`` gives seconds that never go back.
    """

    def __init__(self, per_minute: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._sent_at: deque[float] = deque(maxlen=per_minute)

    def wait_for(self) -> float:
        """0.0: send now, it is counted.  Else the seconds after which to ask again; nothing is counted."""
        if self._per_minute is None:
            return 0.0
        with self._lock:
            now = self._clock()
            full = len(self._sent_at) == self._per_minute
            wait = self._sent_at[0] + WINDOW_SECONDS - now if full else 0.0
            if wait > 0:
                return wait
            self._sent_at.append(now)  # the oldest of a full window falls out
            return 0.0
