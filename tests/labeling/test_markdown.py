"""A guideline's Markdown: what it may show, and that nothing else comes out of it, whatever is written."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.markdown import to_html
from tests.common.hostile import hostile

pytestmark = pytest.mark.pure
MAX_GUIDELINE = 20_000
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt&#58;alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:x)",
    "<javascript:alert(1)>",
    '[a](https://a.example "onmouseover=alert(1)")',
    '[a](https://a.example/"onclick="x)',
    "![x](https://spy.example/pixel.png)",
    "| <b onclick=x> |\n|---|\n| <svg/onload=x> |",
    "```<script>\nx\n```",
    '<a href="https://a" style="position:fixed">',
    "[a]\n\n[a]: javascript:alert(1)",
]
# A tag as a browser reads it; text is escaped, so that no other `<` is left.
TAG = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")
LINK = re.compile(r'( href="(https?:|mailto:|[^":]*")[^"]*"?)?( rel="noopener noreferrer nofollow")?')
ALLOWED = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def is_tame(html: str) -> bool:
    """Nothing but the tags that are meant, with no attribute but a link's and a list's beginning."""
    rest = TAG.sub("", html)
    tags = TAG.findall(html)
    known = all(name in ALLOWED for _, name, _ in tags)
    bare = all(not more.strip(" /") or name == "a" or re.fullmatch(r' start="\d+"', more) for _, name, more in tags)
    links = all(LINK.fullmatch(more) for end, name, more in tags if name == "a" and not end)
    return "<" not in rest and known and bare and links


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_tame(text):
    html = to_html(text)
    assert is_tame(html), html
    assert "javascript:" not in re.sub(r">[^<]*<", "><", f">{html}<")
    assert "spy.example" not in html or "<img" not in html


@given(st.text(alphabet="<>&\"'`*_[]()#|-=:/ \nascript", max_size=80))
def test_any_text_is_tame(text):
    assert is_tame(to_html(text))


def test_what_is_meant_is_shown():
    html = to_html("# When\n\n- **money**\n\n| a | b |\n|---|---|\n| `1` | ~~2~~ |\n\n[link](https://a.example)")
    for part in ("<h3>When</h3>", "<strong>money</strong>", "<code>1</code>", "<s>2</s>", 'href="https://a.example"'):
        assert part in html


@pytest.mark.parametrize("shape", ["brackets", "lines of a comment", "halves of characters", "fences", "openings"])
def test_the_longest_guideline_is_shown_in_seconds_whatever_it_is_made_of(shape):
    began = time.monotonic()
    to_html(hostile(shape, MAX_GUIDELINE))
    assert time.monotonic() - began < 8
