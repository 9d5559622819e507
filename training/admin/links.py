"""Evidence that shows its lineage first."""

from typing import Any

from django.http import HttpRequest

from labeling.admin.base import EvidenceAdmin


class LineageAdmin(EvidenceAdmin):
    """Evidence with a `lineage` of links, on top of its page."""

    readonly_fields = ("lineage",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        others = [name for name in super().get_fields(request, obj) if name != "lineage"]
        return ["lineage", *others]
