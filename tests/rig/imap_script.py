"""An IMAP server that says what a test tells it to, and keeps what it is told."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from tests.rig.ports import HOST

GREETING = b"* OK ready\r\n"


class ImapScript:
    """Answers each command by the first word of it; ``{tag}`` stands for the tag.  No answer ends the connection."""

    def __init__(self, answers: Mapping[bytes, bytes], greeting: bytes = GREETING) -> None:
        self.heard = b""
        self.connections = 0
        self._answers = answers
        self._greeting = greeting
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            connection.sendall(self._greeting)
            for line in lines:
                self.heard += line
                tag, _, rest = line.strip().partition(b" ")
                answer = self._answers.get((rest.split() or [b""])[0].upper())
                if answer is None:
                    return
                connection.sendall(answer.replace(b"{tag}", tag))


@contextmanager
def imap_script(answers: Mapping[bytes, bytes], greeting: bytes = GREETING) -> Iterator[ImapScript]:
    """A scripted server for as long as the block lasts."""
    server = ImapScript(answers, greeting)
    try:
        yield server
    finally:
        server.close()
