from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.read.classify import Kind, classify, reverse_path_from_fields
from maildesk.read.mail import Attachment
from tests.rig.facts import envelope_of, mail_of

DESK = "support@desk.example"
SLOW = 3  # seconds; what is not linear takes hours
RETURNED = ("message/rfc822", "Message-ID: <abc@desk.example>\nTo: gone@acme.example\n\nHello")
STATUS = (
    "message/delivery-status",
    "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; gone@acme.example\nAction: failed",
)
QMAIL = (
    "Hi. This is the qmail-send program at mx.\nI'm afraid I wasn't able to deliver your message.\n<gone@acme.example>:"
)


def verdict(mail, reverse_path="bob@acme.example", *, own=False):
    return classify(mail, envelope_of(reverse_path), own=own, desk=DESK)


# One field each, in a mail that is otherwise a person's.
MARKS = [
    ("Auto-Submitted", "auto-replied", Kind.AUTO_REPLY),
    ("Auto-Submitted", "Auto-Replied (vacation)", Kind.AUTO_REPLY),
    ("Auto-Submitted", "(by a rule) auto-replied; owner=bob", Kind.AUTO_REPLY),
    ("auto-submitted", "auto-generated", Kind.AUTO_GENERATED),
    ("Auto-Submitted", "auto-generated (warning-timeout)", Kind.AUTO_GENERATED),
    ("Auto-Submitted", "auto-notified; owner-email=bob@acme.example", Kind.AUTO_GENERATED),
    ("Auto-Submitted", "something-new", Kind.AUTO_GENERATED),
    ("Auto-Submitted", "no", Kind.REQUEST),
    ("Auto-Submitted", "No (a person)", Kind.REQUEST),
    ("Auto-Submitted", "", Kind.REQUEST),
    ("X-Autoreply", "yes", Kind.AUTO_REPLY),
    ("X-Autoreply", "no", Kind.REQUEST),
    ("X-Autorespond", "Printer", Kind.AUTO_REPLY),
    ("X-Auto-Reply-From", "bob@acme.example", Kind.AUTO_REPLY),
    ("Precedence", "auto_reply", Kind.AUTO_REPLY),
    ("Precedence", "bulk", Kind.AUTO_GENERATED),
    ("Precedence", "Junk", Kind.AUTO_GENERATED),
    ("Precedence", "list", Kind.LIST),
    ("Precedence", "first-class", Kind.REQUEST),
    ("X-Apple-Action", "VACATION", Kind.AUTO_REPLY),
    ("X-Auto-Response-Suppress", "All", Kind.AUTO_GENERATED),
    ("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply", Kind.AUTO_GENERATED),
    ("X-Auto-Response-Suppress", "oof", Kind.AUTO_GENERATED),
    ("X-Auto-Response-Suppress", "DR, NDR, RN, NRN", Kind.REQUEST),  # an ordinary sender who wants no receipts
    ("X-Auto-Response-Suppress", "rn", Kind.REQUEST),
    ("X-Auto-Response-Suppress", "None", Kind.REQUEST),
    ("List-Id", "Friends <friends.acme.example>", Kind.LIST),
    ("List-Unsubscribe", "<mailto:leave@acme.example>", Kind.LIST),
    ("Mailing-List", "contact friends@acme.example", Kind.LIST),
    ("X-Mailing-List", "<linux-kernel@vger.example>", Kind.LIST),
    ("Feedback-ID", "123:campaign:esp", Kind.AUTO_GENERATED),
    ("X-Cron-Env", "<SHELL=/bin/sh>", Kind.AUTO_GENERATED),
    ("X-FC-MachineGenerated", "true", Kind.AUTO_GENERATED),
    ("X-FC-MachineGenerated", "false", Kind.REQUEST),
    ("X-Failed-Recipients", "gone@acme.example", Kind.BOUNCE),
    ("X-Loop", "support@desk.example", Kind.LOOP),
    ("X-Loop", "<Support@Desk.Example>", Kind.LOOP),
    ("X-Loop", "someone@else.example", Kind.REQUEST),
    ("X-MS-Exchange-Inbox-Rules-Loop", "bob@acme.example", Kind.REQUEST),  # a rule redirects people's mail too
    ("From", "no-reply@shop.example", Kind.AUTO_GENERATED),
    ("From", "Jira <jira.noreply@shop.example>", Kind.AUTO_GENERATED),
    ("From", "DoNotReply@shop.example", Kind.AUTO_GENERATED),
    ("From", "do_not_reply-17@shop.example", Kind.AUTO_GENERATED),
    ("From", "casino.replyton@shop.example", Kind.REQUEST),
    ("From", "majordomo@lists.example", Kind.AUTO_GENERATED),
    ("From", "MAILER-DAEMON@acme.example", Kind.BOUNCE),
    ("From", '"Mail System" <MAILER-DAEMON>', Kind.BOUNCE),
    ("From", "postmaster@acme.example", Kind.REQUEST),  # a person until he speaks like a mail system
    ("From", "support@desk.example", Kind.LOOP),
    ("From", "nobody that can be answered", Kind.REQUEST),
    ("Subject", "Automatic reply: Printer", Kind.AUTO_GENERATED),
    ("Subject", "Re: Automatic reply: Printer", Kind.REQUEST),
    ("Subject", "Automatic replies do not work", Kind.REQUEST),
    ("Subject", "Fwd: Undeliverable: Printer", Kind.REQUEST),
    ("Subject", "Undeliverable mail to Bob", Kind.REQUEST),
]


@pytest.mark.parametrize(("name", "value", "kind"), MARKS)
def test_a_mark_makes_the_kind(name, value, kind):
    assert verdict(mail_of([(name, value)])).kind is kind


VACATIONS = [
    "Out of Office AutoReply: Printer", "Automatic reply: Printer", "Automatische Antwort: Drucker",
    "Abwesenheitsnotiz: Drucker", "Réponse automatique : imprimante", "Respuesta automática: impresora",
    "Risposta automatica: stampante", "Automatisch antwoord: printer", "Autosvar: skrivare", "Автоответ: принтер",
    "Odpowiedź automatyczna: drukarka", "自動返信: プリンター", "自动回复\N{FULLWIDTH COLON}打印机", "Auto: Printer",
    "away from my mail",
]  # fmt: skip


@pytest.mark.parametrize("subject", VACATIONS)
def test_a_vacation_notice_is_an_automatic_answer_if_any_robot_mark_goes_with_it(subject):
    mail = mail_of([("Subject", subject)])
    assert verdict(mail, "").kind is Kind.AUTO_REPLY
    exchange = mail_of(
        [("Subject", subject), ("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")]
    )
    assert verdict(exchange, None).kind is Kind.AUTO_REPLY
    assert verdict(mail).kind is not Kind.AUTO_REPLY, "words alone keep nobody from opening a ticket"


def test_a_null_path_answer_that_calls_itself_generated_is_an_automatic_answer():
    mail = mail_of([("Auto-Submitted", "auto-generated"), ("In-Reply-To", "<a@b>")])
    assert verdict(mail, "").kind is Kind.AUTO_REPLY
    assert verdict(mail).kind is Kind.AUTO_GENERATED
    assert verdict(mail_of([("In-Reply-To", "<a@b>")]), "").kind is Kind.AUTO_GENERATED


def test_a_person_behind_a_list_who_speaks_of_absence_opens_a_ticket():
    subject = ("Subject", "Out of office assistant is broken")
    assert verdict(mail_of([subject, ("Precedence", "bulk")])).kind is Kind.AUTO_GENERATED
    assert verdict(mail_of([subject])).kind is Kind.REQUEST


BOUNCES = [
    ("RFC 3464", {"content_type": "multipart/report; report-type=delivery-status", "reports": (STATUS, RETURNED)}),
    (
        "report-type in capitals",
        {"content_type": "multipart/report; report-type=DELIVERY-STATUS", "reports": (STATUS,)},
    ),
    ("report-type lost", {"content_type": "multipart/report", "reports": (STATUS,)}),
    ("without any part", {"content_type": "multipart/report"}),
]


@pytest.mark.parametrize("path", ["", None, "list-admin@acme.example"])
@pytest.mark.parametrize(("what", "form"), BOUNCES)
def test_a_delivery_report_is_one_whatever_its_envelope(what, form, path):
    assert verdict(mail_of([("From", "postmaster@acme.example")], **form), path).kind is Kind.BOUNCE


OLD_BOUNCES = [
    ("qmail", "MAILER-DAEMON@mx.example", "failure notice", QMAIL),
    ("Exchange", "System Administrator <postmaster@x.example>", "Undeliverable: Printer", "Your message did not reach"),
    ("Postfix", "Mail Delivery System <x@y.example>", "Undelivered Mail Returned to Sender", "This is the Postfix"),
    (
        "in German",
        "Mail System <x@y.example>",
        "Unzustellbar: Drucker",
        "Ihre Nachricht konnte nicht zugestellt werden",
    ),
    ("unnamed sender", "<>", "Returned mail", "The following addresses had permanent fatal errors"),
]


@pytest.mark.parametrize(("what", "sender", "subject", "text"), OLD_BOUNCES)
def test_a_bounce_of_an_older_system_is_known_by_two_marks_and_its_null_path(what, sender, subject, text):
    assert verdict(mail_of([("From", sender), ("Subject", subject)], text=text), "").kind is Kind.BOUNCE


@pytest.mark.parametrize(("what", "sender", "subject", "text"), OLD_BOUNCES)
def test_the_words_of_a_bounce_make_none_where_the_path_is_a_persons(what, sender, subject, text):
    mail = mail_of([("From", "Bob <bob@acme.example>"), ("Subject", subject)], text=text)
    assert verdict(mail).kind is Kind.REQUEST
    assert verdict(mail, None).kind.opens, "nothing says who sent it: no answer, but a ticket"
    forwarded = mail_of([("Subject", f"Fwd: {subject}")], text=f"Why did I get this?\n{text}", reports=(RETURNED,))
    assert verdict(forwarded, None).kind is Kind.REQUEST


def test_a_postmaster_who_writes_about_mail_trouble_opens_a_ticket():
    mail = mail_of(
        [("From", "postmaster@acme.example"), ("Subject", "Undeliverable mail")], text="could not be delivered"
    )
    assert verdict(mail).kind.opens
    assert verdict(mail, None).kind.opens


def test_a_postmasters_bounce_needs_the_null_path_where_the_path_is_known():
    fields = [("From", "postmaster@acme.example"), ("Subject", "Undeliverable: Printer")]
    mail = mail_of(fields, text="did not reach the following recipient(s):", reports=(RETURNED,))
    assert verdict(mail, "").kind is verdict(mail, None).kind is Kind.BOUNCE
    assert verdict(mail).kind is Kind.AUTO_GENERATED


@pytest.mark.parametrize(
    ("report_type", "part", "kind"),
    [
        ("disposition-notification", "message/disposition-notification", Kind.RECEIPT),
        ("feedback-report", "message/feedback-report", Kind.FEEDBACK),
    ],
)
def test_receipts_and_complaints(report_type, part, kind):
    stated = mail_of(content_type=f"multipart/report; report-type={report_type}", reports=((part, "A: b"),))
    by_part = mail_of(content_type="multipart/report", reports=((part, "A: b"), RETURNED))
    assert verdict(stated, "").kind is kind
    assert verdict(by_part).kind is kind


def test_a_report_of_another_kind_is_a_robots_mail():
    mail = mail_of([("From", "noreply-tls@big.example")], content_type="multipart/report; report-type=tlsrpt")
    assert verdict(mail).kind is Kind.AUTO_GENERATED


def test_a_null_path_without_any_other_mark_opens_a_ticket_that_nobody_is_told_of():
    assert (
        verdict(mail_of([("From", "monitor@acme.example"), ("Subject", "Disk full")]), "").kind is Kind.AUTO_GENERATED
    )
    assert verdict(mail_of(), "MAILER-DAEMON@mx.example").kind is Kind.AUTO_GENERATED


def test_a_persons_mail_through_a_list_is_a_lists():
    assert verdict(mail_of(), "friends-bounces+bob=acme.example@lists.example").kind is Kind.LIST
    assert verdict(mail_of(), "owner-friends@lists.example").kind is Kind.LIST
    assert verdict(mail_of([("From", "shop-owner@acme.example")]), "shop-owner@acme.example").kind is Kind.REQUEST


def test_own_comes_first_and_a_loop_before_everything_else():
    looped = [("X-Loop", DESK), ("Auto-Submitted", "auto-replied")]
    assert verdict(mail_of(looped), own=True).kind is Kind.OWN
    assert verdict(mail_of(looped)).kind is Kind.LOOP


@pytest.mark.parametrize(("hops", "kind"), [(100, Kind.REQUEST), (101, Kind.LOOP)])
def test_over_a_hundred_hops_are_a_loop(hops, kind):
    assert verdict(mail_of([("Received", "from a by b")] * hops)).kind is kind


def test_empty_has_neither_text_nor_attachment():
    picture = Attachment("a.png", "image/png", "inline", 3)
    assert verdict(mail_of(text=" \n\t")).kind is Kind.EMPTY
    assert verdict(mail_of(text="", attachments=(picture,))).kind is Kind.REQUEST


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ([("Return-Path", "<bob@acme.example>"), ("Received", "x")], "bob@acme.example"),
        ([("Delivered-To", "x"), ("return-path", " <> "), ("Received", "x")], ""),
        ([("Return-Path", "<>")], ""),
        ([("Return-Path", "<>"), ("Return-Path", "<eve@acme.example>"), ("Received", "x")], ""),
        ([("Received", "x"), ("Return-Path", "<>")], None),
        ([("Return-Path", "")], None),
        ([], None),
    ],
)
def test_the_reverse_path_of_a_mailbox_is_the_topmost_above_any_received(fields, path):
    assert reverse_path_from_fields(mail_of(fields)) == path


def test_the_envelope_is_believed_before_the_field():
    mail = mail_of([("Return-Path", "<>"), ("Subject", "Automatic reply: Printer")])
    assert verdict(mail, None).kind is Kind.AUTO_REPLY
    assert verdict(mail, "bob@acme.example").kind is Kind.AUTO_GENERATED


@pytest.mark.parametrize(
    ("kind", "joins", "opens", "answered"),
    [
        (Kind.REQUEST, True, True, True),
        (Kind.EMPTY, True, True, True),
        (Kind.AUTO_GENERATED, True, True, False),
        (Kind.LIST, True, True, False),
        (Kind.AUTO_REPLY, True, False, False),
        (Kind.BOUNCE, False, False, False),
        (Kind.RECEIPT, False, False, False),
        (Kind.FEEDBACK, False, False, False),
        (Kind.OWN, False, False, False),
        (Kind.LOOP, False, False, False),
    ],
)
def test_what_becomes_of_each_kind(kind, joins, opens, answered):
    assert (kind.joins, kind.opens, kind.answered) == (joins, opens, answered)
    assert kind.held is (kind is Kind.LOOP)


def test_the_reason_names_the_mark():
    assert verdict(mail_of([("Auto-Submitted", "auto-replied")])).reason == "Auto-Submitted: auto-replied"
    assert verdict(mail_of(content_type="multipart/report", reports=(STATUS,)), "").reason == (
        "multipart/report of a delivery, null reverse-path"
    )


names = st.sampled_from(sorted({name for name, _, _ in MARKS})) | st.text(max_size=20)
values = st.sampled_from(sorted({value for _, value, _ in MARKS})) | st.text(max_size=60)


@given(
    st.lists(st.tuples(names, values), max_size=8),
    st.text(max_size=200),
    st.none() | st.text(max_size=20),
    st.text(max_size=30),
)
def test_nothing_raises_and_every_verdict_has_a_reason(fields, text, path, content_type):
    mail = mail_of(fields, text=text, content_type=content_type, reports=(("message/delivery-status", text),))
    assert verdict(mail, path).reason


@pytest.mark.parametrize(
    "hostile", ["(" * 200_000, "no-reply" * 30_000, "((a)" * 60_000, '"' * 200_000, "\\" * 200_000, "a," * 100_000]
)
def test_no_value_is_slow(hostile):
    names = sorted({name for name, _, _ in MARKS} - {"From"})
    mail = mail_of([(name, hostile) for name in names], text=hostile * 5)
    started = perf_counter()
    assert verdict(mail, hostile).reason
    assert perf_counter() - started < SLOW
