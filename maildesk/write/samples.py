"""A sample of each notice's facts: `check` tries every template on them, and pictures are made of them.

Each notice comes at its fullest and at its barest, so that a template that only works with some facts is found.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from maildesk.desk.notices import (
    Acknowledgement,
    Alert,
    Enclosure,
    Fact,
    Facts,
    Joined,
    NewTicket,
    Notice,
    Reached,
    Recipient,
    Undeliverable,
)
from maildesk.desk.token import Purpose
from maildesk.write import (
    confirming_samples,
    credit_samples,
    digest_samples,
    opening_samples,
    order_samples,
    procedure_samples,
)

_NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
_MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
_SUBJECT = "Checkout page shows error 502 since this morning"
_AUTHOR = "Bob Miller <bob.miller@acme.example>"
_WORDS = """Hello,

since about 9 o'clock every third visitor of our shop sees "502 Bad Gateway" when he pays.
The access log says:

    2026-11-23T09:02:11Z POST /checkout/payment 502 upstream prematurely closed connection while reading response header

We changed nothing on our side. Can you please look?

Kind regards
Bob"""
_NAME = Fact("name", "Your name", "Bob Miller")
_ORGANISATION = Fact("organisation", "Your organisation", "ACME Trading Ltd")
_CONTRACT = Fact("contract", "Your contract number", "AC-2231")
_EMAIL = Fact("email", "Your e-mail address", "bob.miller@acme.example")
_PHONE = Fact("phone", "Your phone number", "020 7946 0018")
_DOCUMENTATION = Fact("documentation", "Supporting documentation", "screenshot of the payment page.png, access.log")
_FACTS = (_NAME, _ORGANISATION, _CONTRACT, _EMAIL, _PHONE, _DOCUMENTATION)
_ENCLOSURES = (
    Enclosure("screenshot of the payment page.png", "image/png", 184_320),
    Enclosure("access.log", "text/plain", 41_300_000, enclosed=False),
)
_EMPTY = ""


def _labels(*facts: Fact) -> tuple[Fact, ...]:
    return tuple(replace(fact, value="") for fact in facts)


SAMPLES: dict[str, tuple[Facts, ...]] = {
    "acknowledgement": (
        Acknowledgement(
            "CB-1042",
            _SUBJECT,
            open_now=False,
            begins_at=_MORNING,
            have=_labels(_NAME, _EMAIL),
            missing=_labels(_ORGANISATION, _CONTRACT, _PHONE),
        ),
        Acknowledgement("CB-1042", _SUBJECT, open_now=True, begins_at=_NOW, have=_FACTS),
        Acknowledgement("CB-1042", _EMPTY, open_now=True, begins_at=_NOW, missing=_labels(*_FACTS)),
    ),
    "new-ticket": (
        NewTicket(
            "CB-1042",
            _SUBJECT,
            _AUTHOR,
            opened_at=_NOW,
            priority="P3",
            team="Support Team",
            text=_WORDS,
            facts=_FACTS,
            flags=(
                "the contract AC-2231 expired on 31 October 2026",
                "the mail was damaged: its second part has no end",
            ),
            acknowledgement="goes to bob.miller@acme.example",
            enclosures=_ENCLOSURES,
        ),
        NewTicket("CB-1042", _EMPTY, "nobody that can be answered", _NOW, priority="P3", team="support", text=_EMPTY),
    ),
    "joined": (
        Joined(
            "CB-1042",
            _SUBJECT,
            _AUTHOR,
            role="requester",
            received_at=_NOW,
            text="It happens to card payments only.\n\n\N{LEFT DOUBLE QUOTATION MARK}Zoë\N{RIGHT DOUBLE QUOTATION MARK} saw it too.",
            facts=(_PHONE,),
            flags=("a robot wrote this mail",),
            enclosures=_ENCLOSURES[:1],
        ),
        Joined("CB-1042", _EMPTY, _AUTHOR, role="outsider", received_at=_NOW, text=_EMPTY),
    ),
    "reached": (Reached(),),
    "undeliverable": (
        Undeliverable(
            "CB-1042",
            _SUBJECT,
            "bob.miller@acme.example",
            "acknowledgement",
            "550 5.1.1 <bob.miller@acme.example>: Recipient address rejected: User unknown in virtual mailbox table",
            muted=True,
        ),
        Undeliverable(_EMPTY, _EMPTY, "bob.miller@acme.example", "joined", _EMPTY),
    ),
    "alert": (
        Alert(
            "A mail could not be processed and is held",
            (
                "mail 4711 from bob.miller@acme.example, received Mon 23 Nov 2026, 18:30 GMT",
                "5 attempts, the last: OSError",
            ),
            "Look at it with `maildesk mail explain 4711`, then `maildesk mail retry 4711`.",
        ),
        Alert("A template is broken", (), ""),
    ),
    **procedure_samples.SAMPLES,
    **digest_samples.SAMPLES,
    **credit_samples.SAMPLES,
    **opening_samples.SAMPLES,
    **confirming_samples.SAMPLES,
    **order_samples.SAMPLES,
}
_CUSTOMERS = frozenset({"acknowledgement", "reached"}) | procedure_samples.CUSTOMERS


def sample_notices(language: str = "", zone: str = "Europe/London") -> Iterator[Notice]:
    """Each sample as a notice to somebody who reads ``language`` in ``zone``."""
    for name, samples in SAMPLES.items():
        customer = name in _CUSTOMERS
        purpose = Purpose.CUSTOMER if customer else Purpose.STAFF
        address = "bob.miller@acme.example" if customer else "eva@desk.example"
        recipient = Recipient(address, "Bob Miller" if customer else "Eva Lund", zone, language, purpose)
        for at, facts in enumerate(samples):
            yield Notice(name, recipient, 1042, f"sample:{name}:{at}", facts)
