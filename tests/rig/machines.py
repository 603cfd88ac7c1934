"""Machines at the other end of a desk's mail: each answers what it is sent, as badly as real ones do."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.rig.desk import DeskUnderTest, Post
from tests.rig.letters import answer, complaint, delivery_report, letter, parsed, receipt

Back = tuple[bytes, str, str]  # the octets, their reverse-path, where they go


@dataclass(frozen=True)
class Robot:
    """Answers every mail, with a new Message-ID each time.  Without ``marks`` nothing tells it from a person."""

    marks: Mapping[str, str] = field(default_factory=dict)
    threaded: bool = False
    tag: bool = False  # whether it keeps the subject, and so our number
    quote: bool = False
    to_sender: bool = True  # to From; else to Reply-To
    null_path: bool = False

    def react(self, me: str, _path: str, octets: bytes) -> Iterator[Back]:
        mail = parsed(octets)
        to = str(mail["From"].addresses[0].addr_spec) if self.to_sender else str(mail["Reply-To"] or mail["From"])
        made = answer(
            octets,
            "I have read your mail and shall look into it.",
            sender=me,
            subject=None if self.tag else "About your mail",
            to=to,
            fields=self.marks,
            threaded=self.threaded,
            quote=self.quote,
        )
        yield made, "" if self.null_path else me, to


@dataclass(frozen=True)
class Reporter:
    """A server that says something of every mail: that it did not arrive, that it was read, that it is a nuisance."""

    report: Callable[[bytes, str], bytes]
    to_sender: bool = False  # wrongly to From instead of the return path

    def react(self, me: str, path: str, octets: bytes) -> Iterator[Back]:
        to = str(parsed(octets)["From"].addresses[0].addr_spec) if self.to_sender else path
        yield self.report(octets, me), "", to


@dataclass(frozen=True)
class Mirror:
    """Sends every mail back: as it is (a redirect), or as its own with another Message-ID (a bad list)."""

    as_own: bool = False

    def react(self, me: str, _path: str, octets: bytes) -> Iterator[Back]:
        to = str(parsed(octets)["From"].addresses[0].addr_spec)
        yield (_as_own(octets, me) if self.as_own else octets), me, to


@dataclass(frozen=True)
class Person:
    """Reads, and does not answer."""

    def react(self, _me: str, _path: str, _octets: bytes) -> Iterator[Back]:
        yield from ()


Machine = Robot | Reporter | Mirror | Person
VACATION = Robot({"Auto-Submitted": "auto-replied"}, threaded=True, tag=True, null_path=True)
BAD_VACATION = Robot({"Auto-Submitted": "auto-generated"}, threaded=True)
RUDE, RUDE_WITH_TAG, RUDE_WITH_THREAD = Robot(), Robot(tag=True, quote=True), Robot(threaded=True)
BOUNCER, RUDE_BOUNCER = Reporter(delivery_report), Reporter(delivery_report, to_sender=True)
COMPLAINER, READER = Reporter(complaint), Reporter(receipt)


def _as_own(octets: bytes, me: str) -> bytes:
    head, _, body = octets.partition(b"\r\n\r\n")
    skipped, kept = (b"From:", b"Message-ID:", b"References:"), []
    lines = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    kept = [line for line in lines if not line.startswith(skipped)]
    fresh = letter(sender=me, subject="").split(b"\r\n")
    own = [line for line in fresh if line.startswith((b"From:", b"Message-ID:"))]
    return b"\r\n".join([*own, *kept]) + b"\r\n\r\n" + body


@dataclass
class World:
    """Desks, and the machine behind each address that they may write to; any other address is a person's."""

    desks: Mapping[str, DeskUnderTest]  # by address
    machines: Mapping[str, Machine]
    received: dict[str, int] = field(default_factory=dict)  # how many mails each address was sent

    def turn(self) -> int:
        """Each desk sends what is due, each machine answers, each desk takes it.  Returns how many mails moved."""
        moved = [(path, to, octets) for desk in self.desks.values() for path, to, octets in self._sent(desk)]
        answers: list[Back] = []
        for path, to, octets in moved:
            self.received[to] = self.received.get(to, 0) + 1
            if to in self.desks:
                answers.append((octets, path, to))
            else:
                answers += self.machines.get(to, Person()).react(to, path, octets)
        for address, desk in self.desks.items():
            mine = [(octets, path, to) for octets, path, to in answers if _mailbox(to) == address]
            desk.take([desk.incoming(octets, path=path, to=[to]) for octets, path, to in mine])
        return len(moved)

    def _sent(self, desk: DeskUnderTest) -> list[tuple[str, str, bytes]]:
        post = Post()
        desk.deliver_all(post)
        return post.taken


def _mailbox(address: str) -> str:
    """The address without its sub-address."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
