"""Forwarded mail: the forms of the usual clients in many languages, answers that are none, and hostile text."""

import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.read.forward import Forwarded, read_forward, says_forward
from maildesk.read.mail import Address
from maildesk.read.parse import read_mail
from maildesk.read.reply import own_text

BOB = Address("bob@acme.example", "Bob Smith")
WORDS = "Hello,\n\nthe printer is on fire.\n\nBob"
NOTE = "He rang too."
QUOTED = "\n".join(f"> {line}".rstrip() for line in WORDS.splitlines())


def mail_of(text: str, subject: str = "Fwd: Printer", html: bool = False, **fields: str) -> bytes:
    message = EmailMessage(policy=SMTP.clone(cte_type="8bit"))
    message["From"], message["To"], message["Subject"] = "Ann <ann@firm.example>", "support@desk.example", subject
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text, subtype="html" if html else "plain", charset="utf-8")
    return message.as_bytes()


def forwarded(octets: bytes) -> Forwarded | None:
    mail = read_mail(octets)
    return read_forward(mail, own_text(mail.text, mail.html))


# Client, subject of the mail, what it puts above the words, whether it quotes them, the date as it writes it.
CLIENTS: list[tuple[str, str, str, bool, str]] = [
    (
        "Outlook on the desktop",
        "FW: Printer",
        """-----Original Message-----
From: Bob Smith <bob@acme.example>
Sent: Monday, November 23, 2026 9:00 AM
To: Ann <ann@firm.example>
Cc: Carol <carol@acme.example>
Subject: Printer
""",
        False,
        "Monday, November 23, 2026 9:00 AM",
    ),
    (
        "Outlook of old",
        "FW: Printer",
        """From: Bob Smith [mailto:bob@acme.example]
Sent: 23 November 2026 09:00
To: Ann
Subject: Printer
""",
        False,
        "23 November 2026 09:00",
    ),
    (
        "Outlook with links in its text",
        "FW: Printer",
        """________________________________
From: Bob Smith <bob@acme.example<mailto:bob@acme.example>>
Sent: Monday, November 23, 2026 9:00:00 AM
To: Ann <ann@firm.example<mailto:ann@firm.example>>
Subject: Printer
""",
        False,
        "Monday, November 23, 2026 9:00:00 AM",
    ),
    (
        "Outlook, German",
        "WG: Printer",
        """Von: Bob Smith <bob@acme.example>
Gesendet: Montag, 23. November 2026 09:00
An: Ann <ann@firm.example>
Betreff: Printer
""",
        False,
        "Montag, 23. November 2026 09:00",
    ),
    (
        "Outlook, French",
        "TR: Printer",
        """De : Bob Smith <bob@acme.example>
Envoyé : lundi 23 novembre 2026 09:00
À : Ann <ann@firm.example>
Objet : Printer
""",
        False,
        "lundi 23 novembre 2026 09:00",
    ),
    (
        "Outlook, Spanish",
        "RV: Printer",
        """De: Bob Smith <bob@acme.example>
Enviado el: lunes, 23 de noviembre de 2026 9:00
Para: Ann <ann@firm.example>
Asunto: Printer
""",
        False,
        "lunes, 23 de noviembre de 2026 9:00",
    ),
    (
        "Outlook, Italian",
        "I: Printer",
        """Da: Bob Smith <bob@acme.example>
Inviato: lunedì 23 novembre 2026 09:00
A: Ann <ann@firm.example>
Oggetto: Printer
""",
        False,
        "lunedì 23 novembre 2026 09:00",
    ),
    (
        "Outlook, Dutch",
        "FW: Printer",
        """Van: Bob Smith <bob@acme.example>
Verzonden: maandag 23 november 2026 09:00
Aan: Ann <ann@firm.example>
Onderwerp: Printer
""",
        False,
        "maandag 23 november 2026 09:00",
    ),
    (
        "Gmail",
        "Fwd: Printer",
        """---------- Forwarded message ---------
From: Bob Smith <bob@acme.example>
Date: Mon, Nov 23, 2026 at 9:00 AM
Subject: Printer
To: Ann <ann@firm.example>,
  Carol <carol@acme.example>
""",
        False,
        "Mon, Nov 23, 2026 at 9:00 AM",
    ),
    (
        "Gmail with bold names",
        "Fwd: Printer",
        """---------- Forwarded message ---------
From: *Bob Smith* <bob@acme.example>
Date: Mon, Nov 23, 2026 at 9:00 AM
Subject: Printer
To: <ann@firm.example>
""",
        False,
        "Mon, Nov 23, 2026 at 9:00 AM",
    ),
    (
        "Gmail, German",
        "Fwd: Printer",
        """---------- Forwarded message ---------
Von: Bob Smith <bob@acme.example>
Date: Mo., 23. Nov. 2026 um 09:00 Uhr
Subject: Printer
To: Ann <ann@firm.example>
""",
        False,
        "Mo., 23. Nov. 2026 um 09:00 Uhr",
    ),
    (
        "Apple Mail",
        "Fwd: Printer",
        """Begin forwarded message:

From: Bob Smith <bob@acme.example>
Subject: Printer
Date: 23 November 2026 at 09:00:00 GMT
To: Ann <ann@firm.example>
Reply-To: bob.other@acme.example
""",
        False,
        "23 November 2026 at 09:00:00 GMT",
    ),
    (
        "Apple Mail, quoted",
        "Fwd: Printer",
        """Begin forwarded message:

> From: Bob Smith <bob@acme.example>
> Subject: Printer
> Date: 23 November 2026 at 09:00:00 GMT
> To: Ann <ann@firm.example>
>""",
        True,
        "23 November 2026 at 09:00:00 GMT",
    ),
    (
        "iOS, German",
        "Fwd: Printer",
        """Von meinem iPhone gesendet

Anfang der weitergeleiteten Nachricht:

> Von: Bob Smith <bob@acme.example>
> Datum: 23. November 2026 um 09:00:00 MEZ
> An: Ann <ann@firm.example>
> Betreff: Printer
>\u0020""",
        True,
        "23. November 2026 um 09:00:00 MEZ",
    ),
    (
        "iOS, French",
        "Tr: Printer",
        """Envoyé de mon iPhone

Début du message transféré :

> De: Bob Smith <bob@acme.example>
> Date: 23 novembre 2026 à 09:00:00 UTC+1
> À: Ann <ann@firm.example>
> Objet: Printer
>\u0020""",
        True,
        "23 novembre 2026 à 09:00:00 UTC+1",
    ),
    (
        "iOS, Italian",
        "Fwd: Printer",
        """Inizio messaggio inoltrato:

> Da: Bob Smith <bob@acme.example>
> Data: 23 novembre 2026 alle ore 09:00:00 CET
> A: Ann <ann@firm.example>
> Oggetto: Printer
>\u0020""",
        True,
        "23 novembre 2026 alle ore 09:00:00 CET",
    ),
    (
        "iOS, Dutch",
        "Fwd: Printer",
        """Begin doorgestuurd bericht:

> Van: Bob Smith <bob@acme.example>
> Datum: 23 november 2026 om 09:00:00 CET
> Aan: Ann <ann@firm.example>
> Onderwerp: Printer
>\u0020""",
        True,
        "23 november 2026 om 09:00:00 CET",
    ),
    (
        "iOS, Spanish",
        "Fwd: Printer",
        """Inicio del mensaje reenviado:

> De: Bob Smith <bob@acme.example>
> Fecha: 23 de noviembre de 2026, 9:00:00 CET
> Para: Ann <ann@firm.example>
> Asunto: Printer
>\u0020""",
        True,
        "23 de noviembre de 2026, 9:00:00 CET",
    ),
    (
        "Thunderbird",
        "Fwd: Printer",
        """-------- Forwarded Message --------
Subject: \tPrinter
Date: \tMon, 23 Nov 2026 09:00:00 +0000
From: \tBob Smith <bob@acme.example>
To: \tAnn <ann@firm.example>


""",
        False,
        "Mon, 23 Nov 2026 09:00:00 +0000",
    ),
    (
        "Thunderbird, French",
        "Fwd: Printer",
        """-------- Message transféré --------
Sujet\u00a0: \tPrinter
Date\u00a0: \tMon, 23 Nov 2026 09:00:00 +0000
De\u00a0: \tBob Smith <bob@acme.example>
Pour\u00a0: \tAnn <ann@firm.example>

""",
        False,
        "Mon, 23 Nov 2026 09:00:00 +0000",
    ),
    (
        "Thunderbird, German",
        "Fwd: Printer",
        """-------- Weitergeleitete Nachricht --------
Betreff: \tPrinter
Datum: \tMon, 23 Nov 2026 09:00:00 +0000
Von: \tBob Smith <bob@acme.example>
An: \tAnn <ann@firm.example>

""",
        False,
        "Mon, 23 Nov 2026 09:00:00 +0000",
    ),
    (
        "Yahoo",
        "Fw: Printer",
        """   ----- Forwarded message -----
   From: Bob Smith <bob@acme.example>
   To: Ann <ann@firm.example>
   Sent: Monday, 23 November 2026 at 09:00:00 GMT
   Subject: Printer
""",
        False,
        "Monday, 23 November 2026 at 09:00:00 GMT",
    ),
    (
        "mutt",
        "[Printer]",
        """----- Forwarded message from Bob Smith <bob@acme.example> -----

Date: Mon, 23 Nov 2026 09:00:00 +0000
From: Bob Smith <bob@acme.example>
To: Ann <ann@firm.example>
Subject: Printer
""",
        False,
        "Mon, 23 Nov 2026 09:00:00 +0000",
    ),
    (
        "Notes",
        "Fw: Printer",
        """----- Forwarded by Ann/Firm on 23/11/2026 10:00 -----

From: Bob Smith <bob@acme.example>

To: Ann/Firm@Firm

Date: 23/11/2026 09:00

Subject: Printer
""",
        False,
        "23/11/2026 09:00",
    ),
    ("a lead-in", "Fwd: Printer", "On Mon, 23 Nov 2026 at 09:00, Bob Smith <bob@acme.example> wrote:\n", True, ""),
    ("a lead-in, German", "WG: Printer", "Am 23.11.2026 um 09:00 schrieb Bob Smith <bob@acme.example>:\n", True, ""),
    ("a lead-in, French", "TR: Printer", "Le 23/11/2026 à 09:00, Bob Smith <bob@acme.example> a écrit :\n", True, ""),
    (
        "a lead-in, Spanish",
        "RV: Printer",
        "El 23/11/2026 a las 9:00, Bob Smith <bob@acme.example> escribió:\n",
        True,
        "",
    ),
    ("a lead-in, Italian", "I: Printer", "Il 23/11/2026 09:00, Bob Smith <bob@acme.example> ha scritto:\n", True, ""),
    ("a lead-in, Dutch", "FW: Printer", "Op 23-11-2026 om 09:00 schreef Bob Smith <bob@acme.example>:\n", True, ""),
]


@pytest.mark.parametrize("note", [NOTE, ""], ids=["with a note", "bare"])
@pytest.mark.parametrize(("_name", "subject", "above", "quotes", "sent"), CLIENTS, ids=[row[0] for row in CLIENTS])
def test_a_clients_forward(_name: str, subject: str, above: str, quotes: bool, sent: str, note: str) -> None:
    text = f"{note}\n\n{above}\n{QUOTED if quotes else WORDS}\n"
    found = forwarded(mail_of(text, subject))
    assert found is not None
    assert (found.sender, found.subject, found.sent) == (BOB, "Printer" if sent else found.subject, sent)
    assert found.subject == "Printer"
    assert (found.text.strip(), found.note) == (WORDS, note)
    assert found.original is None


def test_the_end_of_mutts_forward_and_what_stands_below_it_are_no_words_of_his() -> None:
    text = f"""{NOTE}

----- Forwarded message from Bob Smith <bob@acme.example> -----

{WORDS}

----- End forwarded message -----

--
Ann, Firm Ltd"""
    found = forwarded(mail_of(text, "[Printer]"))
    assert found is not None
    assert (found.sender, found.text, found.note) == (BOB, WORDS, NOTE)


def test_html_alone() -> None:
    page = """<p>He rang too.</p><hr><div><b>From:</b> Bob Smith &lt;<a href="mailto:bob@acme.example">bob@acme.example</a>&gt;<br>
<b>Sent:</b> Monday, November 23, 2026 9:00 AM<br><b>To:</b> Ann<br><b>Subject:</b> Printer</div><p>It burns.</p>"""
    found = forwarded(mail_of(page, "FW: Printer", html=True))
    assert found is not None
    assert (found.sender, found.subject, found.text, found.note) == (BOB, "Printer", "It burns.", NOTE)


def test_the_whole_header_with_its_id() -> None:
    text = """-------- Forwarded Message --------
Return-Path: <bob@acme.example>
Message-ID: <original@acme.example>
User-Agent: Some Mail
Date: Mon, 23 Nov 2026 09:00:00 +0000
From: Bob Smith <bob@acme.example>
Subject: Printer

It burns."""
    found = forwarded(mail_of(text, References="<other@acme.example>"))
    assert found is not None
    assert (found.message_ids, found.text) == (("original@acme.example",), "It burns.")


def test_the_thread_names_the_mail_that_was_forwarded() -> None:
    above = CLIENTS[0][2]
    octets = mail_of(
        f"{above}\n{WORDS}", In_Reply_To="<b@acme.example>", References="<a@acme.example> <b@acme.example>"
    )
    found = forwarded(octets)
    assert found is not None
    assert found.message_ids == ("b@acme.example",)


def test_a_long_subject_and_many_recipients_go_on_over_lines() -> None:
    subject = "The printer on the second floor, the one beside the window, burns since this"
    text = f"""---------- Forwarded message ---------
From: Bob Smith <bob@acme.example>
To: Ann <ann@firm.example>,
Carol <carol@acme.example>
Subject: {subject}
morning

It burns."""
    found = forwarded(mail_of(text))
    assert found is not None
    assert (found.subject, found.text) == (f"{subject} morning", "It burns.")


def test_words_that_look_like_a_header_stay_his_words() -> None:
    text = f"{CLIENTS[8][2]}\nDate: yesterday\nFrom: the second floor\n\nIt burns."
    found = forwarded(mail_of(text))
    assert found is not None
    assert found.text == "Date: yesterday\nFrom: the second floor\n\nIt burns."


def test_what_he_forwards_or_quotes_himself_stays_his_text() -> None:
    """The first header is the one that the forwarder's own client wrote: nothing below it can name another sender."""
    nested = "Look:\n\n---------- Forwarded message ---------\nFrom: Eve <eve@evil.example>\nSubject: Prize\n\nYou won.\n> no"
    found = forwarded(mail_of(f"{CLIENTS[8][2]}\n{nested}"))
    assert found is not None
    assert (found.sender, found.text) == (BOB, nested)


def attached(inner: bytes, text: str = NOTE, subject: str = "Fwd: Printer", file: bytes = b"") -> bytes:
    tail = (
        f"--b\r\nContent-Type: text/x-log; name=own.log\r\nContent-Disposition: attachment\r\n\r\n{file.decode()}\r\n"
    )
    return (
        (
            f"From: Ann <ann@firm.example>\r\nTo: support@desk.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
            "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        ).encode()
        + inner
        + b"\r\n"
        + (tail.encode() if file else b"")
        + b"--b--\r\n"
    )


INNER = (
    b"From: Bob Smith <bob@acme.example>\r\nTo: ann@firm.example\r\nSubject: Printer\r\nMIME-Version: 1.0\r\n"
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <original@acme.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\nIt burns.\r\n"
    b"--i\r\nContent-Type: image/png; name=fire.png\r\nContent-Disposition: attachment\r\n\r\npicture\r\n--i--\r\n"
)


def test_an_attached_mail_is_read_whole() -> None:
    found = forwarded(attached(INNER, file=b"seen by me"))
    assert found is not None
    assert (found.sender, found.subject, found.text, found.note) == (BOB, "Printer", "It burns.", NOTE)
    assert [part.name for part in found.attachments] == ["fire.png", "own.log"]
    assert found.message_ids == ("original@acme.example",)
    assert found.sent == "Mon, 23 Nov 2026 09:00:00 +0000"
    assert found.original is not None


def test_attachments_of_a_forward_in_the_text_are_his() -> None:
    octets = attached(INNER, text=f"{CLIENTS[8][2]}\nIt burns.").replace(b"message/rfc822", b"text/x-log; name=a.log")
    found = forwarded(octets)
    assert found is not None
    assert [part.name for part in found.attachments] == ["a.log"]


NONE = [
    ("an answer with its history", "RE: Printer", f"I look.\n\n{CLIENTS[0][2]}\n{WORDS}"),
    ("a German answer", "AW: Printer", f"I look.\n\n{CLIENTS[3][2]}\n{WORDS}"),
    ("an answer with a lead-in", "Re: Printer", f"I look.\n\n{CLIENTS[-1][2]}\n{QUOTED}"),
    ("a mail of its own", "My screen is dark", "Can you help?\n\nAnn"),
    ("a subject and nothing more", "FW: Printer", "Please look at it."),
    ("a title and nothing more", "Printer", "Begin forwarded message:\n\nIt burns."),
    (
        "a sender without an address",
        "FW: Printer",
        "From: Bob Smith\nSent: Monday\nTo: Ann\nSubject: Printer\n\nIt burns.",
    ),
    ("no sender", "FW: Printer", "Sent: Monday\nTo: Ann <ann@firm.example>\nSubject: Printer\n\nIt burns."),
    ("talk of forwarding", "Question", "How do I forward from: bob@acme.example to you?\n\nAnn"),
    ("empty", "", ""),
]


@pytest.mark.parametrize(("_name", "subject", "text"), NONE, ids=[row[0] for row in NONE])
def test_what_is_no_forward(_name: str, subject: str, text: str) -> None:
    assert forwarded(mail_of(text, subject)) is None


def test_an_attached_mail_of_nobody_is_none() -> None:
    assert forwarded(attached(INNER.replace(b"From: Bob", b"X-From: Bob"), subject="Look")) is None


SUBJECTS = [
    *[
        (f"{mark} Printer", True)
        for mark in ("Fwd:", "FW:", "Fw :", "[Fwd:", "WG:", "TR :", "RV:", "I:", "ENC:", "Doorst:")
    ],
    *[(f"{mark} Printer", False) for mark in ("Re:", "AW:", "SV:", "Forward", "It:", "Printer FW:", "", "TREE:")],
]


@pytest.mark.parametrize(("subject", "says"), SUBJECTS)
def test_whether_a_subject_says_that_it_forwards(subject: str, says: bool) -> None:
    assert says_forward(subject) is says


HOSTILE = [
    ("titles", "---------- Forwarded message ---------\n" * 20_000),
    ("ends", "----- End forwarded message -----\n" * 20_000),
    ("labels", "To: a@b.example\n" * 60_000),
    ("labels with gaps", "To: a@b.example\n\n" * 60_000),
    ("dates", "Sent: Monday\nTo: x\n\nDate: y\n" * 20_000),
    ("addresses", f"FW\n-----Forwarded message from {'a@' * 300_000}"),
    ("a sender without end", f"---- Forwarded message ----\nFrom: {'bob@' * 200_000}\nSubject: x\n"),
    ("mailto", f"---- Forwarded message ----\nFrom: {'mailto:' * 100_000}b@c.example\nSubject: x\n"),
    ("verbs", f"{'wrote: schrieb ' * 20_000}<a@b.example>:\n> x"),
    ("quotes", "> " * 400_000 + "\n"),
]


@pytest.mark.parametrize(("_name", "text"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_hostile_text_costs_no_time(_name: str, text: str) -> None:
    mail = read_mail(mail_of("x", "Fwd: x").replace(b"\r\n\r\nx", b"\r\n\r\n" + text.encode().replace(b"\n", b"\r\n")))
    started = time.process_time()
    read_forward(mail, "")
    assert time.process_time() - started < 4


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["From: a@b.example", "> From: <", "Date:", "Fwd", "-- Forwarded message --", "", ">", "x wrote:"]
        )
        | st.text(max_size=20),
        max_size=20,
    ),
    st.text(max_size=10),
)
def test_it_never_raises(lines: list[str], subject: str) -> None:
    octets = f"From: a@b.example\r\nSubject: Fwd: {subject}\r\n\r\n".encode("utf-8", "replace")
    found = forwarded(octets + "\r\n".join(lines).encode("utf-8", "replace"))
    assert found is None or "@" in found.sender.address
