"""The register of contracts: read whole or refused whole, and asked for each mail."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.faults import SettingsError
from maildesk.register import Register, parse_register, read_register

HEADER = "number,organisation,domains,monthly fee,currency,valid from,valid to,partner addresses,shared"
TODAY = date(2026, 11, 23)
REGISTER = parse_register(
    f"""{HEADER}
CB-2041,Acme Ltd,acme.example acme.test,1250.00,GBP,2026-01-01,2026-12-31,bob@partner.example
CB-2041,Acme Ltd,acme.example,1400.00,GBP,2027-01-01,,
CB-3000,"Globex, Inc",globex.example,,,,2025-12-31,
CB-3001,Globex,globex.example,99.5,EUR,,,
CB-4000,Old,old.example,,,2020-01-01,2021-01-01,
""",
    "c.csv",
)


def numbers(register: Register, address: str, day: date = TODAY) -> list[str]:
    return [contract.number for contract in register.of(address, day)]


def faults(text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        parse_register(text, "c.csv")
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("Ann@ACME.example", ["CB-2041"]),
        ("ann@acme.test", ["CB-2041"]),
        ("ann@mail.acme.example", ["CB-2041"]),
        ("ann@notacme.example", []),
        ("ann@example", []),
        ("bob@partner.example", ["CB-2041"]),
        ("eve@partner.example", []),
        ("x@globex.example", ["CB-3001"]),  # the valid one of two
        ("x@old.example", ["CB-4000"]),  # the expired one, there is no other
        ("", []),
        ("@" * 500, []),
    ],
)
def test_whose_contract(address: str, found: list[str]) -> None:
    assert numbers(REGISTER, address) == found


def test_only_a_valid_contract_makes_an_address_known() -> None:
    assert REGISTER.knows("ann@acme.example", TODAY)
    assert not REGISTER.knows("x@old.example", TODAY)
    assert not REGISTER.knows("eve@nowhere.example", TODAY)


@pytest.mark.parametrize("written", ["CB-2041", "cb 2041", "CB2041", "cb–2041"])
def test_a_number_is_found_as_people_write_it(written: str) -> None:
    found = REGISTER.numbered(written, TODAY)
    assert found
    assert found.monthly_fee == Decimal("1250.00")


@pytest.mark.parametrize(
    ("day", "fee"),
    [("2026-12-31", "1250.00"), ("2027-01-01", "1400.00"), ("2040-01-01", "1400.00"), ("2020-01-01", "1400.00")],
)
def test_a_renewed_contract_has_the_fee_of_its_day(day: str, fee: str) -> None:
    found = REGISTER.numbered("CB-2041", date.fromisoformat(day))
    assert found
    assert found.monthly_fee == Decimal(fee)


def test_an_unknown_number_is_nothing() -> None:
    assert REGISTER.numbered("CB-9", TODAY) is None
    assert REGISTER.numbered("", TODAY) is None


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\nC1,Acme,acme.example,5,GBP,,,\n",
        f"{HEADER}\r\nC1,Acme,acme.example,5,GBP,,,\r\n\r\n",
        f"{HEADER.replace(',', ';')}\nC1;Acme;acme.example;5;GBP;;;\n",
        "\ufeffNumber,Organisation,Domains,Monthly_Fee,Currency\nC1,Acme,ACME.example,5,GBP\n".removeprefix("\ufeff"),
        "domains,number,currency,organisation,monthly-fee\nacme.example,C1,GBP, Acme ,5\n,,,,\n",
    ],
)
def test_the_same_register_in_several_hands(text: str) -> None:
    [contract] = parse_register(text, "c.csv").contracts
    assert (contract.number, contract.organisation, contract.domains) == ("C1", "Acme", frozenset({"acme.example"}))
    assert (contract.monthly_fee, contract.currency) == (Decimal(5), "GBP")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",Acme,acme.example,,,,,", "c.csv:2: number: is empty; write it"),
        ("C1,,acme.example,,,,,", "c.csv:2: organisation: is empty; write it"),
        ("C1,Acme,,,,,,", "c.csv:2: domains: is empty; write the domains its people write from, like acme.example"),
        ("C1,Acme,@acme.example,,,,,", 'c.csv:2: domains: "@acme.example" is no domain; write like acme.example'),
        ("C1,Acme,com,,,,,", 'c.csv:2: domains: "com" is no domain; write like acme.example'),
        ('C1,Acme,acme.example,"1,250.00",GBP,,,', 'c.csv:2: monthly fee: "1,250.00" is no amount; write like 1250.00'),
        ("C1,Acme,acme.example,£5,GBP,,,", 'c.csv:2: monthly fee: "£5" is no amount; write like 1250.00'),
        ("C1,Acme,acme.example,-5,GBP,,,", 'c.csv:2: monthly fee: "-5" is no amount'),
        ("C1,Acme,acme.example,5,,,,", "c.csv:2: currency: is empty; write the currency of the monthly fee, like GBP"),
        ("C1,Acme,acme.example,5,pounds,,,", 'c.csv:2: currency: "pounds" is no currency; write like GBP'),
        ("C1,Acme,acme.example,,,31/12/2026,,", 'c.csv:2: valid from: "31/12/2026" is no day; write like 2026-12-31'),
        ("C1,Acme,acme.example,,,,2026-02-30,", 'c.csv:2: valid to: "2026-02-30" is no day; write like 2026-12-31'),
        (
            "C1,Acme,acme.example,,,2026-02-02,2026-02-01,",
            "c.csv:2: valid to: 2026-02-01 is before valid from, 2026-02-02",
        ),
        ("C1,Acme,acme.example,,,,,bob", 'c.csv:2: partner addresses: "bob" is no mail address; write like bob@'),
        ("C1,Acme,acme.example,,,,,,maybe", 'c.csv:2: shared: "maybe" is neither yes nor no; write yes where'),
        (
            "C1,Acme,acme.example,1,250,GBP,,,,",
            "c.csv:2: has 10 cells for 9 columns; put a cell that holds the delimiter",
        ),
    ],
)
def test_a_faulty_row_is_named(row: str, said: str) -> None:
    assert [fault[: len(said)] for fault in faults(f"{HEADER}\n{row}\n")] == [said]


def test_all_faults_come_at_once_with_the_line_where_their_row_begins() -> None:
    text = f'{HEADER}\nC1,"Acme\nand Sons",acme.example,x,,,,\nC2,B,b.example,,,,,\nC2,B,b.example,,,2026-01-01,,\n,,c,,,,,\n'
    assert [fault.partition("; ")[0] for fault in faults(text)] == [
        'c.csv:2: monthly fee: "x" is no amount',
        "c.csv:2: currency: is empty",
        "c.csv:5: number: C2 also stands in line 4 for some of the same days",
        "c.csv:6: number: is empty",
        "c.csv:6: organisation: is empty",
        'c.csv:6: domains: "c" is no domain',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["number: is missing", "organisation: is missing", "domains: is missing"]),
        ("number,organization,domains\n", ["organization: is no known column; did you mean organisation?"]),
        ("number,organisation,domains,zzz\n", ["zzz: is no known column; known are number, organisation, domains"]),
        ("number,organisation,domains,\n", ["(empty): is no known column"]),
        ("number,organisation,domains,Number\n", ["number: stands twice; keep one column of each name"]),
    ],
)
def test_the_columns_are_named_in_the_first_line(text: str, said: list[str]) -> None:
    found = faults(text)
    assert all(fault.startswith(f"c.csv:1: {start}") for fault, start in zip(found, said, strict=False))
    assert len(found) >= len(said)


def test_a_quote_that_is_never_closed_is_refused() -> None:
    assert faults(f'{HEADER}\nC1,"Acme,acme.example\n')[0].startswith("c.csv:2: is no CSV: ")


def test_a_file_that_cannot_be_had(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"c\.csv: cannot be read: No such file or directory; write its path"):
        read_register(tmp_path / "c.csv")
    (tmp_path / "c.csv").write_bytes(HEADER.encode() + b"\nC1,M\xfcller,m.example,,,,,\n")
    with pytest.raises(SettingsError, match="is no text in UTF-8; save it as CSV in UTF-8"):
        read_register(tmp_path / "c.csv")


def test_a_file_as_spreadsheets_save_it(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(b"\xef\xbb\xbf" + HEADER.encode() + "\r\nC1,Müller,m.example,,,,,\r\n".encode())
    assert [contract.organisation for contract in read_register(tmp_path / "c.csv").contracts] == ["Müller"]


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for file in (text, f"{HEADER}\n{text}"):
        with suppress(SettingsError):
            assert isinstance(parse_register(file, "c.csv"), Register)


@given(st.text(max_size=100))
def test_any_address_can_be_asked_for(address: str) -> None:
    assert isinstance(REGISTER.of(address, TODAY), tuple)


@pytest.mark.parametrize(
    ("contract", "address", "day", "shares"),
    [
        ("S-1", "carol@acme.example", date(2026, 6, 1), True),
        ("s 1", "Carol@uk.ACME.example", date(2026, 6, 1), True),
        ("S-1", "noc@partner.example", date(2026, 6, 1), True),
        ("S-1", "carol@evilacme.example", date(2026, 6, 1), False),
        ("S-1", "carol@acme.example", date(2027, 1, 1), False),
        ("N-1", "dave@other.example", date(2026, 6, 1), False),
        ("E-1", "eve@empty.example", date(2026, 6, 1), False),
        ("S-1", "dave@other.example", date(2026, 6, 1), False),
        ("", "carol@acme.example", date(2026, 6, 1), False),
        ("X-9", "carol@acme.example", date(2026, 6, 1), False),
    ],
)
def test_who_shares_a_contracts_tickets(contract: str, address: str, day: date, shares: bool) -> None:
    rows = (
        "S-1,Acme,acme.example,,,,2026-12-31,noc@partner.example,Yes",
        "N-1,Other,other.example,,,,,,no",
        "E-1,Empty,empty.example,,,,,,",
    )
    register = parse_register("\n".join([HEADER, *rows]), "c.csv")
    assert register.shares(contract, address, day) is shares
