"""Links along the lineage in the admin; plain text where a page is not registered."""

from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html


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
