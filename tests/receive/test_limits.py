import pytest

from maildesk.receive.limits import PRUNE_AT, PeerLimits, peer_key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8::1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_who_is_one_peer(one: str, other: str, same: bool) -> None:
    assert (peer_key(one) == peer_key(other)) is same


def test_connections_of_one_and_of_all() -> None:
    limits = PeerLimits(3, 2, None)
    assert [limits.enter("192.0.2.1") for _ in range(3)] == ["", "", "too many connections from your address"]
    assert [limits.enter("192.0.2.2") for _ in range(2)] == ["", "too many connections"]
    limits.leave("192.0.2.1")
    assert limits.enter("192.0.2.1") == ""


def test_a_minutes_worth_at_once_then_spaced_out() -> None:
    limits = PeerLimits(1, None, 60)
    assert [limits.may_mail("192.0.2.1", 0.0) for _ in range(61)] == [True] * 60 + [False]
    assert limits.may_mail("192.0.2.2", 0.0)
    assert [limits.may_mail("192.0.2.1", 1.0) for _ in range(2)] == [True, False]
    assert [limits.may_mail("192.0.2.1", 90.0) for _ in range(61)] == [True] * 60 + [False]


def test_no_limit() -> None:
    limits = PeerLimits(1000, None, None)
    assert all(limits.may_mail("192.0.2.1", 0.0) for _ in range(1000))
    assert not any(limits.enter("192.0.2.1") for _ in range(1000))


def test_peers_of_the_past_are_forgotten() -> None:
    limits = PeerLimits(1, None, 60)
    for number in range(3 * PRUNE_AT):
        limits.may_mail(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", number / 10)
    assert len(limits._paid_until) <= PRUNE_AT
