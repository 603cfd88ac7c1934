"""What a mail tells of its writer [Procedure 11], and what the register of contracts says to it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from maildesk.desk.decide import Facts
from maildesk.desk.notices import Fact
from maildesk.read.contact import FIELDS, Contact, merge
from maildesk.register import Contract, Register

_SEPARATOR = ", "


def facts_of(contact: Contact, before: Mapping[str, Any], address: str, register: Register, day: date) -> Facts:
    """The facts known after this mail: what was known before, with what it adds; ``day`` is local to the firm."""
    known = merge(contact_from(before), contact)
    contract, flags = _contract(known, address, register, day)
    if contract is not None:
        known = merge(Contact(organisation=contract.organisation, contract=contract.number), known)
    partners = tuple(address.lower() for address in contract.partners) if contract else ()
    return Facts(asdict(known), contract.number if contract else "", flags, partners)


def contact_from(values: Mapping[str, Any]) -> Contact:
    """A contact as a ticket stores it."""
    stored = {key: values.get(key) or "" for key, _ in FIELDS if key != "documentation"}
    return Contact(**stored, documentation=tuple(values.get("documentation") or ()))


def known_facts(contact: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What is known, with its values, in the order in which it is asked for."""
    return tuple(Fact(key, label, _shown(contact[key])) for key, label in FIELDS if contact.get(key))


def missing_facts(contact: Mapping[str, Any]) -> tuple[Fact, ...]:
    """What is not known yet."""
    return tuple(Fact(key, label) for key, label in FIELDS if not contact.get(key))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else _SEPARATOR.join(value)


def _contract(contact: Contact, address: str, register: Register, day: date) -> tuple[Contract | None, tuple[str, ...]]:
    """The contract that counts, and what staff should know of it."""
    if not register.contracts:
        return None, ()
    own = register.of(address, day) if address else ()
    if contact.contract and (named := register.numbered(contact.contract, day)) is not None:
        return _named(named, own, address, day)
    unknown = (f"contract {contact.contract} is not on the register",) if contact.contract else ()
    if not own:
        return None, (*unknown, f"{address or 'the sender'} is on no contract of the register")
    if len(own) > 1:
        return None, (*unknown, "several contracts cover the sender: " + _SEPARATOR.join(row.number for row in own))
    return own[0], unknown + _expired(own[0], day)


def _named(
    named: Contract, own: tuple[Contract, ...], address: str, day: date
) -> tuple[Contract | None, tuple[str, ...]]:
    if named.number not in {row.number for row in own}:
        return None, (f"contract {named.number} was named by {address}, whom the register does not put on it",)
    return named, _expired(named, day)


def _expired(contract: Contract, day: date) -> tuple[str, ...]:
    return () if contract.valid(day) else (f"contract {contract.number} is not valid on {day.isoformat()}",)
