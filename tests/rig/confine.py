"""Runs a command under a unit's directives as systemd would, as far as that goes without a running systemd.

``python confine.py UNIT STATE_DIRECTORY UID COMMAND...`` (as root) takes mounts, namespaces, capabilities and system
calls away as the unit says, becomes UID, and then the command, which keeps the process id.  Inside, STATE_DIRECTORY is
/var/lib/maildesk.  `EMULATED` names the directives that act here, `ELSEWHERE` those that do not, each with the reason.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.rig.unit import Directives, allowed_calls, service

STATE = Path("/var/lib/maildesk")
EMULATED = {
    "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateMounts", "PrivateDevices", "PrivateIPC", "PrivateUsers",
    "ProtectHostname", "ProtectProc", "ProcSubset", "ProtectKernelTunables", "ProtectControlGroups", "ProtectKernelLogs",
    "ProtectKernelModules", "ProtectClock", "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities",
    "RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality",
    "MemoryDenyWriteExecute", "SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber",
    "StateDirectory", "StateDirectoryMode", "RuntimeDirectory", "RuntimeDirectoryMode", "UMask",
    "Type", "NotifyAccess", "WatchdogSec", "KillMode", "TimeoutStopSec",
}  # fmt: skip
ELSEWHERE = {
    "User": "the test's machine has no user maildesk; an unprivileged one stands for it",
    "Group": "as User",
    "Environment": "the place of installation is the test's own",
    "ExecStart": "the same command from the test's own virtual environment",
    "TimeoutStartSec": "the test has a limit of its own",
    "Restart": "needs a service manager",
    "RestartSec": "needs a service manager",
    "RestartPreventExitStatus": "needs a service manager",
    "DevicePolicy": "needs a control group; /dev holds nothing but pseudo devices",
    "RemoveIPC": "acts after the end; the desk makes no System V objects",
}

_libc = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER = 0x20000, 0x4000000, 0x8000000, 0x10000000
_ALL_NAMESPACES = 0x7E020080
_BIND, _REC, _PRIVATE = 4096, 16384, 1 << 18
_MOUNT_SETATTR, _AT_RECURSIVE, _ATTR_RDONLY = 442, 0x8000, 1
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def _checked(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: Path, kind: str = "", flags: int = 0, data: str = "") -> None:
    _checked(_libc.mount(source.encode(), str(target).encode(), kind.encode(), flags, data.encode()), f"mount {target}")


class _Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def _read_only(path: Path, on: bool, recursive: bool) -> None:
    attributes = _Attributes(_ATTR_RDONLY if on else 0, 0 if on else _ATTR_RDONLY, 0, 0)
    result = _libc.syscall(
        _MOUNT_SETATTR, -1, str(path).encode(), _AT_RECURSIVE if recursive else 0, ctypes.byref(attributes), 32
    )
    _checked(result, f"mount_setattr {path}")


def _hide(path: Path, needed: list[Path]) -> None:
    """An empty directory over ``path``; what the interpreter needs from below it stays."""
    if not path.is_dir():
        return
    kept = [(place, os.open(place, os.O_PATH)) for place in needed if place.is_relative_to(path)]
    _mount("tmpfs", path, "tmpfs", data="mode=1777")
    for place, handle in kept:
        place.mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{handle}", place, flags=_BIND | _REC)
        os.close(handle)


def _private_devices() -> None:
    handles = {name: os.open(f"/dev/{name}", os.O_PATH) for name in _DEVICES}
    _mount("tmpfs", Path("/dev"), "tmpfs", data="mode=755")
    for name, handle in handles.items():
        device = Path("/dev") / name
        device.touch()
        _mount(f"/proc/self/fd/{handle}", device, flags=_BIND)
        os.close(handle)


def _mounts(state: Path, uid: int, needed: list[Path]) -> None:
    """ProtectSystem=strict, ProtectHome, PrivateTmp, PrivateDevices, ProtectProc, ProcSubset, the directories."""
    _checked(_libc.unshare(_NEWNS | _NEWUTS | _NEWIPC), "unshare")
    _mount("none", Path("/"), flags=_REC | _PRIVATE)
    own = os.open(state, os.O_PATH)
    for path in ("/home", "/root", "/run", "/var/lib"):
        _hide(Path(path), needed)
    STATE.mkdir()
    _mount(f"/proc/self/fd/{own}", STATE, flags=_BIND)
    STATE.chmod(0o700)
    runtime = Path("/run/maildesk")
    runtime.mkdir(mode=0o755)
    _mount("tmpfs", runtime, "tmpfs", data=f"mode=755,uid={uid}")
    for path in ("/tmp", "/var/tmp"):
        _hide(Path(path), needed)
    _private_devices()
    _mount("proc", Path("/proc"), "proc", data="hidepid=invisible,subset=pid")
    _read_only(Path("/"), on=True, recursive=True)
    for path in (STATE, runtime, Path("/tmp"), Path("/var/tmp"), Path("/proc"), Path("/dev")):
        _read_only(path, on=False, recursive=False)


def _own_users(uid: int) -> None:
    """PrivateUsers=yes: root and the service's user are mapped, nobody else.  A process outside must write the map."""
    told, tell = os.pipe()
    outside = os.open(f"/proc/{os.getpid()}", os.O_PATH)
    if os.fork() == 0:
        _write_maps(outside, uid, told)
    _checked(_libc.unshare(_NEWUSER), "unshare users")
    os.write(tell, b".")
    if os.wait()[1] != 0:
        raise OSError("the user map could not be written")
    for handle in (told, tell, outside):
        os.close(handle)


def _write_maps(process: int, uid: int, told: int) -> NoReturn:
    os.read(told, 1)
    try:
        for name in ("uid_map", "gid_map"):
            os.write(os.open(name, os.O_WRONLY, dir_fd=process), f"0 0 1\n{uid} {uid} 1\n".encode())
    except OSError:
        os._exit(1)
    os._exit(0)


def _drop_privileges(uid: int) -> None:
    """CapabilityBoundingSet=, AmbientCapabilities=, User=, NoNewPrivileges=."""
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break  # the kernel knows no more
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")


class _Condition(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    ]


_EQUAL, _MASKED_EQUAL = 4, 7
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_WRITE, _EXECUTE, _SHM_EXECUTE, _SETUID_SETGID, _AS_IT_IS = 2, 4, 0o100000, 0o6000, 0xFFFFFFFF


def _without(argument: int, bits: int) -> _Condition:
    return _Condition(argument, _MASKED_EQUAL, bits, 0)


def _conditions(families: list[int]) -> dict[str, list[_Condition]]:
    """Calls that are allowed with some arguments only: any one of the conditions is enough."""
    return {
        "socket": [_Condition(0, _EQUAL, family, 0) for family in families],
        "clone": [_without(0, _ALL_NAMESPACES)],
        "mmap": [_without(2, _WRITE), _without(2, _EXECUTE)],
        "mprotect": [_without(2, _EXECUTE)],
        "pkey_mprotect": [_without(2, _EXECUTE)],
        "shmat": [_without(2, _SHM_EXECUTE)],
        "personality": [_Condition(0, _EQUAL, 0, 0), _Condition(0, _EQUAL, _AS_IT_IS, 0)],
        "chmod": [_without(1, _SETUID_SETGID)],
        "fchmod": [_without(1, _SETUID_SETGID)],
        "fchmodat": [_without(2, _SETUID_SETGID)],
        "unshare": [],
        "setns": [],
    }


def _filter_calls(allowed: set[str], families: list[int]) -> None:
    """SystemCallFilter, SystemCallArchitectures, RestrictAddressFamilies and the other Restrict... as one filter."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    filters = ctypes.c_void_p(seccomp.seccomp_init(_ERRNO | errno.EPERM))
    conditions = _conditions(families)

    def rule(action: int, name: str, *these: _Condition) -> None:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # else another architecture's
            array = (_Condition * len(these))(*these)
            _checked(seccomp.seccomp_rule_add_array(filters, action, number, len(these), array), name)

    rule(_ERRNO | errno.ENOSYS, "clone3")  # as systemd does: its flags cannot be looked at
    for name in sorted(allowed - {"clone3"} - set(conditions)):
        rule(_ALLOW, name)
    for name in sorted(allowed & set(conditions)):
        for condition in conditions[name]:
            rule(_ALLOW, name, condition)
    _checked(seccomp.seccomp_load(filters), "seccomp")


def _families(directives: Directives) -> list[int]:
    numbers = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
    return [numbers[name] for name in " ".join(directives["RestrictAddressFamilies"]).split()]


def _needed() -> Iterator[Path]:
    for path in (Path(__file__).parents[2], Path(sys.prefix), Path(sys.base_prefix)):
        yield path.resolve()


def confine(unit: Path, state: Path, uid: int) -> None:
    """Confine this process; what cannot be done raises OSError."""
    directives = service(unit)
    calls = allowed_calls(directives["SystemCallFilter"])  # asked for while we still may
    _mounts(state, uid, [path for path in _needed() if path != Path("/usr")])
    _own_users(uid)
    os.umask(int(directives["UMask"][0], 8))
    os.chdir("/")
    _drop_privileges(uid)
    _filter_calls(calls, _families(directives))


def main(arguments: list[str]) -> None:
    """Confine, and become the command."""
    unit, state, uid, *command = arguments
    confine(Path(unit).resolve(), Path(state), int(uid))
    os.environ["WATCHDOG_PID"] = str(os.getpid())
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
