from ipaddress import ip_network
from unittest.mock import Mock

import pytest

from maildesk.receive.limits import OctetBudget, PeerLimits
from maildesk.receive.smtp_policy import STOPPING
from maildesk.receive.smtp_reception import Reception
from tests.rig.intake import DESK, NOW, settings


def reception(**changes: object) -> Reception:
    return Reception(
        settings=settings(**changes),
        desk_address=DESK,
        hostname="maildesk.desk.test",
        clock=lambda: NOW,
        tls=None,
        limits=PeerLimits(1, 1, 1),
        budget=OctetBudget(1),
        group=Mock(),
    )


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        ("", True),
        ("10.1.2.3", True),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("::ffff:c000:208", False),
    ],
)
def test_who_is_trusted(peer: str, trusted: bool) -> None:
    networks = tuple(ip_network(each) for each in ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32"))
    assert reception(trusted=networks).trusts(peer) is trusted


def test_who_comes_while_it_stops_is_sent_away() -> None:
    place = reception()
    guest = Mock(peer="192.0.2.1", trusted=True)
    place.stopping = True
    assert place.enter(guest) == STOPPING
    assert not place.sessions
