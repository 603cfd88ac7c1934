"""The sender has his number within 5 s, on an idle desk with its shipped settings [promise 4]."""

import smtplib
import time
from pathlib import Path

from tests.rig.daemon import daemon_under_test, mails_of
from tests.rig.letters import DESK
from tests.rig.ports import HOST, wait_until
from tests.rig.relay import Relay

MAILS = 30
SECONDS = 5.0


def test_an_idle_desk_acknowledges_at_once(tmp_path: Path) -> None:
    with Relay() as relay, daemon_under_test(tmp_path, f"sqlite:///{tmp_path / 'desk.db'}", relay.port) as desk:
        desk.start(hasty=False)
        took = [seconds_to_answer(desk.port, relay, octets, number) for number, octets in enumerate(mails_of(MAILS))]
        assert max(took) < SECONDS, sorted(took)  # the 99th percentile of thirty is the slowest


def seconds_to_answer(port: int, relay: Relay, octets: bytes, number: int) -> float:
    """From the 250 to the relay's."""
    customer = f"customer{number}@acme.test"
    with smtplib.SMTP(HOST, port, timeout=30) as server:
        server.sendmail(customer, [DESK], octets)
    began = time.monotonic()
    wait_until(lambda: any(mail.recipients == (customer,) for mail in relay.mails), "no answer", SECONDS * 2)
    return time.monotonic() - began
