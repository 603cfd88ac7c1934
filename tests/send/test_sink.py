import json
import subprocess
import sys

import pytest

from maildesk.send.outcome import State
from maildesk.send.smtp import Relay
from tests.rig.sink import count
from tests.send.test_smtp import MAIL, Settings


@pytest.fixture
def record(tmp_path):
    return tmp_path / "record"


@pytest.fixture
def sink(record):
    command = [sys.executable, "-m", "tests.rig.sink", "0", "--record", str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_the_sink_counts_and_records_what_it_took(sink, record):
    port = int(sink.stdout.readline().split()[1])
    relay = Relay(Settings(port))
    mails = [b"Subject: %d\r\n" % number + MAIL + b".\r\n" * number for number in range(50)]
    assert {relay.deliver("", "bob@y.test", mail).state for mail in [*mails, b"", MAIL * 20_000]} == {State.SENT}
    assert count(port) == 52
    relay.close()
    sink.terminate()
    said = json.loads(sink.stdout.readline())
    assert sink.wait(10) == 0

    assert said["mails"] == 52
    assert said["octets"] == sum(map(len, mails)) + sum(range(50)) + len(MAIL) * 20_000
    assert said["first"] < said["last"]
    rows = [line.split("\t") for line in record.read_text().splitlines()]
    assert [row[5] for row in rows[:50]] == [str(number) for number in range(50)]
    assert {(row[2], row[3]) for row in rows[:50]} == {("bob@y.test", "<1@desk.test>")}
