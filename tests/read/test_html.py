import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.read.html import text_of_html


def text_of(html: str) -> str:
    faults: list[str] = []
    text = text_of_html(html, faults)
    assert not faults
    return text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("just text", "just text"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("<p>many \n  blanks&nbsp;&nbsp;here</p>", "many blanks here"),
        ("a<b>b</b> <i>c</i>d", "ab cd"),
        ("<h1>Head</h1>text", "Head\n\ntext"),
        ("<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul>", "- one\n- two\n  - deep"),
        ("<ol><li>one<li>two</ol>", "1. one\n2. two"),
        ("<pre>a  b\n  c</pre>d", "a  b\n  c\n\nd"),
        ("<blockquote>said<br>more</blockquote>answer", "> said\n> more\n\nanswer"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "> a\n>\n> > b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d"),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr><tr><td>c</td></tr></table>", "a | b\nc"),
        ("<table><tr><td></td><td><div>only</div></td></tr></table>", "only"),
        ("<table><tr><td>x<blockquote>said</blockquote></td></tr></table>", "x\n\n> said"),
        ('<a href="https://example.com/x">here</a>.', "here <https://example.com/x>."),
        ('<a href="https://www.example.com/">example.com</a>', "example.com"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example"),
        ('<a href="javascript:x()">here</a> <a href="#top">top</a>', "here top"),
        ('<a href="https://example.com"><img src="x.png"></a>text', "text"),
        ('<img src="cid:x" alt="A chart">', "A chart"),
        ("<style>p{}</style><script>x()</script><title>t</title>text", "text"),
        ("<html><head><title>t</title></head><body>text</body></html>", "text"),
        ("<!-- secret -->text<!--[if mso]>mso<![endif]-->", "text"),
        ("a &lt;b&gt; &amp; &euro; &#x4e2d;", "a <b> & € 中"),
        ("a<hr>b", "a\n" + "_" * 32 + "\nb"),
        ("<p>never closed<p>twice", "never closed\n\ntwice"),
        ("</div></p>text", "text"),
        ("<o:p>office</o:p>", "office"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ('<?xml version="1.0" encoding="utf-16"?><p>text</p>', "text"),
    ],
)
def test_html(html: str, text: str) -> None:
    assert text_of(html) == text


def test_too_many_tags_are_cut() -> None:
    faults: list[str] = []
    text = text_of_html("<p>x" * 30_000, faults)
    assert text.count("x") == 20_000
    assert faults == ["the HTML has too many tags; the end of it was not read"]


def test_deep_quotation_does_not_grow_without_end() -> None:
    text = text_of("<blockquote>" * 5_000 + "x<br>" * 1_000)
    assert text.startswith("> " * 20 + "x\n")
    assert len(text) < 50_000


TAGS = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<br>",
        "<ul>",
        "<li>",
        "</ul>",
        "<table>",
        "<tr>",
        "<td>",
        "</td>",
        "</tr>",
        "</table>",
        "<blockquote>",
        "</blockquote>",
        "<pre>",
        "</pre>",
        "<a",
        "href='http://x'>",
        "</a>",
        "<b>",
        "&nbsp;",
        "&lt;",
        "&#0;",
        "&#xd800;",
        "<script>",
        "</script>",
        "word",
        "<hr>",
        "<!--",
        "-->",
        "<",
        ">",
        "\n",
    ]
)


@given(st.lists(TAGS | st.text(max_size=5), max_size=40))
def test_any_tags_give_clean_text(pieces: list[str]) -> None:
    text = text_of_html("".join(pieces).encode("utf-8", "ignore").decode(), [])
    text.encode("utf-8")
    assert not set(text) & set("\0\r\x1b\x0b")
    assert text == text.strip("\n")
