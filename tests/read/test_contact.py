"""The facts of [Procedure 11]: labelled lines, forms, tables, signatures, headers; and what must not count."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.read.contact import FIELDS, LONGEST_VALUE, Contact, merge, missing, read_contact
from maildesk.read.mail import Address, Attachment, Mail
from maildesk.read.reply import new_text

LEAD_IN = "On Mon, 4 May 2026 at 10:20, Desk <support@desk.test> wrote:"
HEADER_BLOCK = "From: Desk\nSent: Monday, 4 May 2026\nTo: Bob\nSubject: Ticket"


def contact(
    text: str = "", html: str = "", *, name: str = "", address: str = "bob.smith@acme.test", **more: object
) -> Contact:
    mail = Mail(from_=(Address(address, name),), text=text, html=html, **more)  # type: ignore[arg-type]
    return read_contact(mail, new_text(text, html))


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("Name: Bob", "name", "Bob"),
        ("Your Name - Bob Smith", "name", "Bob Smith"),
        ("Organisation : Acme", "organisation", "Acme"),
        ("Company name = Acme & Sons", "organisation", "Acme & Sons"),
        ("Nom : Jean Dupont", "name", "Jean Dupont"),
        ("氏名：山田太郎", "name", "山田太郎"),
        ("Ihr Name: Max Muster", "name", "Max Muster"),
        ("Firma: Muster AG", "organisation", "Muster AG"),
        ("Vertragsnummer: 4711", "contract", "4711"),
        ("Votre numéro de contrat : C-12/7", "contract", "C-12/7"),
        ("Número de contrato: 99-1", "contract", "99-1"),
        ("Numero di contratto: A17", "contract", "A17"),
        ("Contractnummer: NL-8", "contract", "NL-8"),
        ("Empresa: Acme S.A.", "organisation", "Acme S.A."),
        ("Nome da empresa: Acme Lda", "organisation", "Acme Lda"),
        ("Azienda: Acme S.r.l.", "organisation", "Acme S.r.l."),
        ("Bedrijf: Acme B.V.", "organisation", "Acme B.V."),
        ("Telefon: 089/12 34 56", "phone", "089/12 34 56"),
        ("Teléfono: +34 912 345 678", "phone", "+34 912 345 678"),
        ("Telefoonnummer: 020-1234567", "phone", "020-1234567"),
        ("Phone: 020 7946 0000 ext. 12", "phone", "020 7946 0000 ext. 12"),
        ("* Phone number (daytime): (555) 346-9947", "phone", "(555) 346-9947"),
        ("1) Contract no.: CB-2024-17", "contract", "CB-2024-17"),
        ("**Contract:** CB-17", "contract", "CB-17"),
        ("Contract information: gold support, number CB-17, runs until next summer", "contract", "CB-17"),
        ("E-mail: Bob <bob@other.test>", "email", "bob@other.test"),
        ("E-Mail-Adresse: max@muster.test<mailto:max@muster.test>", "email", "max@muster.test"),
        ("Our contract number is CB-17.", "contract", "CB-17"),
        ("Please call me on 020 7946 0000.", "phone", "020 7946 0000"),
        ("Supporting documentation: https://acme.test/log", "documentation", ("https://acme.test/log",)),
    ],
)
def test_labelled_line(line: str, key: str, value: object) -> None:
    assert getattr(contact(f"Hello,\n\n{line}\n\nIt is down."), key) == value


@pytest.mark.parametrize(
    "line",
    [
        "my name: that is a long story about the war",
        "Name: n/a",
        "Name: -",
        "Name: ...",
        "Name: ____________",
        "Name:",
        "Name: [please fill in]",
        "Organisation: unknown",
        "Company: we are a small shop in the south.",
        "Contract: none",
        "Contract: we have no such thing",
        "Our contract for 3 years was signed.",
        "Phone: it rings and rings",
        "Mobile: does not work since 2024-01-02",
        "Phone: 2024-01-02",
        "E-mail: does not arrive",
        "The host is 192.168.100.200, call it up.",
        "Documentation: 2",
        "Her phone: 020 7946 0000 does not count as a label",
    ],
)
def test_placeholders_and_prose_do_not_count(line: str) -> None:
    found = contact(f"Hello,\n\n{line}\n\nIt is down.")
    assert (found.name, found.organisation, found.contract, found.documentation) == ("", "", "", ())
    assert found.phone in ("", "020 7946 0000") if "Her phone" in line else found.phone == ""
    assert found.email == "bob.smith@acme.test"


def test_our_form_sent_back_quoted() -> None:
    text = f"{LEAD_IN}\n\n> We need:\n>\n> Your name: Bob Brown\n> Your phone number: 0123\n> Your contract number: ____\n> Your organisation:\nAcme\n>\n> Desk\n> Phone: 0845 8627463\n"
    assert contact(text) == Contact("Bob Brown", "Acme", "", "bob.smith@acme.test", "0123")


@pytest.mark.parametrize(
    "label", ["Il suo nome", "Your  name", "Your name (in full)", "1) *Your name*", "お客様の 名前"]
)
@pytest.mark.parametrize("blank", ["", " ", "\u00a0"])
def test_labels_of_our_form_in_a_quote_however_its_blanks_came_back(label: str, blank: str) -> None:
    assert contact(f"{LEAD_IN}\n> {label}{blank}: Bob Brown").name == "Bob Brown"
    documents = contact(f"{LEAD_IN}\n> Supporting documentation{blank}: https://acme.test/log").documentation
    assert documents == ("https://acme.test/log",)


def test_our_form_in_a_quote_without_marks() -> None:
    form = "Thank you.\n\nYour name: Bob Brown\nYour phone number:\n0123 456\nYour contract number: \n\nPhone: 0845 8627463"
    assert contact(f"See below.\n\n{HEADER_BLOCK}\n\n{form}") == Contact(
        "Bob Brown", "", "", "bob.smith@acme.test", "0123 456"
    )


def test_what_others_wrote_in_the_quote_is_not_his() -> None:
    quote = "Name: Eve\nCompany: Evil Inc\nPhone: 0666 666666\nContract: E-1"
    marked = "\n".join(f"> {line}" for line in quote.splitlines())
    for text in (f"Down.\n\n{LEAD_IN}\n{marked}", f"Down.\n\n{HEADER_BLOCK}\n\n{quote}"):
        assert contact(text) == Contact(email="bob.smith@acme.test")


def test_several_on_one_line() -> None:
    found = contact("Name: Bob, Phone: 12345678, Company: Acme Inc.")
    assert (found.name, found.phone, found.organisation) == ("Bob", "12345678", "Acme Inc.")


@pytest.mark.parametrize("text", ["", "Name Bob T Company: Acme Phone 0123 456"])
def test_table_of_a_form(text: str) -> None:
    html = "<table><tr><th>Name</th><td>Bob T</td></tr><tr><td>Company:</td><td><b>Acme</b></td></tr><tr><td>Phone</td><td>0123 456</td></tr></table>"
    found = contact(text, html)
    assert (found.name, found.organisation, found.phone) == ("Bob T", "Acme", "0123 456")


def test_table_in_a_quote_is_not_his() -> None:
    html = f'<p>Down.</p><div>{LEAD_IN.replace("<", "&lt;")}</div><blockquote type="cite"><table><tr><td>Name</td><td>Eve</td></tr><tr><td>Your phone</td><td>0123 456</td></tr></table></blockquote>'
    assert contact("", html) == Contact(email="bob.smith@acme.test", phone="0123 456")


@pytest.mark.parametrize(
    ("signature", "phone"),
    [
        ("Tel: +44 20 7946 0000", "+44 20 7946 0000"),
        ("T +44 20 7946 0000 | F +44 20 7946 0001", "+44 20 7946 0000"),
        ("F +44 20 7946 0001 | M +44 7700 900000", "+44 7700 900000"),
        ("t. 555-931-0702", "555-931-0702"),
        ("(555) 346-9947", "(555) 346-9947"),
        ("Fax +44 20 7946 0001", ""),
        ("F+44 20 7946 0001", ""),
        ("12345678", ""),
        ("Room 17, 10115 Berlin", ""),
        ("2026-05-04 10:20", ""),
    ],
)
def test_phone_of_the_signature(signature: str, phone: str) -> None:
    assert contact(f"It is down.\n\nRegards\nBob\n{signature}").phone == phone
    assert contact(f"It is down.\n\n-- \nBob\n{signature}\n\n{LEAD_IN}\n> x").phone == phone


def test_organisation_and_name_of_the_signature_only_when_sure() -> None:
    sure = contact("It is down.\n\n-- \nBob Smith\nAcme Widgets GmbH\n")
    assert (sure.name, sure.organisation) == ("Bob Smith", "Acme Widgets GmbH")
    unsure = contact("It is down.\n\n-- \nKing of the road\nAcme Widgets\n")
    assert (unsure.name, unsure.organisation) == ("", "")


def test_header() -> None:
    found = contact("Down.", name="Bob Smith", fields=(("Organization", "Acme"),))
    assert found == Contact("Bob Smith", "Acme", "", "bob.smith@acme.test")
    assert contact("Name: Robert", name="Bob").name == "Robert"
    assert contact("Down.", name="bob.smith@acme.test").name == ""
    assert read_contact(Mail(), "") == Contact()


def test_documentation_is_what_was_attached_for_the_case() -> None:
    kinds = [
        ("error.log", "file"),
        ("image001.png", "file"),
        ("company-logo.gif", "file"),
        ("bob.vcf", "file"),
        ("a.png", "inline"),
    ]
    kinds += [("screen.png", "file"), ("old mail.eml", "message"), ("smime.p7s", "signature")]
    attachments = tuple(Attachment(name, "application/octet-stream", kind, 1) for name, kind in kinds)
    assert contact("See attached.", attachments=attachments).documentation == (
        "error.log",
        "screen.png",
        "old mail.eml",
    )


def test_values_are_one_short_clean_line() -> None:
    found = contact(f"Organisation: Acme\u202e\x07 {'very ' * 7}{'long' * 60}\nName: <b>Bob</b>")
    assert found.organisation == "Acme very very very very very very very"
    assert found.name == ""


def test_merge_and_missing() -> None:
    old = Contact("Bob", "Acme", "", "b@x.test", "", ("a.log",))
    new = Contact("", "Acme Ltd", "C-1", "b@x.test", "", ("b.log", "a.log"))
    assert merge(old, new) == Contact("Bob", "Acme Ltd", "C-1", "b@x.test", "", ("a.log", "b.log"))
    assert missing(old) == ("contract", "phone")
    assert missing(Contact()) == tuple(key for key, _ in FIELDS)


@pytest.mark.parametrize(
    "line",
    [
        "Name: ",
        "Name: Bob; ",
        "contract is ",
        "1 ",
        "(((((",
        "your your ",
        "a | ",
        "+1 (1) ",
        "Phone: 1-",
        "> Your name: x\n",
        "Tel\t",
        "Name:\n",
        "e-mail: @",
    ],
)
def test_floods_cost_little(line: str) -> None:
    for text in (line * (600_000 // len(line)), (line + "\n") * (400_000 // len(line))):
        started = time.monotonic()
        contact(text, f"<table><tr><td>{text}")
        assert time.monotonic() - started < 5


PIECES = st.sampled_from(
    [
        "Name: ",
        "Your phone number:",
        "Organisation - ",
        "> ",
        "Contract ",
        "-- ",
        "GmbH",
        "+44 20 7946 0000",
        "\t",
        "|",
        "：",
        LEAD_IN,
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.text(max_size=30), max_size=20), st.text(max_size=20), st.text(max_size=40))
def test_never_raises_and_invents_no_word(pieces: list[str], name: str, address: str) -> None:
    text = "\n".join(pieces)
    found = read_contact(Mail(from_=(Address(address, name),), text=text), text)
    given_text = "".join(char for char in f"{text} {name} {address}" if char.isprintable() or char.isspace())
    for value in (found.name, found.organisation, found.contract, found.email, found.phone, *found.documentation):
        assert len(value) <= LONGEST_VALUE
        assert value.isprintable()
        assert all(word in given_text for word in value.split())
