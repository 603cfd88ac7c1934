import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.token import MAC_OCTETS, RANDOM_OCTETS, Purpose, SignedId, Signer, base32

DESK = "support@example.com"
SIGNER = Signer(DESK, {1: b"first key of the desk", 2: b"second key of the desk"})
BOB = "bob@acme.example"
ENTROPY = bytes(range(RANDOM_OCTETS))
MESSAGE_ID = SIGNER.message_id(Purpose.CUSTOMER, 1042, BOB, ENTROPY)
ADDRESS = SIGNER.address(Purpose.CUSTOMER, 1042, BOB)

purposes = st.sampled_from(Purpose)
tickets = st.integers(0, 10**12 - 1)
recipients = st.emails()
entropies = st.binary(min_size=RANDOM_OCTETS, max_size=RANDOM_OCTETS)


@given(purposes, tickets, recipients, entropies)
def test_what_is_signed_verifies_for_its_recipient_and_says_what_it_is(purpose, ticket, recipient, entropy):
    expected = SignedId(purpose, ticket, recipient.lower())
    assert SIGNER.verify_message_id(SIGNER.message_id(purpose, ticket, recipient, entropy), [recipient]) == expected
    assert SIGNER.verify_address(SIGNER.address(purpose, ticket, recipient), [recipient]) == expected


@given(purposes, tickets, recipients, entropies)
def test_relays_that_fold_case_or_add_brackets_do_not_break_it(purpose, ticket, recipient, entropy):
    message_id = SIGNER.message_id(purpose, ticket, recipient, entropy)
    address = SIGNER.address(purpose, ticket, recipient)
    for changed in (str.upper, str.title, lambda text: f"<{text}>", lambda text: f" <{text}> "):
        assert SIGNER.verify_message_id(changed(message_id), [recipient.swapcase()])
        assert SIGNER.verify_address(changed(address), [recipient.swapcase()])


@pytest.mark.parametrize("signed", [MESSAGE_ID, ADDRESS])
@given(data=st.data())
def test_no_change_of_any_character_verifies(signed, data):
    position = data.draw(st.integers(0, len(signed) - 1))
    other = data.draw(st.characters(codec="utf-8") | st.sampled_from("abcdefghijklmnopqrstuvwxyz234567.@+"))
    before, here, after = signed[:position], signed[position], signed[position + 1 :]
    edits = [before + after, before + other + here + after, before + other + after]
    harmless = {signed, *(f"{pad}{signed}" for pad in " <>"), *(f"{signed}{pad}" for pad in " <>")}
    for edited in edits:
        if edited.lower() != signed and edited not in harmless:
            assert SIGNER.verify_message_id(edited, [BOB]) is None
            assert SIGNER.verify_address(edited, [BOB]) is None


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (MESSAGE_ID.replace("c1042", "s1042"), "another purpose"),
        (MESSAGE_ID.replace("c1042", "c1043"), "another ticket"),
        (MESSAGE_ID.replace("c1042", "c01042"), "another spelling of the ticket"),
        (MESSAGE_ID.replace("c1042", "c\u0661\u0660\u0664\u0662"), "digits of another script"),
        (MESSAGE_ID.replace(".2.", ".1."), "another key"),
        (MESSAGE_ID.replace(".2.", ".02."), "another spelling of the key"),
        (MESSAGE_ID.replace(".2.", ".9."), "a key that the desk never had"),
        (MESSAGE_ID.replace("example.com", "example.net"), "another domain"),
        (f"{MESSAGE_ID}\n", "a line break"),
        ("", "nothing"),
        ("a@b", "any other id"),
        (ADDRESS, "a reply address is no Message-ID"),
    ],
)
def test_a_forged_message_id_is_refused(changed, why):
    assert SIGNER.verify_message_id(changed, [BOB]) is None, why


def test_a_sign_that_only_lower_case_makes_ascii_is_refused():
    message_id = next(
        made
        for number in range(100)
        if "k" in (made := SIGNER.message_id(Purpose.STAFF, number, BOB, ENTROPY)).partition("@")[0]
    )
    assert SIGNER.verify_message_id(message_id, [BOB])
    assert SIGNER.verify_message_id(message_id.replace("k", "\N{KELVIN SIGN}"), [BOB]) is None


@pytest.mark.parametrize("changed", [ADDRESS.replace("support", "sales"), ADDRESS.replace("support+", ""), MESSAGE_ID])
def test_a_forged_reply_address_is_refused(changed):
    assert SIGNER.verify_address(changed, [BOB]) is None


@pytest.mark.parametrize("recipients", [[], [""], ["eve@acme.example"], ["bob@acme.example.net", "xbob@acme.example"]])
def test_it_speaks_for_its_recipient_only(recipients):
    assert SIGNER.verify_message_id(MESSAGE_ID, recipients) is None
    assert SIGNER.verify_address(ADDRESS, recipients) is None


def test_it_is_checked_against_each_address_of_a_person():
    assert SIGNER.verify_message_id(MESSAGE_ID, ["robert@home.example", "BOB@ACME.example"]) == SignedId(
        Purpose.CUSTOMER, 1042, BOB
    )


def test_the_newest_key_signs_and_older_ones_verify():
    older = Signer(DESK, {1: SIGNER.keys[1]})
    assert ".2." in MESSAGE_ID
    assert SIGNER.verify_message_id(older.message_id(Purpose.STAFF, 7, BOB, ENTROPY), [BOB])
    assert older.verify_message_id(MESSAGE_ID, [BOB]) is None


def test_two_desks_with_the_same_keys_do_not_believe_each_other():
    sister = dataclasses.replace(SIGNER, desk="help@example.com")
    assert sister.verify_message_id(MESSAGE_ID, [BOB]) is None
    assert sister.verify_address(ADDRESS.replace("support+", "help+"), [BOB]) is None


def test_a_message_id_and_a_reply_address_are_no_substitutes():
    mac = ADDRESS.partition("@")[0].rpartition(".")[2]
    assert SIGNER.verify_message_id(MESSAGE_ID.replace(MESSAGE_ID.partition("@")[0][-16:], mac), [BOB]) is None


@given(purposes, tickets, st.emails(), entropies)
def test_the_local_part_fits_into_64_octets(purpose, ticket, recipient, entropy):
    signer = Signer("customer.support@example.com", {999_999: b"key"})
    for made in (signer.message_id(purpose, ticket, recipient, entropy), signer.address(purpose, ticket, recipient)):
        assert len(made.rpartition("@")[0].encode()) <= 64  # RFC 5321 §4.5.3.1.1


@pytest.mark.parametrize(
    ("address", "ticket"),
    [
        (ADDRESS, 1042),
        (f"<{ADDRESS.upper()}>", 1042),
        (ADDRESS[:-1], 1042),
        (DESK, None),
        ("", None),
        (MESSAGE_ID, None),
    ],
)
def test_the_ticket_that_an_address_claims(address, ticket):
    assert SIGNER.claimed_ticket(address) == ticket


def test_the_mac_has_the_length_that_is_promised():
    assert MAC_OCTETS * 8 == 80
    assert base32(bytes(MAC_OCTETS)) == "a" * 16


@given(st.text(max_size=300))
def test_any_text_is_simply_not_ours(text):
    assert SIGNER.verify_message_id(text, [BOB]) is None
    assert SIGNER.verify_address(text, [BOB]) is None
    assert SIGNER.claimed_ticket(text) is None
