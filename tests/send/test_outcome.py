import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.send.outcome import (
    TEXT_CHARACTERS,
    State,
    Step,
    clean,
    closed,
    enhanced_status,
    fault_of,
    judge,
    judge_end,
    lost,
)

SENT, DEFERRED, FAILED, UNKNOWN = State.SENT, State.DEFERRED, State.FAILED, State.UNKNOWN


@pytest.mark.parametrize(
    ("step", "code", "words", "expected"),  # state, connected, alarming
    [
        # before any mail: whatever is refused, it is we, and the mail waits
        (Step.LOGIN, 454, "4.7.0 later", (DEFERRED, False, False)),
        (Step.LOGIN, 535, "5.7.8 wrong", (DEFERRED, False, True)),
        (Step.LOGIN, 554, "5.7.1 your address is blocked", (DEFERRED, False, True)),
        (Step.LOGIN, 334, "more", (DEFERRED, False, False)),
        # at MAIL: our return path or we
        (Step.MAIL, 421, "4.3.2 shutting down", (DEFERRED, False, False)),
        (Step.MAIL, 451, "4.3.0 try later", (DEFERRED, True, False)),
        (Step.MAIL, 452, "4.3.1 full", (DEFERRED, True, False)),
        (Step.MAIL, 530, "5.7.0 log in first", (DEFERRED, False, True)),
        (Step.MAIL, 538, "encryption required", (DEFERRED, False, True)),
        (Step.MAIL, 550, "5.1.8 sender refused", (DEFERRED, True, True)),
        (Step.MAIL, 552, "5.3.4 too large", (FAILED, True, False)),
        (Step.MAIL, 552, "too large", (FAILED, True, False)),
        (Step.MAIL, 552, "5.2.2 your quota", (DEFERRED, True, True)),
        (Step.MAIL, 354, "what", (DEFERRED, True, False)),
        # at RCPT: the recipient
        (Step.RCPT, 421, "4.7.0 not now", (DEFERRED, True, False)),
        (Step.RCPT, 450, "4.2.0 greylisted", (DEFERRED, True, False)),
        (Step.RCPT, 550, "5.1.1 no such user", (FAILED, True, False)),
        (Step.RCPT, 552, "too many recipients", (DEFERRED, True, False)),
        (Step.RCPT, 552, "5.2.2 mailbox full", (DEFERRED, True, False)),
        (Step.RCPT, 552, "5.2.3 too long for him", (FAILED, True, False)),
        (Step.RCPT, 552, "5.3.4 too large", (FAILED, True, False)),
        (Step.RCPT, 553, "5.1.3 bad address", (FAILED, True, False)),
        (Step.RCPT, 530, "5.7.0 log in first", (DEFERRED, False, True)),
        (Step.RCPT, -1, "garbage", (DEFERRED, True, False)),
        # at DATA
        (Step.DATA, 451, "4.3.0 later", (DEFERRED, True, False)),
        (Step.DATA, 554, "5.5.1 no valid recipients", (FAILED, True, False)),
        (Step.DATA, 250, "out of step", (DEFERRED, True, False)),
    ],
)
def test_a_refusal_is_judged_by_its_step_and_code(step, code, words, expected):
    outcome = judge(step, code, words)

    assert outcome
    assert (outcome.state, outcome.connected, outcome.alarming) == expected
    assert (outcome.code, outcome.text) == (code, words)


@pytest.mark.parametrize(("step", "code"), [(Step.LOGIN, 235), (Step.MAIL, 250), (Step.RCPT, 251), (Step.DATA, 354)])
def test_the_expected_answer_lets_the_dialogue_go_on(step, code):
    assert judge(step, code, "ok") is None


@pytest.mark.parametrize(
    ("code", "state"),
    [(250, SENT), (421, DEFERRED), (452, DEFERRED), (552, FAILED), (554, FAILED), (354, UNKNOWN), (-1, UNKNOWN)],
)
def test_the_answer_to_the_whole_mail(code, state):
    outcome = judge_end(code, b"2.0.0 queued as 4711")

    assert (outcome.state, outcome.code, outcome.text) == (state, code, "2.0.0 queued as 4711")


@pytest.mark.parametrize(
    ("step", "state", "connected"),
    [(Step.MAIL, DEFERRED, False), (Step.RCPT, DEFERRED, True), (Step.DATA, DEFERRED, True), (Step.END, UNKNOWN, True)],
)
def test_a_lost_connection_is_unknown_only_after_the_end_of_the_mail(step, state, connected):
    outcome = lost(step, "timed out")

    assert (outcome.state, outcome.connected, outcome.code) == (state, connected, None)
    assert outcome.text.endswith("timed out")


def test_a_closed_way_out_never_blames_the_mail():
    assert closed("x\r\ny", 550).state is DEFERRED
    assert closed("x\r\ny", 550).text == "x y"


@given(st.one_of(st.binary(max_size=2000), st.text(max_size=2000)))
def test_clean_words_are_one_printable_line(words):
    text = clean(words)

    assert text.isprintable()
    assert len(text) <= TEXT_CHARACTERS
    assert clean(text) == text


def test_clean_keeps_the_words_and_cuts_a_flood():
    assert clean(b"5.1.1 no\nsuch\x1b[31m user \xe2\x80\xae\xff") == "5.1.1 no such [31m user �"
    assert clean("x" * 1_000_000) == "x" * TEXT_CHARACTERS


@pytest.mark.parametrize(
    ("text", "status"), [("5.1.1 no", "5.1.1"), ("4.7.28", "4.7.28"), ("5.1.1x", ""), ("1.2.3 no", ""), ("", "")]
)
def test_enhanced_status(text, status):
    assert enhanced_status(text) == status


@pytest.mark.parametrize(
    ("reverse_path", "recipient", "octets", "words"),
    [
        ("a@x.test", "", b"x\r\n", "recipient"),
        ("a@x.test", "b@y.test>\r\nRCPT TO:<c@z.test", b"x\r\n", "recipient"),
        ("a@x.test", "b@y.test> SIZE=1 <", b"x\r\n", "recipient"),
        ("a@x.test", "b\0@y.test", b"x\r\n", "recipient"),
        ("a@x.test", "bü@y.test", b"x\r\n", "recipient"),
        ("a@x.test", "b\udc80@y.test", b"x\r\n", "recipient"),
        ("a@x.test", f"{'b' * 300}@y.test", b"x\r\n", "recipient"),
        ("a@x\r\nX: y", "b@y.test", b"x\r\n", "return path"),
        ("a@x.test", "b@y.test", b"x\n.\r\n", "bare CR or LF"),
        ("a@x.test", "b@y.test", b"x\r.\r\n", "bare CR or LF"),
        ("a@x.test", "b@y.test", b"x\n\r\r\n", "bare CR or LF"),
    ],
)
def test_what_could_be_read_as_more_than_one_mail_leaves_by_no_way(reverse_path, recipient, octets, words):
    outcome = fault_of(reverse_path, recipient, octets)

    assert outcome
    assert outcome.state is FAILED
    assert words in outcome.text


@pytest.mark.parametrize("reverse_path", ["", "a@x.test", '"a b"@x.test'])
def test_a_mail_in_order_has_no_fault(reverse_path):
    assert fault_of(reverse_path, "b+c@y.test", b"A: b\r\n\r\n.\r\n") is None
