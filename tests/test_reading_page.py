"""The page on reading shows the very cases that the tests run over."""

import pytest

from tests.labeling.reading_cases import PAGE, page_with_table

pytestmark = pytest.mark.pure


def test_the_page_shows_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page_with_table(page) == page, "run `python -m tests.labeling.reading_cases`"
    assert page.count("| repaired: ") > 100
