import errno
import mailbox
import os
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from maildesk.send.maildir import MaildirOut
from maildesk.send.outcome import State

MAIL = b"From: d@desk.test\r\nTo: b@y.test\r\nMessage-ID: <1@desk.test>\r\n\r\n.dot\r\n"
PATHS = ("support+b7@desk.test", "b@y.test")


def files(path):
    return sorted(file for folder in ("tmp", "new", "cur") for file in (path / folder).iterdir())


def test_a_mail_is_a_file_in_new_with_its_return_path(tmp_path):
    path = tmp_path / "var" / "outgoing"

    outcome = MaildirOut(path).deliver(*PATHS, MAIL)

    assert outcome.state is State.SENT
    (file,) = files(path)
    assert file.parent.name == "new"
    assert file.read_bytes() == b"Return-Path: <support+b7@desk.test>\n" + MAIL.replace(b"\r\n", b"\n")
    assert [oct(p.stat().st_mode & 0o777) for p in (path, path / "new", path / "cur", path / "tmp")] == ["0o700"] * 4
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert [read["To"] for read in mailbox.Maildir(path)] == ["b@y.test"]


def test_the_null_path_is_written_as_such(tmp_path):
    MaildirOut(tmp_path).deliver("", "b@y.test", MAIL)

    assert files(tmp_path)[0].read_bytes().startswith(b"Return-Path: <>\nFrom")


@pytest.mark.parametrize("moved", ["new/{}", "cur/{}", "cur/{}:2,", "cur/{}:2,S"])
def test_a_repeat_makes_no_second_file(tmp_path, moved):
    MaildirOut(tmp_path).deliver(*PATHS, MAIL)
    (file,) = files(tmp_path)
    file.rename(tmp_path / moved.format(file.name))

    assert MaildirOut(tmp_path).deliver(*PATHS, MAIL).state is State.SENT
    assert len(files(tmp_path)) == 1


def test_other_mail_is_another_file(tmp_path):
    out = MaildirOut(tmp_path)
    for paths, mail in [(PATHS, MAIL), (("", "b@y.test"), MAIL), (("", "c@y.test"), MAIL), (PATHS, MAIL + b"x\r\n")]:
        assert out.deliver(*paths, mail).state is State.SENT

    assert len(files(tmp_path)) == 4


def test_many_at_once(tmp_path):
    def send(own):
        for number in range(25):
            assert MaildirOut(tmp_path).deliver("", f"{own}@y.test", b"%d\r\n" % number).state is State.SENT
            assert MaildirOut(tmp_path).deliver("", "all@y.test", b"%d\r\n" % number).state is State.SENT

    threads = [threading.Thread(target=send, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(files(tmp_path)) == 4 * 25 + 25


@pytest.mark.parametrize("call", ["fsync", "mkdir", "open"])
def test_a_full_disk_defers_and_leaves_nothing_half(tmp_path, monkeypatch, call):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        outcome = MaildirOut(tmp_path / "out").deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.connected) == (State.DEFERRED, False)
    assert outcome.text.endswith("No space left on device")
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    assert MaildirOut(tmp_path / "out").deliver(*PATHS, MAIL).state is State.SENT


def test_nothing_is_sent_before_the_file_and_its_name_are_synced(tmp_path, monkeypatch):
    events, fsync, replace = [], os.fsync, os.rename
    monkeypatch.setattr(os, "fsync", lambda handle: (events.append(_named(handle)), fsync(handle))[1])
    monkeypatch.setattr(os, "rename", lambda *names: (events.append("rename"), replace(*names))[1])

    MaildirOut(tmp_path).deliver(*PATHS, MAIL)

    assert events == ["tmp", "rename", "new"]


def _named(handle):
    path = Path(f"/proc/self/fd/{handle}").readlink()
    return "new" if path.name == "new" else path.parent.name


def test_what_is_no_directory_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    outcome = MaildirOut(tmp_path / "file").deliver(*PATHS, MAIL)

    assert (outcome.state, outcome.connected) == (State.DEFERRED, False)
    assert str(tmp_path / "file") in outcome.text


def test_a_return_path_cannot_add_a_field(tmp_path):
    outcome = MaildirOut(tmp_path).deliver("a@x\r\nBcc: evil@z.test", "b@y.test", MAIL)

    assert outcome.state is State.FAILED
    assert list(tmp_path.iterdir()) == []


def test_the_name_says_nothing_but_the_content(tmp_path):
    MaildirOut(tmp_path).deliver(*PATHS, MAIL)

    expected = sha256(b"support+b7@desk.test\0b@y.test\0" + MAIL).hexdigest()[:40]
    assert files(tmp_path)[0].name == f"{expected}.maildesk"
