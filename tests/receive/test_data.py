from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.receive.data import END, NO_ROOM, OVER_LIMIT, DataOctets
from maildesk.receive.limits import SMALL, OctetBudget

OCTETS = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"\r\n.", b"a", b"\0", b"bc"]), max_size=40).map(
    b"".join
)


def reference(octets: bytes) -> tuple[bytes, bytes] | None:
    """RFC 5321 §4.5.2 to the letter, line by line: the mail and what follows it."""
    lines = []
    while b"\r\n" in octets:
        line, _, octets = octets.partition(b"\r\n")
        if line == b".":
            return b"".join(lines), octets
        lines.append(line.removeprefix(b".") + b"\r\n")
    return None


@given(OCTETS, st.lists(st.integers(0, 100), max_size=8))
def test_a_mail_is_the_same_in_whatever_pieces_it_comes(octets: bytes, cuts: list[int]) -> None:
    stream = octets + END + b"NOOP\r\n"
    data = DataOctets(10_000, OctetBudget(0))
    for start, end in pairwise([0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]):
        rest = data.feed(stream[start:end])
        if rest is not None:
            assert (data.mail(), rest + stream[end:]) == reference(stream)
            return
    pytest.fail("the end was not seen")


@pytest.mark.parametrize(
    "octets", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r\n.\0\r\n"]
)
def test_nothing_else_ends_a_mail(octets: bytes) -> None:
    assert DataOctets(1000, OctetBudget(0)).feed(b"a" + octets + b"b\r\n") is None


@pytest.mark.parametrize(
    ("sent", "mail"),
    [(b".\r\n", b""), (b"..\r\n.\r\n", b".\r\n"), (b".a\r\n.\r\n", b"a\r\n"), (b"\n..\n\r\n.\r\n", b"\n..\n\r\n")],
)
def test_transparency(sent: bytes, mail: bytes) -> None:
    data = DataOctets(100, OctetBudget(0))
    assert data.feed(sent) == b""
    assert (data.mail(), data.refusal) == (mail, "")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"x" * 98 + b"\r\n", ""),
        (b"x" * 99 + b"\r\n", OVER_LIMIT),
        (b"..\r\n" * 33, ""),  # 99 octets of mail, 132 on the wire
        (b"..\r\n" * 34, OVER_LIMIT),
        (b"x" * 500 + b"\r\n", OVER_LIMIT),
    ],
)
def test_the_limit_counts_the_mail_and_not_its_protection(body: bytes, refusal: str) -> None:
    data = DataOctets(100, OctetBudget(0))
    assert data.feed(body + b".\r\n") == b""
    data.mail()
    assert data.refusal == refusal


def test_what_is_over_the_limit_is_not_held() -> None:
    budget = OctetBudget(10_000_000)
    data = DataOctets(1_000_000, budget)
    for _ in range(100):
        data.feed(b"x" * 100_000)
    assert (data.refusal, budget.free, data._octets) == (OVER_LIMIT, 10_000_000, b"")
    assert data.feed(END) == b""


def test_big_mails_share_a_budget_and_small_ones_need_none() -> None:
    budget = OctetBudget(100_000)
    first, second, small = (DataOctets(1_000_000, budget) for _ in range(3))
    first.feed(b"x" * (SMALL + 60_000))
    second.feed(b"x" * (SMALL + 60_000))
    small.feed(b"x" * SMALL)
    assert (first.refusal, second.refusal, small.refusal) == ("", NO_ROOM, "")
    first.release()
    first.release()
    assert budget.free == 100_000
