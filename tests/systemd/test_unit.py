"""The unit of systemd: sound, hardened, and the desk works under it.

How far the last goes where no systemd runs: `tests.rig.confine` carries out the unit's mounts (everything read-only but
/var/lib/maildesk, /run/maildesk and a /tmp of its own; no homes; /dev of pseudo devices; /proc of its own processes),
namespaces (mounts, host name, IPC, users), no capabilities, no new privileges, and one seccomp filter made of
SystemCallFilter=, RestrictAddressFamilies=, RestrictNamespaces=, MemoryDenyWriteExecute=, RestrictSUIDSGID=,
LockPersonality= and SystemCallArchitectures=.  The test plays the manager's part of Type=notify, NotifyAccess=main,
WatchdogSec=, LoadCredential= and KillMode=mixed.  Not carried out: the control group's device list, restarting, and the
user's name; `confine.ELSEWHERE` gives the reasons, and a directive that stands in neither list fails a test.
"""

import array
import os
import re
import smtplib
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.rig.confine import ELSEWHERE, EMULATED, STATE
from tests.rig.pages import page
from tests.rig.ports import HOST, free_port, wait_until
from tests.rig.relay import Relay
from tests.rig.server import User, descendants, kill, private_directory, unprivileged
from tests.rig.unit import allowed_calls, service

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd/maildesk.service"
CONFINE = ROOT / "tests/rig/confine.py"
MOST_EXPOSURE = 1.5
CREDENTIALS = 12  # SCM_CREDENTIALS: pid, uid, gid as three ints
Real = Callable[..., None]


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_unit_is_sound(real: Real) -> None:
    real("systemd-analyze")
    found = analyze("verify", "--man=no", "--recursive-errors=no", str(UNIT))
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_a_typo_in_the_unit_would_be_found(real: Real, tmp_path: Path) -> None:
    real("systemd-analyze")
    broken = tmp_path / UNIT.name
    broken.write_text(UNIT.read_text().replace("NoNewPrivileges=", "NoNewPrivilege="))
    found = analyze("verify", "--man=no", "--recursive-errors=no", str(broken))
    assert "NoNewPrivilege" in found.stderr


def test_the_service_is_hardly_exposed(real: Real) -> None:
    real("systemd-analyze")
    found = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    exposure = re.search(r"Overall exposure level for maildesk.service: ([0-9.]+) ", found.stdout)
    assert exposure is not None, found.stdout + found.stderr
    assert float(exposure[1]) <= MOST_EXPOSURE
    assert f"an exposure of {exposure[1]} " in page("docs/running.md")


def test_the_user_of_the_unit_is_made_by_its_sysusers_file(real: Real, tmp_path: Path) -> None:
    real("systemd-sysusers")
    (tmp_path / "etc").mkdir()
    file = UNIT.with_name("maildesk.sysusers.conf")
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", str(file)], check=True, capture_output=True, timeout=30)
    made = (tmp_path / "etc/passwd").read_text().splitlines()
    (user,) = service(UNIT)["User"]
    assert [line.split(":")[0] for line in made] == [user]


def test_the_unit_says_what_the_daemon_relies_on() -> None:
    directives = service(UNIT)
    assert directives["Type"] == ["notify"]
    assert directives["NotifyAccess"] == ["main"]
    assert directives["Restart"] == ["on-failure"]
    assert directives["KillMode"] == ["mixed"]
    assert directives["TimeoutStopSec"] == ["20"]
    assert int(directives["WatchdogSec"][0]) > 0


def test_each_directive_is_tried_or_excused() -> None:
    assert set(service(UNIT)) - EMULATED - set(ELSEWHERE) == set()


IMPORTS = f"""
import ctypes, mmap, os, socket, sys, time
def seen():
    kept = (sys.prefix, sys.base_prefix, {str(ROOT)!r})
    paths = [f"{{home}}/{{name}}" for home in ("/home", "/root") for name in os.listdir(home)]
    return [path for path in paths if not any(place.startswith(path) for place in kept)]
"""
PROBES = {
    "the system": "open('/etc/maildesk-probe', 'w')",
    "the program": f"open({str(ROOT / 'maildesk/probe')!r}, 'w')",
    "a home": "None if seen() else [][0]",
    "a network socket of another kind": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "writable code": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "a set-user-id file": "open('/tmp/s', 'w'); os.chmod('/tmp/s', 0o4755)",
    "another user": "os.setresuid(0, 0, 0)",
    "a namespace": "(lambda c: [][0] if c.unshare(0x20000) else None)(ctypes.CDLL(None))",
    "a mount": "(lambda c: [][0] if c.mount(b'x', b'/tmp', b'tmpfs', 0, b'') else None)(ctypes.CDLL(None))",
    "the clock": "time.clock_settime(time.CLOCK_REALTIME, time.time())",
    "another's process": "open('/proc/1/environ')",
    "the host's name": "socket.sethostname('x')",
    "the scheduler": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
}


@pytest.fixture
def user() -> User:
    return unprivileged("nobody")


@pytest.fixture
def folder(user: User) -> Iterator[Path]:
    """What is /var/lib/maildesk inside."""
    with private_directory(user) as made:
        yield made


@pytest.mark.real
@pytest.mark.parametrize("what", PROBES)
def test_the_confinement_really_refuses(what: str, real: Real, folder: Path, user: User) -> None:
    real("root", "systemd-analyze")
    program = IMPORTS + "try:\n    " + PROBES[what].replace("; ", "\n    ")
    program += "\nexcept (OSError, IndexError):\n    sys.exit(7)"
    command = [sys.executable, str(CONFINE), str(UNIT), str(folder), str(user.uid), sys.executable, "-c", program]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 7, found.stderr


class Manager:
    """The service manager's end of NOTIFY_SOCKET: what the main process says, in order.  Others are not heard."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ignored: list[str] = []
        self.main = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind("\0maildesk-test-" + os.urandom(8).hex())
        self._socket.setblocking(False)

    @property
    def address(self) -> str:
        return "@" + self._socket.getsockname()[1:].decode()

    def heard(self, message: str) -> int:
        """How often the daemon has said this so far."""
        while self._hear():
            pass
        return self.said.count(message)

    def _hear(self) -> bool:
        try:
            message, extras, _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS))
        except BlockingIOError:
            return False
        pid = struct.unpack("iII", array.array("B", extras[0][2])[:CREDENTIALS])[0]
        (self.said if pid == self.main else self.ignored).append(message.decode())
        return True


@contextmanager
def confined(folder: Path, user: User, manager: Manager, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`maildesk run` under the unit's directives."""
    maildesk = Path(sys.executable).with_name("maildesk")
    command = [sys.executable, CONFINE, UNIT, folder, user.uid, maildesk, "run"]
    variables = {
        "PATH": "/usr/bin:/bin",
        "NOTIFY_SOCKET": manager.address,
        "WATCHDOG_USEC": "500000",
        "MAILDESK_SETTINGS": str(STATE / "settings.yaml"),
        **environment,
    }
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], env=variables, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    manager.main = process.pid
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process)


def settings(folder: Path, user: User, port: int, send: dict[str, object]) -> None:
    file = folder / "settings.yaml"
    values = {
        "desk": {"name": "D", "address": "support@desk.test", "ticket_prefix": "D"},
        "database": f"sqlite:///{STATE}/maildesk.db",
        "receive": {"smtp": {"listen": f"{HOST}:{port}"}},
        "send": send,
    }
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    user.own(file)


def hand_in(port: int) -> None:
    mail = b"From: Bob <bob@acme.test>\r\nTo: support@desk.test\r\nSubject: Printer\r\n\r\nIt burns.\r\n"
    with smtplib.SMTP(HOST, port, timeout=10) as client:
        client.sendmail("bob@acme.test", ["support@desk.test"], mail)


def lives(pid: int) -> bool:
    """Whether a process still does anything; an ended one may wait for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@pytest.mark.real
def test_the_desk_works_under_the_unit(real: Real, folder: Path, user: User) -> None:
    """Ready, a mail answered into the Maildir, watchdog, and an orderly end by SIGTERM to the main process alone."""
    real("root", "systemd-analyze")
    port, manager = free_port(), Manager()
    settings(folder, user, port, {"maildir": str(STATE / "outgoing")})
    log = folder / "output.log"
    with confined(folder, user, manager) as process:
        wait_until(lambda: manager.heard("READY=1") or process.poll() is not None, "not ready", 30)
        assert process.poll() is None, log.read_text()
        hand_in(port)
        wait_until(lambda: list((folder / "outgoing/new").glob("*")), "no answer: " + log.read_text(), 20)
        wait_until(lambda: manager.heard("WATCHDOG=1") >= 3, "the watchdog is not fed", 20)
        family = [process.pid, *descendants(process.pid)]
        assert len(family) > 1, "the back room runs in a process of its own"
        for pid in family:
            status = Path(f"/proc/{pid}/status").read_text()
            for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000", f"Uid:\t{user.uid}\t"):
                assert line in status
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
    assert manager.heard("STOPPING=1") == 1
    assert manager.ignored == []
    wait_until(lambda: not any(map(lives, family)), "KillMode=mixed had to kill somebody", 2)
    (answer,) = (folder / "outgoing/new").glob("*")
    assert b"D-1" in answer.read_bytes()
    made = {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir() if path.name != log.name}
    assert made["maildesk.db"] == made["outgoing"] == 0


@pytest.mark.real
def test_a_secret_comes_from_a_credential(real: Real, folder: Path, user: User) -> None:
    """`password_file: relay.password` is the credential of that name, and the relay is reached by TCP."""
    real("root", "systemd-analyze")
    port, manager = free_port(), Manager()
    credentials = folder / "credentials"
    credentials.mkdir()
    (credentials / "relay.password").write_text("s3cret\n")
    user.own(credentials, credentials / "relay.password")
    with Relay(users={"desk": "s3cret"}) as relay:
        send = {"host": HOST, "port": relay.port, "security": "none", "user": "desk", "password_file": "relay.password"}
        settings(folder, user, port, send)
        with confined(folder, user, manager, CREDENTIALS_DIRECTORY=str(STATE / "credentials")):
            wait_until(lambda: manager.heard("READY=1"), "not ready", 30)
            hand_in(port)
            wait_until(lambda: relay.mails, "no answer: " + (folder / "output.log").read_text(), 20)
        assert relay.mails[0].user == "desk"


def test_the_filter_leaves_no_dangerous_call(real: Real) -> None:
    real("systemd-analyze")
    left = allowed_calls(service(UNIT)["SystemCallFilter"])
    assert {"read", "fsync", "connect"} <= left
    assert not left & {"mount", "ptrace", "setuid", "init_module", "kexec_load", "bpf", "clock_settime", "swapon"}
