"""Links along the lineage. Models of higher floors are named, not imported; text stands where none is registered."""

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

STATE_COLORS = {"succeeded": "success", "built": "success", "failed": "danger", "running": "info", "building": "info"}


def rows_link(model: str, text: str, **filters: Any) -> SafeString:
    """A link to the admin's list of `model` (`app_model`), filtered."""
    try:
        url = reverse(f"admin:{model}_changelist", query=filters)
    except NoReverseMatch:
        return format_html("{}", text)
    return format_html('<a class="underline" href="{}">{}</a>', url, text)
