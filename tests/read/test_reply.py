"""What the writer newly wrote: made-up replies of the usual clients in many languages, and hostile text."""

import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.read.quote_html import html_lines
from maildesk.read.quote_marks import visible
from maildesk.read.reply import new_text, own_text

WHO = "Desk <support@desk.test>"

LEAD_INS = [
    f"On Mon, May 4, 2026 at 10:20 AM, {WHO} wrote:",
    f"On 4 May 2026, at 10:20, {WHO} wrote:",
    "On 04/05/2026 10:20, Desk wrote:",
    "At 10:20 04/05/2026, you wrote:",
    f"{WHO} wrote on 04/05/2026 10:20:",
    f"Am Mo., 4. Mai 2026 um 10:20 Uhr schrieb {WHO}:",
    "Am 04.05.2026 um 10:20 schrieb Desk:",
    f"Le lun. 4 mai 2026 à 10:20, {WHO} a écrit :",
    f"El lun, 4 may 2026 a las 10:20, {WHO} escribió:",
    f"Il giorno lun 4 mag 2026 alle ore 10:20 {WHO} ha scritto:",
    f"Em seg., 4 de mai. de 2026 às 10:20, {WHO} escreveu:",
    f"Op ma 4 mei 2026 om 10:20 schreef {WHO}:",
    f"pon., 4 maj 2026 o 10:20 {WHO} napisał(a):",
    f"Den mån 4 maj 2026 kl 10:20 skrev {WHO}:",
    "Den 4. maj 2026 kl. 10.20 skrev Desk <support@desk.test>:",
    f"ma 4. toukok. 2026 klo 10.20 {WHO} kirjoitti:",
    f"po 4. 5. 2026 v 10:20 odesílatel {WHO} napsal:",
    f"пн, 4 мая 2026 г. в 10:20, {WHO}:",
    f"04.05.2026, 10:20, {WHO} пишет:",
    f"{WHO} ezt írta (időpont: 2026. máj. 4., H, 10:20):",
    f"4 May 2026 Pzt, 10:20 tarihinde {WHO} şunu yazdı:",
    f"2026年5月4日(月) 10:20 {WHO}:",
    f"{WHO} 于2026年5月4日周一 10:20写道：",
    f"2026년 5월 4일 (월) 오전 10:20, {WHO}님이 작성:",
    f"\u202bבתאריך יום ב׳, 4 במאי 2026 ב-10:20 מאת {WHO}:\u202c",
    f"2026-05-04 10:20 GMT+02:00 {WHO}:",
    f"---- On Mon, 04 May 2026 10:20:00 +0000 {WHO} wrote ----",
    f"Quoting {WHO}:",
    "---- Desk schrieb ----",
    f"Понедельник, 4 мая 2026, 10:20 +03:00 от {WHO}:",
    "W dniu 4 maja 2026 10:20 użytkownik Desk <support@desk.test> napisał:",
    f"On Mon, 4 May 2026 10:20:11 +0200 {WHO} wrote:",
]
WRAPPED = [
    "On Mon, May 4, 2026 at 10:20 AM, The Help Desk Of The Firm <\nsupport@desk.test> wrote:",
    "On Mon, May 4, 2026 at 10:20 AM, The Help Desk Of The Firm <support@desk.test\n> wrote:",
    'Le 4 mai 2026 10:20, "Le Bureau"\n<support@desk.test>\na écrit :',
    'Op 4 mei 2026 10:20 schreef "Desk" <support@desk.test> het\nvolgende geschreven:',
    "The Desk <support@desk.test> schrieb am Mo., 4.\nMai 2026 um 10:20 Uhr:",
    "2026-05-04 10:20 GMT+02:00 The Help Desk <\nsupport@desk.test>:",
]
HEADERS = [
    "From: Desk <support@desk.test>\nSent: Monday, May 4, 2026 10:20\nTo: Bob\nSubject: Your ticket",
    "*From:* Desk\n*Sent:* Monday\n*To:* Bob\n*Subject:* Your ticket",
    "Von: Desk [mailto:support@desk.test]\nGesendet: Montag, 4. Mai 2026 10:20\nAn: Bob\nBetreff: Ihr Ticket",
    "De : Desk\nEnvoyé : lundi 4 mai 2026 10:20\nÀ : Bob\nObjet : Votre ticket",
    "De: Desk\nEnviado: lunes, 4 de mayo de 2026\nPara: Bob\nAsunto: Su ticket",
    "Da: Desk\nInviato: lunedì 4 maggio 2026\nA: Bob\nOggetto: ticket",
    "Van: Desk\nVerzonden: maandag 4 mei 2026\nAan: Bob\nOnderwerp: ticket",
    "De: Desk\nEnviada: segunda-feira\nPara: Bob\nAssunto: ticket",
    "Od: Desk\nWysłano: 4 maja 2026\nDo: Bob\nTemat: ticket",
    "Från: Desk\nSkickat: den 4 maj 2026\nTill: Bob\nÄmne: ärende",
    "От: Desk\nОтправлено: 4 мая 2026\nКому: Bob\nТема: заявка",
    "差出人: Desk\n送信日時: 2026年5月4日\n宛先: Bob\n件名: チケット",
    "发件人：Desk\n发送时间：2026年5月4日\n收件人：Bob\n主题：工单",
    "________________________________\nFrom: Desk\nSent: Monday\nTo: Bob; Alice;\n Carol; Dave\nCc: Eve\nSubject: ticket",
    "-----Original Message-----\nFrom: Desk\nSent: Monday\nTo: Bob\nSubject: ticket",
    "-----Ursprüngliche Nachricht-----\nVon: Desk\nGesendet: Montag",
    "-------- Message d'origine --------\nDe : Desk",
    "Begin forwarded message:\n\nFrom: Desk\nDate: 4 May 2026\nTo: Bob\nSubject: x",
    "Message du 04/05/26 10:20\nDe : Desk\nA : Bob\nObjet : ticket",
    "-- Please reply above this line --",
    "----- Nachricht eines Unbekannten -----\nVon: Desk\nDatum: Montag\nAn: Bob\nBetreff: x",
]
FOOTERS = [
    "Sent from my iPhone",
    "Get Outlook for Android",
    "Von meinem iPhone gesendet",
    "Gesendet mit der GMX Mail App",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Enviado do meu iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Wysłane z iPhone'a",
    "Отправлено с iPhone",
    "iPhoneから送信",
    "发自我的 iPhone",
    "Sent from Yahoo Mail on Android",
]


@pytest.mark.parametrize("lead_in", LEAD_INS + WRAPPED)
def test_lead_in_before_a_quote(lead_in: str) -> None:
    assert (
        new_text(f"It is still down.\nSince ten.\n\n{lead_in}\n\n> We have your mail.\n> Desk\n")
        == "It is still down.\nSince ten."
    )


@pytest.mark.parametrize("lead_in", [line for line in LEAD_INS + WRAPPED if not line.startswith("Quoting")])
def test_lead_in_before_text_without_marks(lead_in: str) -> None:
    assert new_text(f"It is still down.\n\n{lead_in}\n\nWe have your mail.\nDesk\n") == "It is still down."


@pytest.mark.parametrize("lead_in", LEAD_INS)
def test_an_answer_below_the_quote(lead_in: str) -> None:
    assert new_text(f"{lead_in}\n> We have your mail.\n>\n> Desk\n\nIt is still down.") == "It is still down."


@pytest.mark.parametrize("headers", HEADERS)
def test_header_block_of_outlook_and_its_kin(headers: str) -> None:
    assert new_text(f"It is still down.\n\n{headers}\n\nWe have your mail.\nDesk\n") == "It is still down."


@pytest.mark.parametrize("footer", FOOTERS)
def test_footer_of_a_phone(footer: str) -> None:
    assert new_text(f"It is still down.\n\n{footer}\n\n{LEAD_INS[0]}\n> We have your mail.") == "It is still down."
    assert new_text(f"It is still down.\n\n{footer}\n") == "It is still down."


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Down.\n\n-- \nBob\nAcme Ltd", "Down."),
        ("Down.\n--\nBob", "Down."),
        ("Down.\n\n____________\nBob\n+44 20 7946 0000", "Down."),
        ("Down.\n\n—\nBob", "Down."),
        ("A -- not a signature -- stays.", "A -- not a signature -- stays."),
        ("Name   State\n------------\nweb    down", "Name   State\n------------\nweb    down"),
        ("Log:\n\n------\nfailed\n------\nWhat now?", "Log:\n\n------\nfailed\n------\nWhat now?"),
        ("Log:\n\n------\nfailed\n\n------\nPlease help.", "Log:\n\n------\nfailed\n\n------\nPlease help."),
        ("Down.\n\n======\nCan you call me?", "Down.\n\n======\nCan you call me?"),
        ("Thanks,\nBob", "Thanks,\nBob"),
    ],
)
def test_signatures_and_what_only_looks_like_one(text: str, wanted: str) -> None:
    assert new_text(text) == wanted


def test_disclaimer_goes_and_plain_talk_of_secrets_stays() -> None:
    disclaimer = (
        "This e-mail and any attachments are confidential and intended solely for the addressee. If you are not the "
        "intended recipient, please notify the sender and delete it."
    )
    assert new_text(f"Down.\n\n{disclaimer}\n") == "Down."
    assert (
        new_text("Our report is confidential.\n\nPlease keep it so.")
        == "Our report is confidential.\n\nPlease keep it so."
    )
    assert new_text(disclaimer) == disclaimer


@pytest.mark.parametrize(
    "text",
    [
        "The system says:\nplease wrote: 17",
        "He said it is down:\n\n1. web\n2. mail",
        "On Monday it failed.\n\nOn Tuesday again: see below.",
        "From: the start it was slow.\nWe waited.",
        "To: do\nReboot the host.",
        "It fails at 10:20:\n\n    error 17",
        "mysql> select 1;\n1 row",
        "I clicked the button above this line and it broke.",
        "It broke on 4 May 2026 at 10:20 when I sent this:\nPriority: P1",
    ],
)
def test_prose_is_left_alone(text: str) -> None:
    assert new_text(text) == text


@pytest.mark.parametrize("lead_in", ["Bob wrote:", "bob schrieb:", "4 May 2026, Bob:", "Bob, 04/05/2026:"])
def test_a_bare_lead_in_counts_only_before_a_quote(lead_in: str) -> None:
    assert new_text(f"Down.\n\n{lead_in}\n\n> old") == "Down."
    assert new_text(f"Down.\n\n{lead_in}\n\nnot old") == f"Down.\n\n{lead_in}\n\nnot old"


def test_inline_answers_keep_the_questions_that_they_answer() -> None:
    text = f"{LEAD_INS[0]}\n> Which host?\n\nweb1\n\n> Since when?\n\nten o'clock\n\n> Desk\n"
    assert new_text(text) == "> Which host?\n\nweb1\n\n> Since when?\n\nten o'clock"
    assert own_text(text) == "web1\n\n\nten o'clock"


def test_a_greeting_above_and_the_answer_below() -> None:
    text = f"Hi Desk,\n\n{LEAD_INS[0]}\n> Which host?\n\nweb1 and web2."
    assert "web1 and web2." in new_text(text)


OURS = "Thank you for your mail, your ticket is D-17.\n\nPlease fill in:\n\nYour name:\nYour phone number:\n\nWe are open from 8 to 17."


def test_our_own_text_is_subtracted_whatever_its_marks_and_breaks() -> None:
    rewrapped = "> Thank you for your mail, your\n> ticket is D-17.\n>\n> Please fill in:\n>\n> Your name: Bob\n> Your phone\n> number:"
    text = f"{rewrapped}\n0123 456789\n> We are open from 8 to\n> 17.\n"
    assert new_text(text, ours=[OURS]) == "Your name: Bob\n0123 456789"


def test_answers_in_our_text_without_marks_survive() -> None:
    filled = OURS.replace("name:", "name: Bob").replace("number:", "number: 0123 456789")
    text = f"See below.\n\n{HEADERS[0]}\n\n{filled}\n\n{HEADERS[0]}\n\nAn older mail."
    assert new_text(text, ours=[OURS]).split("\n") == [
        "See below.",
        "",
        "Your name: Bob",
        "Your phone number: 0123 456789",
    ]
    assert new_text(text) == "See below."


def test_our_text_without_any_mark_goes() -> None:
    assert new_text(f"Still down.\n\n{OURS}", ours=[OURS]).startswith("Still down.")
    assert "We are open" in new_text(f"Still down.\n\n{OURS}")
    assert "Thank you for your mail" not in new_text(f"Still down.\n\n{OURS}", ours=[OURS])


@pytest.mark.parametrize("words", ["It works", "Still down", "your name", "Thank you for your help"])
def test_short_words_that_we_used_too_stay_his(words: str) -> None:
    assert new_text(words, ours=[f"{OURS}\n\nReply with: It works\nThank you for your help"]) == words
    assert new_text(f"{words}\n\n{LEAD_INS[0]}\n> We are open.", ours=[OURS]) == words


def test_nothing_but_our_own_words_is_nothing() -> None:
    quoted = "\n".join(f"> {line}" for line in OURS.splitlines())
    assert new_text(f"{LEAD_INS[0]}\n{quoted}", ours=[OURS]) == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "---------- Forwarded message ----------\nFrom: Alice\nDate: 4 May 2026\nSubject: x\nTo: Bob\n\nIt is down.",
            "It is down.",
        ),
        ("Sent from my iPhone", "Sent from my iPhone"),
        ("-- \nBob", "--\nBob"),
        ("> only a quote", "> only a quote"),
        ("", ""),
        ("\n \n", ""),
    ],
)
def test_never_nothing_where_something_could_be_new(text: str, wanted: str) -> None:
    assert new_text(text) == wanted


def test_own_text_never_falls_back() -> None:
    assert own_text("Sent from my iPhone\n\n" + HEADERS[0] + "\n\nresolve") == ""
    assert own_text("> take") == ""
    assert own_text("take\n\n" + HEADERS[0] + "\n\nresolve") == "take"


HTML_REPLIES = {
    "gmail": '<div>Down.</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, 4 May 2026 at 10:20, Desk &lt;<a>s@d.test</a>&gt; wrote:<br></div><blockquote class="gmail_quote">Old</blockquote></div>',
    "apple": '<div>Down.</div><div><br><blockquote type="cite"><div>On 4 May 2026, at 10:20, Desk wrote:</div><div>Old</div></blockquote></div>',
    "thunderbird": '<p>Down.</p><div class="moz-cite-prefix">On 04/05/2026 10:20, Desk wrote:<br></div><blockquote type="cite" cite="mid:x"><p>Old</p></blockquote>',
    "outlook": '<div class="WordSection1"><p>Down.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"><p><b>Zzz:</b> Desk</p></div><p>Old</p></div>',
    "outlook web": '<div>Down.</div><hr><div id="divRplyFwdMsg"><b>Frm:</b> Desk<br><b>Snt:</b> x</div><div>Old</div>',
    "outlook phone": '<div>Down.</div><div id="ms-outlook-mobile-signature">Get <a>Outlook for iOS</a></div><hr><div id="divRplyFwdMsg">x</div><div>Old</div>',
    "yahoo": '<div>Down.</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>Am Montag hat Desk geschrieben:</div><div>Old</div></div>',
    "proton": '<div>Down.</div><div class="protonmail_quote">On Monday, May 4th, 2026 at 10:20, Desk &lt;s@d.test&gt; wrote:<blockquote class="protonmail_quote" type="cite">Old</blockquote></div>',
    "zimbra": '<div>Down.</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>x<br></div><div data-marker="__QUOTED_TEXT__">Old</div>',
    "plain blockquote": "<p>Down.</p><p>04.05.2026, 10:20, Desk &lt;s@d.test&gt;:</p><blockquote>Old</blockquote>",
}


@pytest.mark.parametrize("client", HTML_REPLIES)
def test_html_only_replies(client: str) -> None:
    assert new_text("", HTML_REPLIES[client]) == "Down."


def test_html_inline_answers_and_own_indentation() -> None:
    inline = '<div class="gmail_quote"><div class="gmail_attr">On 4 May 2026 at 10:20, D &lt;s@d.test&gt; wrote:</div><blockquote class="gmail_quote">Which?</blockquote><div>web1</div><blockquote class="gmail_quote">When?</blockquote><div>ten</div></div>'
    assert own_text("", inline).split() == ["web1", "ten"]
    for text in ("", "The error:\n\n> code 17"):
        assert new_text(text, "<p>The error:</p><blockquote>code 17</blockquote>") == "The error:\n\ncode 17"


def test_plain_text_with_quote_marks_is_preferred_to_html() -> None:
    assert new_text("Plain.\n\n> old", '<p>Html.</p><blockquote type="cite">old</blockquote>') == "Plain."


HOSTILE = {
    "colons": "a:\n" * 100_000,
    "lead-ins": "On Mon, 4 May 2026 at 10:20, x <a@b.c> wrote:\n" * 20_000 + "> x",
    "quote after lead-ins": "Bob wrote:\n\n" * 10_000 + "> x",
    "quotes": ">" * 500_000,
    "header fields": "To: x\n" * 50_000,
    "rules": "\n\n".join("-" * (2 + i % 900) + "=" * (i // 900) for i in range(10_000)),
    "footers": "Sent from my phone\n" * 50_000,
    "one line": "x" * 3_000_000,
    "angle brackets": "<" * 300_000 + "\n> wrote:\n" * 1_000,
    "at signs": "@" * 1_000_000,
    "digits": "1" * 1_000_000,
    "blanks": " " * 1_000_000 + "\n" * 100_000,
    "named quotes": "On 4 May 2026 10:20 x wrote:\n" + "Bob> x\n" * 50_000,
    "zero width": "\u200b" * 1_000_000,
}
HOSTILE_HTML = {
    "attributes": "<p " + " ".join(f"a{i}=1" for i in range(100_000)) + ">x",
    "many attributes": ("<p " + " ".join(f"a{i}=1" for i in range(300)) + ">x") * 500,
    "nesting": "<div class=gmail_quote>" * 30_000 + "x",
    "tags": "<b>" * 1_000_000,
    "cells": "<table><tr>" + "<td>" * 40_000,
    "blockquotes": "<blockquote>" * 30_000 + "x",
    "entities": "&amp;" * 300_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_costs_little(kind: str) -> None:
    started = time.monotonic()
    new_text(HOSTILE[kind], ours=[OURS, HOSTILE[kind]])
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("kind", HOSTILE_HTML)
def test_hostile_html_costs_little(kind: str) -> None:
    started = time.monotonic()
    new_text("x", HOSTILE_HTML[kind])
    assert time.monotonic() - started < 4


PIECES = st.sampled_from(
    [
        *LEAD_INS,
        *HEADERS,
        *FOOTERS,
        "> quoted",
        ">> deeper",
        "-- ",
        "____",
        "Hello",
        "Thanks,\nBob",
        "",
        "From:",
        "wrote:",
        ">:",
        OURS,
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | st.text(max_size=40), max_size=12), st.booleans())
def test_never_raises_and_invents_no_word(pieces: list[str], knows_ours: bool) -> None:
    text = "\n".join(pieces)
    shown = " ".join(visible(line) for line in text.replace("\r", "\n").split("\n"))
    result = new_text(text, ours=[OURS] if knows_ours else [])
    assert all(word in shown for word in result.split())
    assert all(word in shown for word in own_text(text).split())


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>=\"'/ abdivblockquotertclassgmail_quote&;!-"), max_size=300))
def test_html_never_raises(source: str) -> None:
    html_lines(source)
    new_text("", source)


def test_a_line_shows_no_format_character_and_no_odd_blank() -> None:
    """Held against Python's own tables, whichever version of Unicode they are of."""
    for char in map(chr, range(sys.maxunicode + 1)):
        shown = visible(f"é{char}é")[1:-1]
        if unicodedata.category(char) == "Cf":
            assert shown == "", hex(ord(char))
        elif char.isspace() and char != "\t":
            assert shown == " ", hex(ord(char))
        elif unicodedata.category(char) != "Cn":
            assert shown == ("" if char in "\u1427\ufffc" else char), hex(ord(char))
