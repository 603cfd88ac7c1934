import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.read.address import read_addresses, usable
from maildesk.read.mail import Address
from maildesk.read.parse import read_mail


def from_of(value: str | bytes) -> tuple[tuple[str, str], ...]:
    octets = value if isinstance(value, bytes) else value.encode()
    return tuple((each.name, each.address) for each in read_mail(b"From: " + octets + b"\r\n\r\n").from_)


@pytest.mark.parametrize(
    ("value", "people"),
    [
        ("jane@example.com", [("", "jane@example.com")]),
        ("<jane@example.com>", [("", "jane@example.com")]),
        ("Jane Doe <jane@example.com>", [("Jane Doe", "jane@example.com")]),
        ("Jane Doe<Jane@Example.com>", [("Jane Doe", "Jane@Example.com")]),
        ('"Doe, Jane" <jane@example.com>', [("Doe, Jane", "jane@example.com")]),
        (r'"Jane \"J\" Doe" <jane@example.com>', [('Jane "J" Doe', "jane@example.com")]),
        ("jane@example.com (Jane Doe)", [("Jane Doe", "jane@example.com")]),
        ("a@b.example, C <c@d.example>", [("", "a@b.example"), ("C", "c@d.example")]),
        ("=?utf-8?q?J=C3=B6rg?= <j@example.com>", [("Jörg", "j@example.com")]),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@example.com>', [("Jörg", "j@example.com")]),
        ("=?gb2312?B?xOO6ww==?= <n@example.com>", [("你好", "n@example.com")]),
        ("=?utf-8?b?aGVsb?= <n@example.com>", [("hel", "n@example.com")]),  # mail-parser raises on it
        ("=?idna?q?abc?= <n@example.com>", [("abc", "n@example.com")]),
        ("Grüße <g@example.com>", [("Grüße", "g@example.com")]),
        ("Team: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        ("undisclosed-recipients:;", []),
        ('"john doe"@example.com', [("", '"john doe"@example.com')]),
        ("üser@bücher.example", [("", "üser@bücher.example")]),
        ("jane@[192.0.2.1]", [("", "jane@[192.0.2.1]")]),
        ("<@relay.example:jane@example.com>", [("", "jane@example.com")]),
        ("a@b.example <c@d.example>", [("a@b.example", "c@d.example")]),
        ("jane@example.com <jane@example.com>", [("", "jane@example.com")]),
        ("a..b@docomo.example", [("", "a..b@docomo.example")]),
        ("Jane <jane@example.com", [("Jane", "jane@example.com")]),
        ("Jane jane@example.com", [("Jane", "jane@example.com")]),
        ('"Jane <jane@example.com>', [("Jane", "jane@example.com")]),
        ("Jane (work <jane@example.com>", [("Jane work", "jane@example.com")]),
        ("a@b.example c@d.example", [("c@d.example", "a@b.example")]),
        ("Big Bug bb@bug.example", [("Big Bug", "bb@bug.example")]),
        ("Jane\u202e <jane@example.com>", [("Jane", "jane@example.com")]),
        ("MAILER-DAEMON <>", []),
        ("foo", []),
        ("", []),
        ("@", []),
        ("jane@", []),
        ("@example.com", []),
        ("jane@exam ple.com", []),
        ("jane@example..com", []),
        ("<jane@example.com\x01>", [("", "jane@example.com")]),
        ("jane＠example.com", []),
    ],
)
def test_from(value: str, people: list[tuple[str, str]]) -> None:
    assert list(from_of(value)) == people


@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?q?eve=40evil.example?=",
        "=?utf-8?q?=3Ceve=40evil.example=3E?=",
        "=?utf-8?q?a=2C_eve=40evil.example?=",
        "=?utf-8?q?eve?=@evil.example",
        "=?utf-8?b?ZXZlQGV2aWwuZXhhbXBsZQ==?=",
        "=?utf-8?q?eve@evil.example?=",
    ],
)
def test_an_encoded_word_is_no_address(value: str) -> None:
    assert from_of(value) == ()
    assert [address for _, address in from_of(f"{value} <jane@example.com>")] == ["jane@example.com"]


def test_recipients_of_all_fields_and_a_cap() -> None:
    many = b"To: " + b", ".join(b"u%d@example.com" % number for number in range(3000))
    mail = read_mail(b"To: a@b.example\r\n" + many[:60_000] + b"\r\n\r\n")
    assert mail.to[0].address == "a@b.example"
    assert len(mail.to) == 1000
    assert "too many addresses in To; the last of them were not read" in mail.faults


@given(st.text(alphabet='ab@.<>()",;:\\ [] =?é\u202e', max_size=60))
def test_what_is_read_is_usable_and_stands_in_the_field(value: str) -> None:
    for found in (*read_addresses(value), *read_mail(f"From: {value}\n\n".encode()).from_):
        assert usable(found.address) == found.address
        assert not set(found.address) & set("\r\n<>")
        assert "\u202e" not in found.name


def test_a_long_name_is_cut() -> None:
    (found,) = read_addresses(f"{'x' * 5000} <a@b.example>")
    assert found == Address("a@b.example", "x" * 200)
