from datetime import UTC, datetime

import pytest

from maildesk.read import parse
from maildesk.read.mail import Address, Mail
from maildesk.read.parse import read_mail

PLAIN = b"From: Jane <jane@example.com>\r\nTo: support@desk.example\r\nSubject: Printer\r\n"


def mail_of(more: bytes = b"", body: bytes = b"Hello\r\n") -> Mail:
    return read_mail(PLAIN + more + b"\r\n" + body)


def test_the_facts_of_a_plain_mail() -> None:
    mail = mail_of(
        b"Cc: Bob <bob@example.com>, eve@example.org\r\n"
        b"Reply-To: forms@example.com\r\n"
        b"Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n"
        b"Message-ID: <one@example.com>\r\n"
        b"In-Reply-To: <two@example.com>\r\n"
        b"References: <zero@example.com>\r\n <two@example.com>\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
    )
    assert mail.sender == Address("jane@example.com", "Jane")
    assert mail.to == (Address("support@desk.example"),)
    assert mail.cc == (Address("bob@example.com", "Bob"), Address("eve@example.org"))
    assert mail.reply_to == (Address("forms@example.com"),)
    assert mail.subject == "Printer"
    assert mail.date == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert mail.message_id == "one@example.com"
    assert mail.in_reply_to == ("two@example.com",)
    assert mail.references == ("zero@example.com", "two@example.com")
    assert (mail.content_type, mail.content_type_parameters) == ("text/plain", (("charset", "utf-8"),))
    assert (mail.text, mail.html, mail.attachments, mail.faults) == ("Hello\n", "", (), ())


def test_fields_keep_their_order_and_names_and_are_unfolded() -> None:
    mail = read_mail(b"X-One: a\r\n\tb\r\nx-one: =?utf-8?q?c?=\r\n\r\n")
    assert mail.fields == (("X-One", "a b"), ("x-one", "=?utf-8?q?c?="))


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r"])
def test_any_line_end(line_end: bytes) -> None:
    mail = read_mail(b"Subject: s\r\nFrom: a@b.example\r\n\r\none\r\ntwo".replace(b"\r\n", line_end))
    assert (mail.subject, mail.text) == ("s", "one\ntwo")


def test_a_bare_cr_begins_no_field() -> None:
    mail = read_mail(b"Subject: s\rX-Forged: yes\nFrom: a@b.example\n\nhi")
    assert mail.value("X-Forged") == ""
    assert mail.subject == "s X-Forged: yes"


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?iso-8859-1?Q?a=80b?=", "a€b"),  # it is windows-1252
        (b"=?UTF-8?B?w6Q=?= =?UTF-8?B?w7Y=?=", "äö"),
        (b"=?utf-8?b?4pyTww?= =?utf-8?b?pA?=", "✓ä"),  # a character split between two words, padding lost
        (b"=?utf-8?q?a_b?= and =?utf-8?q?c?=", "a b and c"),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?koi8-r?B?1MXT1A==?=", "тест"),
        (b"=?utf-8*de?q?Stra=C3=9Fe?=", "Straße"),
        (b"=?utf-8?q?two words?=", "two words"),
        (b"=?utf-8?q?cut off", "=?utf-8?q?cut off"),
        (b"=?base64?b?aGVsbG8=?=", "hello"),
        (b"=?x-none?q?Gr=FC=DFe?=", "Grüße"),
        (b"=?utf-8?q?one=0D=0ATo:_eve=40example.com?=", "one To: eve@example.com"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b"tab\tand\r\n  fold", "tab and fold"),
        ("a\u202eb\u2066c".encode(), "abc"),
        (b"nul\0 and \x1b[31mred", "nul and [31mred"),
    ],
)
def test_subjects(raw: bytes, subject: str) -> None:
    assert read_mail(b"Subject: " + raw + b"\r\n\r\n").subject == subject


def test_a_raw_header_is_read_in_the_charset_of_the_text() -> None:
    raw = "Subject: Тест\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\nпривет".encode("koi8-r")
    mail = read_mail(raw)
    assert (mail.subject, mail.text) == ("Тест", "привет")


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        (b"<a@b.example>", "a@b.example"),
        (b"a@b.example", "a@b.example"),
        (b"<20261123.ab%c-d@s-nail.example>", "20261123.ab%c-d@s-nail.example"),
        (b"<" + b"A" * 100 + b"@EUR.PROD.outlook.example>", "A" * 100 + "@EUR.PROD.outlook.example"),
        (b"<one@[192.0.2.1]>", "one@[192.0.2.1]"),
        (b"<no-at-sign>", "no-at-sign"),
        (b"<[a@b>", ""),
        (b"<=?utf-8?q?a=0D=0AX: 1?=@x>", ""),
        (b"<=?utf-8?q?a=0D=0AX:1?=@x>", ""),
        (b'<"a b"@x>', ""),
        (b"<a b@x>", ""),
        (b"<a,b@x>", ""),
        ("<ä@x>".encode(), ""),
        (b"<" + b"a" * 260 + b"@x>", ""),
        (b"your mail of Monday", ""),
        (b"", ""),
    ],
)
def test_message_ids_by_a_strict_grammar(raw: bytes, ids: str) -> None:
    mail = read_mail(b"Message-ID: " + raw + b"\r\nIn-Reply-To: " + raw + b"\r\n\r\n")
    assert mail.message_id == ids
    assert mail.in_reply_to == ((ids,) if ids else ())


def test_references_keep_the_first_and_the_last_of_very_many() -> None:
    ids = [f"{number}@x" for number in range(5000)]
    mail = read_mail(b"References: " + " ".join(f"<{each}>" for each in ids).encode() + b"\r\n\r\n")
    assert len(mail.references) == 200
    assert (mail.references[0], mail.references[-1]) == ("0@x", "4999@x")


@pytest.mark.parametrize(
    ("octets", "text", "fault"),
    [
        (b"", "", "no usable address in From"),
        (b"\0\1\2\xff", "ÿ", "there is no header"),
        (b"Just some text.\nAnd more.", "Just some text.\nAnd more.", "there is no header"),
        (b"From: a@b.example\nSubject: s\nno field\nbody", "no field\nbody", "the header ends without an empty line"),
        (b"From: a@b.example\nSubject: cut o", "", ""),
    ],
)
def test_broken_mail_gives_what_can_be_had(octets: bytes, text: str, fault: str) -> None:
    mail = read_mail(octets)
    assert mail.text == text
    assert fault in mail.faults or not fault


def test_a_line_that_is_no_field_costs_only_itself() -> None:
    mail = read_mail(b"From: a@b.example\nrubbish\n  folded\nSubject: s\n\nhi")
    assert (mail.subject, mail.text) == ("s", "hi")
    assert "the header holds a line that is no field" in mail.faults


def test_an_mbox_line_and_empty_lines_before_the_header() -> None:
    assert read_mail(b"\r\n\nFrom jane@x Mon Nov 23\nSubject: s\n\nhi").subject == "s"


def test_two_from_fields_are_a_fault_and_the_first_counts() -> None:
    mail = read_mail(b"From: a@b.example\nFrom: c@d.example\n\n")
    assert mail.from_ == (Address("a@b.example"),)
    assert "more than one field From; the first was taken" in mail.faults


@pytest.mark.parametrize("value", [b"nonsense", b"Mon, 99 Nov 2026 10:00:00 +0000", b"Mon, 23 Nov 99999 10:00 +0000"])
def test_a_date_that_cannot_be_read(value: bytes) -> None:
    mail = read_mail(b"Date: " + value + b"\n\n")
    assert mail.date is None
    assert "the date cannot be read" in mail.faults


def broken(*_: object, **__: object) -> None:
    raise AttributeError("deep inside another's code")


@pytest.mark.parametrize("part", ["get_addresses", "parse_mail_date", "read_body"])
def test_an_exception_of_a_parser_costs_one_fact(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, part, broken)
    mail = mail_of(b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n")
    assert (mail.subject, mail.from_) == ("Printer", (Address("jane@example.com", "Jane"),))
    assert len(mail.faults) >= 1


def test_an_exception_of_ours_leaves_an_unreadable_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "cut", broken)
    assert mail_of() == Mail(faults=("the mail cannot be read; the raw mail is kept",))


def test_mail_parser_logs_nothing_of_a_mail(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    read_mail(b"From: =?utf-8?b?secret!!?= <a@b.example>\nDate: secret\n\n")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def parts(*pieces: bytes, kind: bytes = b"mixed") -> Mail:
    joined = b"".join(b"--=b\r\n" + piece + b"\r\n" for piece in pieces)
    return mail_of(b'Content-Type: multipart/%b; boundary="=b"\r\n' % kind, b"preamble\r\n" + joined + b"--=b--\r\nend")


TEXT = b"Content-Type: text/plain\r\n\r\nplain"
HTML = b"Content-Type: text/html\r\n\r\n<p>rich</p>"


def test_alternatives_are_one_text() -> None:
    mail = parts(TEXT, HTML, kind=b"alternative")
    assert (mail.text, mail.html, mail.content_type) == ("plain", "<p>rich</p>", "multipart/alternative")


def test_an_empty_alternative_gives_way_to_the_html() -> None:
    assert parts(b"Content-Type: text/plain\r\n\r\n \r\n", HTML, kind=b"alternative").text == "rich"


def test_texts_are_joined_in_order() -> None:
    assert parts(TEXT, HTML, b"\r\nfooter").text == "plain\nrich\nfooter"


def test_the_same_words_in_html_are_not_said_twice() -> None:
    assert parts(TEXT, b"Content-Type: text/html\r\n\r\n<p>plain</p>").text == "plain"


def test_html_alone_is_read() -> None:
    mail = mail_of(b"Content-Type: text/html\r\n", b"<p>one</p><p>two</p>")
    assert (mail.text, mail.html) == ("one\n\ntwo", "<p>one</p><p>two</p>")


def test_the_inner_text_of_related_and_alternative_parts() -> None:
    inner = (
        b'Content-Type: multipart/alternative; boundary="in"\r\n\r\n--in\r\n'
        + TEXT
        + b"\r\n--in\r\n"
        + HTML
        + b"\r\n--in--"
    )
    mail = parts(inner, b"Content-Type: image/png\r\nContent-ID: <x@y>\r\n\r\npng", kind=b"related")
    assert (mail.text, mail.html) == ("plain", "<p>rich</p>")
    assert [(each.kind, each.content_id) for each in mail.attachments] == [("inline", "x@y")]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"--x\r\nContent-Type: text/plain\r\n\r\nfound\r\n--x--", "found"),
        (b"no parts at all", "no parts at all"),
    ],
)
def test_a_lost_boundary(body: bytes, text: str) -> None:
    mail = mail_of(b"Content-Type: multipart/mixed; boundary=other\r\n", body)
    assert mail.text == text
    assert mail.faults


def test_parts_that_are_cut_off_or_go_on() -> None:
    cut_off = mail_of(b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\none\r\n--b\r\n\r\ntwo")
    assert cut_off.text == "one\ntwo"
    assert cut_off.faults == ("the mail is cut off, or the end of its parts is missing",)
    behind = mail_of(
        b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\none\r\n--b--\r\n--b\r\n\r\ntwo\r\n--b--"
    )
    assert behind.text == "one\ntwo"


def test_a_boundary_within_a_line_is_text() -> None:
    mail = mail_of(b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\nsee --b\r\nand more\r\n--b--")
    assert mail.text == "see --b\nand more"


def test_a_longer_boundary_is_another_one() -> None:
    mail = mail_of(b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\none\r\n--bc\r\nstill one\r\n--b--")
    assert mail.text == "one\n--bc\nstill one"


@pytest.mark.parametrize(
    ("charset", "octets", "text"),
    [
        (b"utf-8", "Grüße".encode(), "Grüße"),
        (b"us-ascii", "Grüße".encode(), "Grüße"),
        (b"us-ascii", "Grüße".encode("latin-1"), "Grüße"),
        (b"iso-8859-1", b"\x80 \x93hi\x94", "€ “hi”"),
        (b"utf-8", b"caf\xe9", "café"),
        (b"ks_c_5601-1987", "한국".encode("cp949"), "한국"),
        (b"gb2312", "镕".encode("gb18030"), "镕"),
        (b"Big5", "中文".encode("big5"), "中文"),
        (b"shift_jis", "①".encode("cp932"), "①"),
        (b"iso-2022-jp", "日本".encode("iso2022_jp"), "日本"),
        (b"koi8-r", "тест".encode("koi8-r"), "тест"),
        (b"windows-1251", "тест".encode("cp1251"), "тест"),
        (b"unknown-8bit", "ä".encode(), "ä"),
        (b"zlib", b"plain", "plain"),
        (b"base64", b"aGk=", "aGk="),
        (b"rot13", b"uryyb", "uryyb"),
        (b"unicode_escape", rb"\x41", r"\x41"),
        (b"idna", b"xn--abc", "xn--abc"),
        (b"punycode", b"abc-", "abc-"),
        (b"undefined", b"abc", "abc"),
        (b'"utf-8"; x', "ä".encode(), "ä"),
        (b"utf-16", "ä".encode("utf-16"), "ä"),
        (b"a" * 500, b"abc", "abc"),
    ],
)
def test_charsets_by_allow_list(charset: bytes, octets: bytes, text: str) -> None:
    assert mail_of(b"Content-Type: text/plain; charset=" + charset + b"\r\n", octets).text == text


@pytest.mark.parametrize(
    ("encoding", "octets", "text"),
    [
        (b"base64", b"aGVsbG8=", "hello"),
        (b"BASE64", b"aGVs!!\r\nbG8", "hello"),
        (b"base64", b"aGVsbG8gd29ybGQh\r\nA", "hello world!"),
        (b"quoted-printable", b"a=C3=A4=\r\nb=", "aäb"),
        (b"quoted-printable", b"a=ZZb", "a=ZZb"),
        (b"x-uuencode", b"begin 644 a\n%:&5L;&\\ \n`\nend\n", "hello"),
        (b"8bit", "ä".encode(), "ä"),
        (b"nonsense", b"as it is", "as it is"),
    ],
)
def test_transfer_encodings(encoding: bytes, octets: bytes, text: str) -> None:
    assert (
        mail_of(
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + b"\r\n", octets
        ).text
        == text
    )


@pytest.mark.parametrize(
    ("parameters", "octets", "text"),
    [
        (b"format=flowed", b"one \r\ntwo\r\nthree", "one two\nthree"),
        (b"format=flowed", b"> one \r\n> two\r\n>> three \r\n> four", "> one two\n>> three \n> four"),
        (b"format=flowed", b"bye \r\n-- \r\nJane", "bye \n-- \nJane"),
        (b"format=flowed", b" >stuffed\r\n From here", " >stuffed\nFrom here"),
        (b"format=flowed; delsp=yes", b"one \r\ntwo", "onetwo"),
    ],
)
def test_flowed_text(parameters: bytes, octets: bytes, text: str) -> None:
    assert mail_of(b"Content-Type: text/plain; " + parameters + b"\r\n", octets).text == text


def test_text_is_clean() -> None:
    text = mail_of(body=b"\xef\xbb\xbfa\0b\x1b[0m\tc\rd\x0ce\xe2\x80\xa8f").text
    assert text == "ab[0m\tc\nd\ne\nf"
