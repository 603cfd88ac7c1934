import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.read.attachment import safe_name
from maildesk.read.mail import Mail
from maildesk.read.parse import read_mail

HEADER = b"From: jane@example.com\r\n"
TEXT = b"\r\nthe text"


def parts(*pieces: bytes, kind: bytes = b"mixed") -> Mail:
    joined = b"".join(b"--=b\r\n" + piece + b"\r\n" for piece in pieces)
    return read_mail(HEADER + b'Content-Type: multipart/%b; boundary="=b"\r\n\r\n' % kind + joined + b"--=b--\r\n")


def part(content_type: str, *fields: str, body: bytes = b"octets") -> bytes:
    return "\r\n".join([f"Content-Type: {content_type}", *fields, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("piece", "kind", "name"),
    [
        (part('application/pdf; name="a.pdf"'), "file", "a.pdf"),
        (part("application/pdf", 'Content-Disposition: attachment; filename="b.pdf"'), "file", "b.pdf"),
        (part("text/plain", "Content-Disposition: attachment"), "file", "attachment.txt"),
        (part("text/plain; name=log.txt"), "file", "log.txt"),
        (part("text/csv"), "file", "attachment.csv"),
        (part("image/png", "Content-ID: <c@x>"), "inline", "attachment.png"),
        (part("image/png; name=a.png", "Content-ID: <c@x>", "Content-Disposition: attachment"), "file", "a.png"),
        (part("image/png; name=a.png", "Content-Disposition: inline"), "file", "a.png"),
        (part("application/ms-tnef; name=winmail.dat"), "tnef", "winmail.dat"),
        (part("application/octet-stream; name=winmail.dat"), "tnef", "winmail.dat"),
        (part("application/pkcs7-mime; name=smime.p7m"), "encrypted", "smime.p7m"),
        (part("application/pkcs7-signature; name=smime.p7s"), "signature", "smime.p7s"),
        (part("text/calendar; method=REQUEST"), "calendar", "attachment.ics"),
        (part("message/delivery-status"), "report", "report.txt"),
        (part("message/rfc822", body=b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= 1/2\r\n\r\nx"), "message", "Grüße 1-2.eml"),
        (part("message/rfc822", body=b"\r\nx"), "message", "mail.eml"),
        (part("x-unknown/thing"), "file", "attachment"),
    ],
)
def test_kinds_and_names(piece: bytes, kind: str, name: str) -> None:
    mail = parts(TEXT, piece)
    assert [(each.kind, each.name) for each in mail.attachments] == [(kind, name)]
    assert mail.text == "the text"


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ('filename="a; b.txt"', "a; b.txt"),
        ("filename=a b.txt", "a b.txt"),
        ("filename*=utf-8''Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
        ("filename*=iso-8859-1'de'Gr%FC%DFe.txt", "Grüße.txt"),
        ("filename*0*=utf-8''Gr%C3; filename*1*=%BC%C3%9Fe; filename*2=.txt", "Grüße.txt"),
        ('filename*0="one "; filename*1="two.txt"', "one two.txt"),
        ('filename*1="two.txt"; filename*0="one "', "one two.txt"),
        ("filename=plain.txt; filename*=utf-8''better.txt", "better.txt"),
        ('filename="=?utf-8?q?Gr=C3=BC=C3=9Fe.txt?="', "Grüße.txt"),
        ("filename*=zlib''a.txt", "a.txt"),
        ('filename="../../etc/passwd"', "passwd"),
        (r'filename="C:\TEMP\a.txt"', "a.txt"),
        (r'filename="a\"b.txt"', "a_b.txt"),
        ('filename=".."', "attachment.pdf"),
        ('filename=""', "attachment.pdf"),
        ('filename="a\u202etxt.exe"', "atxt.exe"),
        ('filename="a\x01\tb.txt"', "a b.txt"),
        ('filename="' + "x" * 300 + '.pdf"', "x" * 146 + ".pdf"),
    ],
)
def test_names_are_decoded_and_safe(parameter: str, name: str) -> None:
    mail = parts(TEXT, part("application/pdf", f"Content-Disposition: attachment; {parameter}"))
    assert [each.name for each in mail.attachments] == [name]


@given(st.text(max_size=400))
def test_a_safe_name_is_no_path(name: str) -> None:
    safe = safe_name(name)
    assert len(safe) <= 150
    assert not set(safe) & set('/\\:*?"<>|\0\n\r')
    assert safe == safe.strip(". ")


def test_octets_are_decoded_and_counted() -> None:
    octets = bytes(range(256)) * 100
    encoded = base64.encodebytes(octets)
    (found,) = parts(part("image/png", "Content-Transfer-Encoding: base64", body=encoded)).attachments
    assert (found.octets, found.size) == (octets, len(octets))


def test_an_attached_message_stays_whole() -> None:
    inner = b"Subject: inner\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\ninner text\r\n--q--\r\n"
    mail = parts(TEXT, part("message/rfc822", body=inner))
    (found,) = mail.attachments
    assert (found.octets, found.name, mail.text) == (inner, "inner.eml", "the text")
    assert mail.reports == ()


def test_a_digest_is_a_list_of_messages() -> None:
    mail = parts(b"\r\nSubject: one\r\n\r\nx", b"\r\nSubject: two\r\n\r\ny", kind=b"digest")
    assert [each.name for each in mail.attachments] == ["one.eml", "two.eml"]


def test_a_report_and_the_mail_it_returns() -> None:
    status = b"Reporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\n"
    mail = parts(
        TEXT,
        part("message/delivery-status", body=status),
        part("message/rfc822", body=b"Subject: s\r\n\r\nx"),
        kind=b"report",
    )
    assert mail.text == "the text"
    assert mail.reports == (
        ("message/delivery-status", status.decode().replace("\r\n", "\n")),
        ("message/rfc822", "Subject: s\n\nx"),
    )
    assert [each.kind for each in mail.attachments] == ["report", "message"]


def test_the_report_type_is_told() -> None:
    mail = read_mail(
        HEADER + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--"
    )
    assert dict(mail.content_type_parameters)["report-type"] == "delivery-status"


def test_a_seal_without_a_name_is_no_attachment() -> None:
    assert parts(TEXT, part("application/pgp-signature"), kind=b"signed").attachments == ()
    named = parts(TEXT, part("application/pgp-signature; name=signature.asc"), kind=b"signed")
    assert [each.kind for each in named.attachments] == ["signature"]


def test_encrypted_mail_says_so() -> None:
    pgp = parts(part("application/pgp-encrypted"), part("application/octet-stream; name=e.asc"), kind=b"encrypted")
    assert [each.kind for each in pgp.attachments] == ["encrypted", "encrypted"]
    assert pgp.faults == ("the mail is encrypted; its text cannot be read here",)
    smime = read_mail(HEADER + b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nx")
    assert [each.kind for each in smime.attachments] == ["encrypted"]
    assert smime.faults == ("the mail is sealed by S/MIME; its text cannot be read here",)


def test_an_image_that_the_html_shows_is_inline_however_it_is_sent() -> None:
    html = part("text/html", body=b'<img src="cid:c@x">')
    image = part("image/png; name=a.png", "Content-ID: <c@x>", "Content-Disposition: attachment")
    assert [each.kind for each in parts(html, image).attachments] == ["inline"]


def test_a_named_first_text_is_the_text() -> None:
    mail = read_mail(HEADER + b"Content-Type: text/plain; name=message.txt\r\n\r\nhi")
    assert (mail.text, mail.attachments) == ("hi", ())
