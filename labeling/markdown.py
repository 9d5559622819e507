"""Markdown that people wrote, as HTML that a page may show. Pure.

HTML in the text is text, pictures are not shown (each would tell its server who reads), and what comes out is cleaned
once more: the reader of Markdown is one library, and what may be shown is held by another.
"""

from functools import cache
from typing import TYPE_CHECKING

import nh3

from common.text import storable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
# Without the star, titles and languages may stand anywhere.
_ATTRIBUTES: dict[str, set[str]] = {"*": set(), "a": {"href"}, "ol": {"start"}}
# Titles of a page and of the panel stand above those of the text.
_LOWER = 2


def to_html(text: str) -> str:
    """HTML of headings (`h3` and below), lists, tables, code, quotes and links, and nothing else."""
    parser = _parser()
    tokens = parser.parse(storable(text))
    for token in tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(6, int(token.tag[1:]) + _LOWER)}"
    html = parser.renderer.render(tokens, parser.options, {})
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
