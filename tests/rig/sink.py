"""A relay that takes everything as fast as it can and counts it: where a benchmark sends to.

    python -m tests.rig.sink PORT [--record FILE]

Port 0 takes a free one.  The first line on stdout is ``listening PORT``; SIGTERM or SIGINT ends it with one line of
JSON: ``mails``, ``octets`` (as they came, dots doubled), ``first`` and ``last`` (seconds of the machine's monotonic clock,
`time.monotonic` of every process).  With ``--record`` each mail becomes a line of FILE, written at the end, fields
parted by tabs: the time on that clock, octets, recipient, Message-ID, In-Reply-To, Subject.  ``HELP`` is answered
with ``214 COUNT``, so that a benchmark can see how far it is (`count`).
"""

import argparse
import asyncio
import json
import re
import signal
import smtplib
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import cast

HOST = "127.0.0.1"
_EHLO = b"250-sink.test\r\n250-PIPELINING\r\n250-SIZE 0\r\n250 8BITMIME\r\n"
_REPLIES = {b"EHLO": _EHLO, b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
_FIELDS = ("message-id", "in-reply-to", "subject")
_FIELD = re.compile(rb"^(message-id|in-reply-to|subject):[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Tally:
    """What came so far; ``rows`` only grows where it is recorded."""

    record: bool = False
    mails: int = 0
    octets: int = 0
    first: float = 0.0
    last: float = 0.0
    rows: list[str] = field(default_factory=list)

    def add(self, recipient: bytes, content: bytes | bytearray) -> None:
        """Count one mail."""
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.mails += 1
        self.octets += len(content)
        if self.record:
            self.rows.append(self._row(recipient, content))

    def _row(self, recipient: bytes, content: bytes | bytearray) -> str:
        end = content.find(b"\r\n\r\n")
        said = {name.lower().decode(): value.decode("latin-1") for name, value in _FIELD.findall(content[:end])}
        fields = (said.get(name, "").replace("\t", " ") for name in _FIELDS)
        return "\t".join((f"{self.last:.6f}", str(len(content)), recipient.decode("latin-1"), *fields))


class Dialogue(asyncio.Protocol):
    """One connection."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._buffer = bytearray()
        self._in_mail = False
        self._looked = 0  # up to where the end of the mail was looked for
        self._recipient = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink.test ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        replies = []
        while (reply := self._mail() if self._in_mail else self._command()) is not None:
            replies.append(reply)
        if replies:
            self._transport.write(b"".join(replies))

    def _command(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        verb = line[:4].upper()
        if verb == b"DATA":
            self._in_mail, self._looked = True, 0
            self._buffer[:0] = b"\r\n"  # so that the end looks the same in an empty mail
        elif verb == b"RCPT":
            self._recipient = line.partition(b"<")[2].partition(b">")[0]
        elif verb == b"HELP":
            return b"214 %d\r\n" % self._tally.mails
        return _REPLIES.get(verb, b"250 ok\r\n")

    def _mail(self) -> bytes | None:
        end = self._buffer.find(b"\r\n.\r\n", self._looked)
        if end < 0:
            self._looked = max(0, len(self._buffer) - 4)
            return None
        self._tally.add(self._recipient, self._buffer[2 : end + 2])
        del self._buffer[: end + 5]
        self._in_mail = False
        return b"250 taken\r\n"


def count(port: int) -> int:
    """How many mails the sink on 127.0.0.1:``port`` has taken."""
    with smtplib.SMTP(HOST, port, local_hostname="bench.test", timeout=10) as client:
        return int(client.docmd("HELP")[1])


async def _serve(port: int, tally: Tally) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await loop.create_server(partial(Dialogue, tally), HOST, port)
    _say(f"listening {server.sockets[0].getsockname()[1]}")
    await stopped.wait()
    server.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="A relay that takes everything and counts it.")
    parser.add_argument("port", type=int)
    parser.add_argument("--record", type=Path)
    arguments = parser.parse_args()
    tally = Tally(record=arguments.record is not None)
    asyncio.run(_serve(arguments.port, tally))
    if arguments.record:
        arguments.record.write_text("".join(f"{row}\n" for row in tally.rows), encoding="utf-8")
    said = {"mails": tally.mails, "octets": tally.octets, "first": tally.first, "last": tally.last}
    _say(json.dumps(said))


if __name__ == "__main__":
    main()
