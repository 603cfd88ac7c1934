"""Which priority a mail speaks for: by the shipped phrases and meanings, and by a firm's own [Procedure 3]."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.decide import Proposal
from maildesk.desk.policy import Policy
from maildesk.desk.propose import LONGEST_TEXT, propose
from maildesk.firm import policy
from maildesk.settings import load

SHIPPED = policy(load(None))


def spoken_for(text: str, subject: str = "", rules: Policy = SHIPPED) -> str:
    """The priority that a sender on the register speaks for."""
    return propose(subject, text, rules, registered=True).priority


@pytest.mark.parametrize(
    ("line", "priority"),
    [
        ("Priority: P2", "P2"),
        ("PRIORITY: p2", "P2"),
        ("Priority: 2", "P2"),
        ("Priority : P2 (we cannot sell)", "P2"),
        ("Priority: 2 - high", "P2"),
        ("Priority: 4.", "P4"),
        ("* Priority: P1", "P1"),
        ("**Priority:** P1", "P1"),
        ("priority=P5", "P5"),
        ("Priority\uff1aP3", "P3"),
        ("Impact: P1", "P1"),
        ("Impact: total", "P1"),
        ("Impact: Total service impact", "P1"),
        ("Impact: all users", "P1"),
        ("Impact: all websites are down", "P1"),
        ("Impact: partial", "P2"),
        ("Impact: partial, a minority of users", "P3"),
        ("Impact: significant number of users", "P2"),
        ("Impact: many users are affected", "P2"),
        ("Impact: general query", "P5"),
        ("Impact: configuration question", "P4"),
        ("Priority: all users", "P1"),
        ("Priority: not P1", ""),
        ("Priority: high", ""),
        ("Priority: P9", ""),
        ("Priority: 9", ""),
        ("Priority: 22", ""),
        ("Priority:", ""),
        ("Priority: 2 of our shops sell nothing", ""),
        ("Impact: 2", ""),
        ("Impact: 1 user", ""),
        ("Impact: none", ""),
        ("Impact: not all users", ""),
        ("Impact: users", ""),
        ("Impact: service", ""),
        ("Our priority: P1", ""),
        ("My priorities: P1", ""),
        ("Prioritys: P1", ""),
        ("> Priority: P1", ""),
        ("the P1 of last week", ""),
    ],
)
def test_what_a_line_says(line: str, priority: str) -> None:
    assert spoken_for(f"Hello,\n{line}\nBob") == priority
    assert spoken_for("", subject=line) == priority


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("We have a total outage.", "P1"),
        ("TOTAL OUTAGE!", "P1"),
        ("a total\n  outage since nine", "P1"),
        ("a *total* outage", "P1"),
        ("a total-outage", "P1"),
        ("a subtotal outage", ""),
        ("total outages", ""),
        ("All websites are down", "P1"),
        ("Several websites are down", "P2"),
        ("some users are affected, others not", "P3"),
        ("one website is down; a general query too", "P3"),
        ("How do I configure it?", "P4"),
        ("A configuration question", "P4"),
        ("I have a general question.", "P5"),
        ("general query. Then: many users are affected", "P2"),
        ("It does not work.", ""),
        ("", ""),
    ],
)
def test_what_phrases_say(text: str, priority: str) -> None:
    assert spoken_for(text) == priority


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("Not all users are affected", ""),
        ("There is no total outage", ""),
        ("There is no\ntotal outage", ""),
        ("There is no\n  total outage", ""),
        ("It isn't a total outage", ""),
        ("It isn\u2019t a total outage", ""),
        ("I do not think all users are affected", ""),
        ("without any partial outage", ""),
        ("Nicht total outage", ""),
        ("not all users are affected, but many users are affected", "P2"),
        ("It is not a total outage, only a partial outage", "P2"),
        ("no total outage. Sorry: total outage", "P1"),
        ("No, all users are affected", "P1"),
        ("No - all users are affected", "P1"),
        ("It does not work. All users are affected", "P1"),
        ("It does not work\nAll users are affected", "P1"),
        ("It does not work\n\nall users are affected", "P1"),
        ("It does not work\n- all users are affected", "P1"),
        ("We cannot sell because all users are affected", "P1"),
        ("nothing works and all users are affected", "P1"),
        ("We do not know when it began to be that all users are affected", "P1"),
    ],
)
def test_what_is_denied_does_not_count(text: str, priority: str) -> None:
    assert spoken_for(text) == priority


def test_a_denied_phrase_that_the_firm_configured_counts() -> None:
    rules = replace(SHIPPED, phrases={"P1": ("users are affected",), "P4": ("no users are affected",)})
    assert spoken_for("No users are affected", rules=rules) == "P4"
    assert spoken_for("No harm: users are affected", rules=rules) == "P1"


def test_a_phrase_without_a_word_is_never_said() -> None:
    assert spoken_for("... !!! ...", rules=replace(SHIPPED, phrases={"P1": ("!!!", "")})) == ""


def test_the_subject_counts() -> None:
    assert spoken_for("Help!", subject="Total outage") == "P1"
    assert spoken_for("outage of mail", subject="Total") == ""


def test_a_line_counts_more_than_a_phrase_and_the_first_that_is_understood_most() -> None:
    assert spoken_for("We fear a total outage.\nPriority: P4") == "P4"
    assert spoken_for("Priority: urgent\nImpact: partial\nPriority: P5") == "P2"


def test_a_firm_of_other_priorities() -> None:
    rows = {key: replace(SHIPPED.priorities["P3"], key=key, meaning=key) for key in ("Urgent", "Normal")}
    rules = replace(
        SHIPPED, priorities=rows, phrases={"Normal": ("w\u00e4re sch\u00f6n",)}, highest_registered="Urgent"
    )
    assert spoken_for("priority: URGENT", rules=rules) == "Urgent"
    assert spoken_for("Es W\u00c4RE SCH\u00d6N", rules=rules) == "Normal"
    assert spoken_for("Total outage", rules=rules) == ""
    assert propose("x", "Priority: P1", replace(SHIPPED, priorities={}), registered=True) == Proposal()


@pytest.mark.parametrize(
    ("text", "registered", "proposal"),
    [
        ("Total outage", True, Proposal("P1", '"total outage" spoke for P1')),
        (
            "Total outage",
            False,
            Proposal(
                "P3",
                '"total outage" spoke for P1; senders who are not on the register may propose P3 at most',
            ),
        ),
        ("Priority: p3 (low)", False, Proposal("P3", '"Priority: p3 low" spoke for P3')),
        ("Impact: general query", False, Proposal("P5", '"Impact: general query" spoke for P5')),
        (
            "priority: 2",
            False,
            Proposal("P3", '"Priority: 2" spoke for P2; senders who are not on the register may propose P3 at most'),
        ),
        ("Hello", False, Proposal("", "")),
    ],
)
def test_never_above_what_the_sender_may_propose(text: str, registered: bool, proposal: Proposal) -> None:
    assert propose("", text, SHIPPED, registered=registered) == proposal


def test_those_on_the_register_have_their_own_highest() -> None:
    proposal = propose("", "Total outage", replace(SHIPPED, highest_registered="P2"), registered=True)
    assert proposal.priority == "P2"
    assert proposal.why.endswith("senders who are on the register may propose P2 at most")


SPOKEN = [
    "total outage",
    "all users are affected",
    "not",
    "no",
    ".",
    "\n",
    "Priority: P1",
    "Impact: total",
    "is",
    "n't",
]


@given(st.lists(st.sampled_from(SPOKEN) | st.text(max_size=10)).map(" ".join), st.text(max_size=30), st.booleans())
def test_whatever_is_written(text: str, subject: str, registered: bool) -> None:
    proposal = propose(subject, text, SHIPPED, registered=registered)
    highest = SHIPPED.highest_registered if registered else SHIPPED.highest_others
    assert proposal.priority in ("", *SHIPPED.priorities)
    assert bool(proposal.priority) == bool(proposal.why)
    assert not proposal.priority or proposal.priority >= highest


@pytest.mark.parametrize(
    "piece",
    [
        "not total outage ",
        "not ",
        "a'",
        "priority: ",
        "priority: x\n",
        "impact" + " " * 30 + "\n",
        "\n",
        " - ",
        "total ",
        "*",
    ],
)
def test_hostile_text_costs_little(piece: str) -> None:
    text = piece * (2 * 1_000_000 // len(piece))
    begun = time.process_time()
    propose(text, text, SHIPPED, registered=True)
    assert time.process_time() - begun < 1


def test_what_stands_far_below_is_not_read() -> None:
    assert spoken_for("x\n" * (LONGEST_TEXT // 2) + "total outage") == ""
