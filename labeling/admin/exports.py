"""Exports: who took what out, and when."""

from django.contrib import admin
from django.utils.safestring import SafeString

from common.admin import site_link
from labeling.admin.base import EvidenceAdmin
from labeling.models import Export


@admin.register(Export)
class ExportAdmin(EvidenceAdmin):
    """Read only; the page of an export has its file."""

    list_display = ("project", "format", "state", "rows", "test_answers", "created_by", "page", "created_at")
    list_filter = ("project", "state", "format")
    list_select_related = ("project", "created_by")
    search_fields = ("=uid",)
    exclude = ("file",)
    readonly_fields = ("page", "uid", "created_at")

    @admin.display(description="Page")
    def page(self, export: Export) -> SafeString:
        return site_link("labeling:export", export.project.key, export.uid)
