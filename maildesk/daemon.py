"""The daemon: starts the loops, watches them, and ends them in order.

SIGTERM and Ctrl-C stop the intake first, let the mail in hand be finished, and end within 10 s; a loop that faults
ends the daemon with an error, so that the service manager starts it afresh.
"""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from maildesk import flow
from maildesk.backroom import BackRoom
from maildesk.desk.tell import alert
from maildesk.log import log
from maildesk.loop import AWAY, Loop, house_loop, send_loop
from maildesk.memory import return_large_blocks
from maildesk.notify import notify, watchdog_seconds
from maildesk.office import Office, open_office, system_clock
from maildesk.receive.imap import Mailbox
from maildesk.receive.incoming import Incoming
from maildesk.receive.smtp import SmtpIntake
from maildesk.send.maildir import MaildirOut
from maildesk.send.outcome import Courier
from maildesk.send.pace import Pace
from maildesk.send.smtp import Relay
from maildesk.settings import secret
from maildesk.settings.model import ImapIn, Settings
from maildesk.steps.post import Cause, post
from maildesk.store import leases
from maildesk.store.database import Database

STOPS_WITHIN = 8.0  # seconds, of the 10 that are promised; a busy machine takes its time to end a process
INTAKE_STOPS_WITHIN = 2.0  # of these; twice as long if the database hangs
LEAVES_WITHIN = 1.0  # of these; the rest is for the loops
STALLED_SECONDS = 120.0  # without a sign of life of a loop that always has one; the watchdog then ends us
MAILBOX_LEASE_SECONDS = 30.0
_LIVELY = ("backroom", "house")


class Daemon:
    """One running desk."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = system_clock) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self._ended = threading.Event()
        self._database = Database(settings.database)
        self._clock = clock
        self._loops: list[Loop] = []
        self.office: Office
        self._backroom: BackRoom
        self.intake: SmtpIntake | None = None

    def start(self) -> None:
        """Open the database (an empty one is set up), then everything that works on it.

        Raises SchemaError, SettingsError, IntakeError, SecretError or the database's own error.
        """
        return_large_blocks()
        self._database.lock_for_daemon()
        if self._database.is_empty():
            self._database.upgrade()
        self._database.require_current()
        self.office = open_office(self.settings, self._database, self._clock)
        flow.keep_house(self.office, alone=self._database.is_sqlite)
        self._backroom = BackRoom(self.settings, self._clock, self.office.id)
        try:
            self._open()
        except BaseException:
            self._backroom.stop(0.0)  # it heeds nobody but us
            raise

    def _open(self) -> None:
        self._loops = [
            self._loop("backroom", self._backroom.watch(self._ring_sender)),
            self._sender(),
            self._loop("house", house_loop(self.office, self._ring_all)),
            *self._mailboxes(),
        ]
        if self.settings.receive.smtp.listen:
            self.intake = SmtpIntake(self.settings.receive.smtp, self.settings.desk.address, self._accept, self._clock)
            self.intake.start()
        for loop in self._loops:
            loop.start()

    def heed_signals(self) -> None:
        """From now on SIGTERM and Ctrl-C end it in order; while it starts they are remembered.  A second one kills."""

        def heed(number: int, _: object) -> None:
            signal.signal(number, signal.SIG_DFL)
            self._ended.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, heed)

    def run(self) -> int:
        """Work until a signal or a fault; returns the exit code."""
        notify("READY=1")
        pause = (watchdog_seconds() or 20.0) / 2
        while not self._ended.wait(pause):
            if self._is_well():
                notify("WATCHDOG=1")
        notify("STOPPING=1")
        self.stop()
        return 1 if any(loop.fault for loop in self._loops) else 0

    def stop(self) -> None:
        """Stop taking mail, finish what is in hand, give back the leases."""
        deadline = time.monotonic() + STOPS_WITHIN
        if self.intake:
            self.intake.stop(INTAKE_STOPS_WITHIN)
        self.stopping.set()
        self._ring_all()
        finished = self._backroom.stop(_seconds_to(deadline - LEAVES_WITHIN))
        for loop in self._loops:
            if loop.is_alive():
                loop.join(_seconds_to(deadline - LEAVES_WITHIN))
        if finished and not any(loop.is_alive() or loop.fault for loop in self._loops):
            self._leave(_seconds_to(deadline))
        self._database.close()

    def _leave(self, seconds: float) -> None:
        """Give back what we hold; if the database does not let us, the next daemon waits for our lease to end."""

        def leave() -> None:
            try:
                flow.leave(self.office)
            except AWAY as fault:
                log.warning("stopped while the database is away", fault=str(fault.orig))

        thread = threading.Thread(target=leave, name="leave", daemon=True)
        thread.start()
        thread.join(seconds)

    def _loop(self, name: str, body: Callable[[Loop], None]) -> Loop:
        return Loop(name, body, self.stopping, self._on_loop_end)

    def _on_loop_end(self) -> None:
        if not self.stopping.is_set():
            self._ended.set()

    def _accept(self, mails: Sequence[Incoming]) -> list[int]:
        ids = flow.accept(self.office, mails)
        self._backroom.ring()
        return ids

    def _sender(self) -> Loop:
        return self._loop("send", send_loop(self.office, self._couriers(), Pace(self.settings.send.per_minute)))

    def _couriers(self) -> list[Courier]:
        send = self.settings.send
        if send.host:
            password = secret(send.password_file).get_secret_value() if send.password_file else ""
            return [Relay(send, password) for _ in range(send.connections)]
        return [MaildirOut(send.maildir)] if send.maildir else []

    def _mailboxes(self) -> list[Loop]:
        return [self._mailbox(number, box) for number, box in enumerate(self.settings.receive.imap, 1)]

    def _mailbox(self, number: int, settings: ImapIn) -> Loop:
        name = f"imap-{number}"
        mailbox = Mailbox(
            settings,
            password=lambda: secret(settings.password_file).get_secret_value(),
            accept=self._accept,
            alarm=self._alarm,
            clock=self._clock,
            lease=lambda: self._lease(f"imap:{settings.user}@{settings.host}:{settings.port}/{settings.folder}"),
            max_message_bytes=self.settings.receive.smtp.max_message_bytes,
        )
        return self._loop(name, lambda loop: mailbox.run(loop.stop))

    def _lease(self, name: str) -> bool:
        with self._database.writing() as transaction:
            return leases.take(transaction, name, self.office.id, self._clock(), MAILBOX_LEASE_SECONDS)

    def _alarm(self, kind: str, text: str) -> None:
        """A mailbox needs a person: said in the log, and to the operator once a day for each kind."""
        log.error("mailbox trouble", kind=kind, text=text)
        now = self._clock()
        remedy = "Mend it; the desk goes on trying by itself."
        notices = alert(
            self.office.policy,
            f"{kind}:{now.date().isoformat()}:{text[:200]}",
            "A mailbox needs attention",
            (text,),
            remedy,
        )
        with self._database.writing() as transaction:
            post(transaction, self.office, notices, Cause(), now)
        self._ring_sender()

    def _ring_sender(self) -> None:
        for loop in self._loops:
            if loop.name == "send":
                loop.bell.ring()

    def _ring_all(self) -> None:
        for loop in self._loops:
            loop.bell.ring()
        self._backroom.ring()

    def _is_well(self) -> bool:
        now = time.monotonic()
        alive = all(loop.is_alive() for loop in self._loops) and (self.intake is None or self.intake.alive)
        return alive and all(now - loop.beat < STALLED_SECONDS for loop in self._loops if loop.name in _LIVELY)


def _seconds_to(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
