"""Links along the lineage, and evidence that shows them first.

Models of higher floors are named, not imported; text stands where none is registered.
"""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from labeling.admin.base import EvidenceAdmin

STATE_COLORS = {"succeeded": "success", "built": "success", "failed": "danger", "running": "info", "building": "info"}


def rows_link(model: str, text: str, **filters: Any) -> SafeString:
    """A link to the admin's list of `model` (`app_model`), filtered."""
    try:
        url = reverse(f"admin:{model}_changelist", query=filters)
    except NoReverseMatch:
        return format_html("{}", text)
    return format_html('<a class="underline" href="{}">{}</a>', url, text)


class LineageAdmin(EvidenceAdmin):
    """Evidence with a `lineage` of links, on top of its page."""

    readonly_fields = ("lineage",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        others = [name for name in super().get_fields(request, obj) if name != "lineage"]
        return ["lineage", *others]
