"""Free TCP ports of 127.0.0.1, and waiting until somebody listens on one."""

import random
import socket
import time
from collections.abc import Callable

HOST = "127.0.0.1"
_RANGE = range(15_000, 32_000)  # below the ports that the kernel gives to outgoing connections: no client takes one
_PAUSE = 0.01  # seconds


def free_port() -> int:
    """A port that nobody listens on.  Random, so that the workers of a parallel run do not meet."""
    for port in random.SystemRandom().sample(_RANGE, 200):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError("no free port on 127.0.0.1")


def wait_for_port(port: int, timeout: float = 10) -> None:
    """Return when 127.0.0.1:``port`` takes connections; `TimeoutError` after ``timeout`` seconds."""
    wait_until(lambda: is_open(port), f"nobody listens on port {port}", timeout)


def is_open(port: int) -> bool:
    """Whether 127.0.0.1:``port`` takes a connection now."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((HOST, port)) == 0


def wait_until(done: Callable[[], object], complaint: str, timeout: float = 10) -> None:
    """Ask ``done`` again and again until it is true; `TimeoutError` with ``complaint`` after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{complaint} after {timeout} s")
        time.sleep(_PAUSE)
