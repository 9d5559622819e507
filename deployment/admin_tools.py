"""Links along the lineage in the admin (plain text where a page is not registered), and unfold's decorators, typed."""

from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from unfold import decorators

_Function = TypeVar("_Function", bound=Callable[..., Any])


def display(**options: Any) -> Callable[[_Function], _Function]:
    """unfold's `display`, which carries no types."""
    return cast(Callable[[_Function], _Function], decorators.display(**options))


def action(**options: Any) -> Callable[[_Function], _Function]:
    """unfold's `action`, which carries no types."""
    return cast(Callable[[_Function], _Function], decorators.action(**options))


def link(model: str, pk: Any, text: str) -> str:
    """A link to the admin page of one row; `model` is `app_model`."""
    return _anchor(f"admin:{model}_change", text, args=[pk])


def changelist_link(model: str, text: str, **filters: Any) -> str:
    """A link to the admin list of a model, filtered."""
    return _anchor(f"admin:{model}_changelist", text, query=f"?{urlencode(filters)}")


def _anchor(name: str, text: str, args: list[Any] | None = None, query: str = "") -> str:
    try:
        url = reverse(name, args=args)
    except NoReverseMatch:
        return text
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}{}">{}</a>', url, query, text)
