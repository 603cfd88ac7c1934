"""The load: mails over SMTP on several connections at once, as an MTA hands them on.  A process of its own.

    python -m bench.load PORT RECORD --mails N [--mix small] [--batch B] [--connections 20] [--rate R]

All mails are made before the first connection, so that making them costs the desk nothing.  Commands are pipelined
where the server offers it (RFC 2920), as Postfix does.  With ``--rate`` one mail is sent each 1/R seconds on a
connection of its own.  RECORD gets a line for each mail that got 250, parted by tabs: Message-ID, when MAIL was said
and when 250 came (seconds of `time.monotonic`).  Ends with 1 and the reply if a mail got anything else.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from bench.mails import DESK, MIXES, Mail, mails

HOST = "127.0.0.1"
CONNECTIONS = 20


class RefusedError(Exception):
    """The server replied something else than it should have."""


class Client(asyncio.Protocol):
    """One connection, which takes mail after mail from a common heap until there is none left."""

    def __init__(self, heap: Iterator[Mail], record: list[str]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heap = heap
        self._record = record
        self._buffer = b""
        self._talk = self._dialogue()
        self._wanted = next(self._talk)
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or RefusedError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        """Give each whole reply to the dialogue."""
        *lines, self._buffer = (self._buffer + data).split(b"\r\n")
        for line in lines:
            if self.done.done():
                return
            if line[3:4] == b"-":
                continue
            if not line.startswith(self._wanted):
                self.done.set_exception(RefusedError(f"{line!r} instead of {self._wanted!r}"))
                return
            self._wanted = next(self._talk)

    def _dialogue(self) -> Iterator[bytes]:
        """Say everything in turn; each yield is the reply that is waited for."""
        yield b"220"
        self._transport.write(b"EHLO bench.test\r\n")
        yield b"250"
        for mail in self._heap:
            began = time.monotonic()
            self._transport.write(f"MAIL FROM:<{mail.sender}>\r\nRCPT TO:<{DESK}>\r\nDATA\r\n".encode())
            yield b"250"
            yield b"250"
            yield b"354"
            self._transport.write(mail.octets)
            yield b"250"
            self._record.append(f"{mail.message_id}\t{began:.6f}\t{time.monotonic():.6f}\n")
        self._transport.write(b"QUIT\r\n")
        yield b"221"
        self.done.set_result(None)
        self._transport.close()
        yield b""


def stuffed(mail: Mail) -> Mail:
    """A mail as it follows DATA (RFC 5321 section 4.5.2)."""
    return replace(mail, octets=mail.octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")


async def _at_once(port: int, heap: Iterator[Mail], connections: int, record: list[str]) -> None:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(partial(Client, heap, record), HOST, port) for _ in range(connections)]
    await asyncio.gather(*(client.done for _, client in made))


async def _in_turn(port: int, heap: Iterator[Mail], rate: float, record: list[str]) -> None:
    loop = asyncio.get_running_loop()
    began, clients = loop.time(), []
    for number, mail in enumerate(heap):
        await asyncio.sleep(began + number / rate - loop.time())
        _, client = await loop.create_connection(partial(Client, iter([mail]), record), HOST, port)
        clients.append(client.done)
    await asyncio.gather(*clients)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Mails over SMTP on several connections at once.")
    parser.add_argument("port", type=int)
    parser.add_argument("record", type=Path)
    parser.add_argument("--mails", type=int, required=True)
    parser.add_argument("--mix", choices=MIXES, default="small")
    parser.add_argument("--batch", default="1")
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--rate", type=float)
    given = parser.parse_args()
    heap = [stuffed(mail) for mail in mails(given.mix, given.mails, given.batch)]
    record: list[str] = []
    if given.rate:
        work = _in_turn(given.port, iter(heap), given.rate, record)
    else:
        work = _at_once(given.port, iter(heap), given.connections, record)
    try:
        asyncio.run(work)
    except (OSError, RefusedError) as error:
        sys.exit(f"load: {error}")
    given.record.write_text("".join(record), encoding="ascii")


if __name__ == "__main__":
    main()
