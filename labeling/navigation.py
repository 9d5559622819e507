"""The pages of a project, in one navigation: each floor registers its own in its `apps.py`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby

from django.urls import reverse

from labeling.access import Right

# The groups in their order; the first has no heading.
GROUPS = ("", "Answers", "Texts", "Models", "Set-up")


@dataclass(frozen=True)
class Page:
    """One page of every project. `section` is what its views call it (`page_context`); `order` sorts it in its group.

    `right`: who may open it.
    """

    section: str
    title: str
    url_name: str
    group: str
    order: int
    right: Right = Right.VIEW


@dataclass(frozen=True)
class Entry:
    """A page as a template shows it."""

    title: str
    url: str
    section: str


_pages: dict[str, Page] = {}


def register(*pages: Page) -> None:
    """Show these pages, each once, however often it is registered. Raises `ValueError` for a group that is none."""
    for page in pages:
        if page.group not in GROUPS:
            raise ValueError(f"Unknown group {page.group!r}; choose one of {', '.join(GROUPS)}.")
        _pages[page.section] = page


def entries(key: str, rights: Collection[str]) -> list[tuple[str, list[Entry]]]:
    """What somebody with these rights may open in the project `key`, by group."""
    open_to = [page for page in _pages.values() if page.right.value in rights]
    ordered = sorted(open_to, key=lambda page: (GROUPS.index(page.group), page.order))
    return [(group, _entries(key, pages)) for group, pages in groupby(ordered, key=lambda page: page.group)]


def _entries(key: str, pages: Iterable[Page]) -> list[Entry]:
    return [Entry(page.title, reverse(page.url_name, args=[key]), page.section) for page in pages]


def title_of(section: str) -> str:
    """What the page is called; empty of one that is not in the navigation."""
    return _pages[section].title if section in _pages else ""
