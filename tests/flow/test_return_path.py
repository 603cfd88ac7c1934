"""Where delivery reports go: `send.return_path`, and what goes with it."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.rig.desk import Clock, DeskUnderTest
from tests.rig.letters import DESK, answer, letter

FreshUrl = Callable[[], str]


@contextmanager
def desk_with(folder: Path, url: str, return_path: str | None) -> Iterator[DeskUnderTest]:
    with closing(DeskUnderTest(folder, url, Clock(), {"send": {"return_path": return_path}})) as made:
        yield made


@pytest.mark.parametrize("address", [DESK, "bounces@desk.test", None])
def test_a_plain_return_path_or_none(fresh_url: FreshUrl, tmp_path: Path, address: str | None) -> None:
    with desk_with(tmp_path, fresh_url(), address) as desk:
        sent = desk.receive(letter()).sent
        assert {mail.row.reverse_path for mail in sent} == {address or ""}
        assert {mail.mail["Reply-To"] for mail in sent} == {None}  # the mailbox may have no sub-addresses


def test_a_signed_one_is_each_mail_s_own(fresh_url: FreshUrl, tmp_path: Path) -> None:
    with desk_with(tmp_path, fresh_url(), "signed") as desk:
        sent = desk.receive(letter()).sent
        assert len(sent) == len({mail.row.reverse_path for mail in sent}) > 1
        assert all(mail.row.reverse_path.startswith(f"support+b{mail.row.ticket}.") for mail in sent)
        assert all(mail.mail["Reply-To"] for mail in sent)


def test_without_sub_addresses_answers_are_known_by_their_thread(fresh_url: FreshUrl, tmp_path: Path) -> None:
    with desk_with(tmp_path, fresh_url(), DESK) as desk:
        first = desk.receive(letter())
        (acknowledgement,) = desk.outbox("acknowledgement")
        assert desk.receive(answer(acknowledgement.octets)).ticket == first.ticket
