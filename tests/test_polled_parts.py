"""Every part of a page that is asked for again and again changes in place, and is never read aloud as a whole."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
TAG = re.compile(r"<\w+(?:[^<>{]|\{\{.*?\}\}|\{%.*?%\})*>", re.DOTALL)


def polled_tags():
    for path in sorted(TEMPLATES.rglob("*.html")):
        for tag in TAG.findall(path.read_text()):
            if 'hx-trigger="every' in tag:
                yield pytest.param(tag, id=f"{path.relative_to(TEMPLATES)}")


def test_there_are_such_parts():
    assert len(list(polled_tags())) >= 8


@pytest.mark.parametrize("tag", polled_tags())
def test_a_polled_part_is_morphed_and_no_live_region(tag):
    assert "aria-live" not in tag
    assert "role=" not in tag
    # A proposal's line is the one that is replaced, and only when there is one.
    assert 'hx-swap="morph' in tag or "?proposal=" in tag
