from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.token import Purpose, SignedId, Signer
from maildesk.read.report import ReportedRecipient, ReportKind, proof, read_report
from tests.rig.facts import mail_of

SIGNER = Signer("support@desk.example", {1: b"key"})
SLOW = 3  # seconds; what is not linear takes hours
OURS = SIGNER.message_id(Purpose.CUSTOMER, 7, "gone@acme.example", bytes(10))
RETURNED = (
    "message/rfc822",
    (
        f"Received: by mx\nMessage-ID: <{OURS}>\nReferences: <first@desk.example>\n <second@desk.example>\n"
        "To: Gone <gone@acme.example>\n\nMessage-ID: <body@x.example>"
    ),
)
DSN = "multipart/report; report-type=delivery-status"


def delivery(*blocks, returned=RETURNED):
    text = "Reporting-MTA: dns; mx.acme.example\nArrival-Date: Mon, 2 Mar 2026 12:00:00 +0000\n\n" + "\n\n".join(blocks)
    return read_report(mail_of(content_type=DSN, reports=(("message/delivery-status", text), returned)))


BLOCKS = [
    (
        (
            "Final-Recipient: rfc822; gone@acme.example\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1\n unknown user"
        ),
        ReportedRecipient("gone@acme.example", "", "failed", "5.1.1", "550 5.1.1 unknown user"),
        True,
    ),
    (
        (
            "Original-Recipient: rfc822;gone@acme.example\nFinal-Recipient: RFC822; <new@other.example>\n"
            "action: DELAYED (will be retried)\nstatus: 4.4.1 (no answer)"
        ),
        ReportedRecipient("new@other.example", "gone@acme.example", "delayed", "4.4.1"),
        False,
    ),
    (
        "Final-Recipient: rfc822; gone@acme.example\nAction: failed\nStatus: 4.4.7",
        ReportedRecipient("gone@acme.example", "", "failed", "4.4.7"),
        True,  # given up after days
    ),
    (
        "Final-Recipient: rfc822; gone@acme.example\nAction: delivered\nStatus: 2.0.0",
        ReportedRecipient("gone@acme.example", "", "delivered", "2.0.0"),
        False,
    ),
    (
        "Final-Recipient: gone@acme.example\nDiagnostic-Code: smtp; 550 no such user",
        ReportedRecipient("gone@acme.example", "", "failed", "", "550 no such user"),
        True,
    ),
    (
        "Final-Recipient: rfc822; gone@acme.example\nStatus: 4.2.2",
        ReportedRecipient("gone@acme.example", "", "delayed", "4.2.2"),
        False,
    ),
    ("Final-Recipient: rfc822; gone@acme.example", ReportedRecipient("gone@acme.example"), False),
]


@pytest.mark.parametrize(("block", "recipient", "permanent"), BLOCKS)
def test_a_recipient_of_a_delivery_report(block, recipient, permanent):
    report = delivery(block)
    assert report.kind is ReportKind.DELIVERY
    assert report.recipients == (recipient,)
    assert report.recipients[0].permanent is permanent


def test_several_recipients_with_and_without_blank_lines():
    one, two = (
        f"Final-Recipient: rfc822; {name}@acme.example\nAction: failed\nStatus: 5.0.0" for name in ("one", "two")
    )
    names = ["one@acme.example", "two@acme.example"]
    assert [recipient.final for recipient in delivery(one, two).recipients] == names
    assert [recipient.final for recipient in delivery(f"{one}\n{two}").recipients] == names
    assert [recipient.final for recipient in delivery(f"{one}\r\n\r\n{two}\r\n").recipients] == names


def test_the_returned_mail_is_known_by_its_header_and_not_by_its_body():
    report = delivery(BLOCKS[0][0])
    assert report.message_ids == (OURS, "first@desk.example", "second@desk.example")
    assert report.to == ("gone@acme.example",)


def test_the_addresses_of_a_recipient_are_the_one_we_wrote_to_and_the_last():
    assert delivery(BLOCKS[1][0]).recipients[0].addresses == ("gone@acme.example", "new@other.example")


def test_a_signed_id_of_the_recipient_proves_that_the_mail_was_ours():
    assert proof(delivery(BLOCKS[0][0]), SIGNER) == SignedId(Purpose.CUSTOMER, 7, "gone@acme.example")
    assert proof(delivery(BLOCKS[1][0]), SIGNER), "forwarded: known by its original recipient and its To"


def test_the_oldest_reference_proves_it_where_a_relay_replaced_the_message_id():
    header = f"Message-ID: <new@relay.example>\nReferences: <{OURS}>\n <last@x.example>\nTo: gone@acme.example\n"
    assert proof(delivery(BLOCKS[0][0], returned=("text/rfc822-headers", header)), SIGNER)


@pytest.mark.parametrize(
    "header",
    [
        "Message-ID: <forged@desk.example>\nTo: gone@acme.example\n",
        f"To: gone@acme.example\n\nMessage-ID: <{OURS}>\n",  # in the body
        f"Message-ID: <{OURS[:-20]}x{OURS[-19:]}>\nTo: gone@acme.example\n",
        "",
    ],
)
def test_a_forged_report_proves_nothing(header):
    assert proof(delivery(BLOCKS[0][0], returned=("message/rfc822", header)), SIGNER) is None


def test_a_signed_id_made_for_somebody_else_proves_nothing():
    returned = ("message/rfc822", f"Message-ID: <{OURS}>\nTo: eve@acme.example\n\n")
    block = "Final-Recipient: rfc822; eve@acme.example\nAction: failed"
    assert proof(delivery(block, returned=returned), SIGNER) is None


OLD = [
    ("qmail", "failure notice", ("I wasn't able to deliver your message to the following addresses.\n\n<gone@acme.example>:\n"
     "550 5.1.1 no mailbox here by that name.\n\n--- Below this line is a copy of the message.\n\nTo: other@x.example"),
     "failed", "5.1.1"),
    ("Exim", "Mail delivery failed", ("This message was created automatically by mail delivery software.\n"
     "The following address(es) failed:\n\n  gone@acme.example\n    user unknown\n\n------ This is a copy of the message"),
     "failed", ""),
    ("Postfix", "Undelivered Mail", ("I'm sorry to have to inform you that your message could not be delivered.\n"
     "For further assistance, please send mail to <postmaster@mx.example>\n\n<gone@acme.example>: host mx said: 550 5.7.1"),
     "failed", "5.7.1"),
    ("Exchange", "Undeliverable: x", ("Your message\n  To: Bob\ndid not reach the following recipient(s):\n\n"
     "dda:SMTP=gone@acme.example; on Mon, 2 Mar 2026\n    The recipient name is not recognized"), "failed", ""),
    ("a delay", "Warning: message delayed 24 hours", ("A message that you sent has not yet been delivered to:\n\n"
     "  gone@acme.example\n\nNo action is required. Delivery attempts will continue."), "delayed", ""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "subject", "text", "action", "status"), OLD)
def test_a_bounce_in_words_names_its_recipient(what, subject, text, action, status):
    mail = mail_of(
        [("From", "MAILER-DAEMON@mx.example"), ("To", "support@desk.example"), ("Subject", subject)], text=text
    )
    report = read_report(mail)
    assert [(found.final, found.action, found.status) for found in report.recipients] == [
        ("gone@acme.example", action, status)
    ]


def test_x_failed_recipients_is_believed_before_the_words():
    fields = [("X-Failed-Recipients", "gone@acme.example, too@acme.example"), ("Subject", "Mail delivery failed")]
    report = read_report(mail_of(fields, text="The following addresses failed:\n  other@x.example"))
    assert [found.final for found in report.recipients] == ["gone@acme.example", "too@acme.example"]


def test_the_ids_of_a_mail_that_is_copied_into_the_text():
    text = f"could not be delivered to gone@acme.example\n--- Original message follows.\n\n> To: gone@acme.example\n> Message-ID: <{OURS}>"
    report = read_report(mail_of([("Subject", "failure notice")], text=text))
    assert proof(report, SIGNER) == SignedId(Purpose.CUSTOMER, 7, "gone@acme.example")


def test_a_disposition_notification():
    text = (
        f"Reporting-UA: phone\nFinal-Recipient: rfc822;gone@acme.example\nOriginal-Message-ID: <{OURS}>\n"
        "Disposition: manual-action/MDN-sent-manually; displayed"
    )
    form = "multipart/report; report-type=disposition-notification"
    report = read_report(mail_of(content_type=form, reports=(("message/disposition-notification", text),)))
    assert (report.kind, report.disposition) == (ReportKind.DISPOSITION, "displayed")
    assert report.recipients == (ReportedRecipient("gone@acme.example"),)
    assert not report.recipients[0].permanent
    assert proof(report, SIGNER)


@pytest.mark.parametrize("said", ["Original-Rcpt-To: <gone@acme.example>\n", ""])
def test_a_complaint_names_who_complained_or_the_returned_mail_does(said):
    text = f"Feedback-Type: abuse\nUser-Agent: isp/1\nVersion: 1\n{said}"
    form = "multipart/report; report-type=feedback-report"
    report = read_report(mail_of(content_type=form, reports=(("message/feedback-report", text), RETURNED)))
    assert (report.kind, report.feedback_type) == (ReportKind.FEEDBACK, "abuse")
    assert report.recipients == (ReportedRecipient("gone@acme.example"),)
    assert proof(report, SIGNER)


def test_a_complaint_of_microsofts_is_a_copy_with_the_readers_address():
    copy = f"X-HmXmrOriginalRecipient: gone@acme.example\nMessage-ID: <{OURS}>\nTo: gone@acme.example\n\nHello"
    report = read_report(mail_of(content_type="multipart/mixed", reports=(("message/rfc822", copy),)))
    assert (report.kind, report.recipients) == (ReportKind.FEEDBACK, (ReportedRecipient("gone@acme.example"),))
    assert proof(report, SIGNER)


def test_a_persons_mail_is_no_report():
    assert read_report(mail_of()) is None


texts = st.text(alphabet=st.sampled_from("aA@.<>:;- \t\r\n5(\"'\\=\u2028"), max_size=300) | st.sampled_from(
    [block for block, _, _ in BLOCKS]
)
parts = st.sampled_from(["message/delivery-status", "message/feedback-report", "message/rfc822", "message/x", ""])


@given(texts, st.lists(st.tuples(parts, texts), max_size=4), st.sampled_from([DSN, "multipart/report", "text/plain"]))
def test_nothing_raises(text, reports, content_type):
    report = read_report(
        mail_of([("Subject", "failure notice")], text=text, content_type=content_type, reports=tuple(reports))
    )
    assert report is None or proof(report, SIGNER) is None


@pytest.mark.parametrize(
    "unit", ["a", "a@", "<", "a.", "@", "\n", "Final-Recipient: rfc822; a@b.example\n", "5.5.", "<a@", "\n a"]
)
def test_no_text_is_slow(unit):
    hostile = unit * (300_000 // len(unit))
    started = perf_counter()
    for part in ("message/delivery-status", "message/rfc822", "message/feedback-report"):
        assert read_report(mail_of(text=hostile, content_type="multipart/report", reports=((part, hostile),)))
    read_report(mail_of([("Subject", "failure notice"), ("X-Failed-Recipients", hostile)], text=hostile))
    assert perf_counter() - started < SLOW
