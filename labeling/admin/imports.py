"""Imports: choose a project and upload a file, see what came of it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from common.admin import list_link, site_link
from labeling.access import Right, projects_for
from labeling.admin.base import EvidenceAdmin
from labeling.models import ImportBatch, Sample


@admin.register(ImportBatch)
class ImportBatchAdmin(EvidenceAdmin):
    """Adding one leads to the upload page of its project, which shows the progress too."""

    list_display = ("name", "project", "state", "imported", "golden", "duplicates", "bad_rows", "page", "created_at")
    list_filter = ("project", "state")
    list_select_related = ("project", "created_by")
    search_fields = ("name", "=uid")
    exclude = ("report", "file", "bytes_total", "bytes_read")
    readonly_fields = ("page", "bad_row_report", "samples", "uid", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, Right.IMPORT)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied("You may import in no project. Ask a manager of yours.")
        projects = projects_for(request.user, Right.IMPORT)
        if len(projects) == 1:
            return redirect("labeling:imports", projects[0].key)
        context = {
            **self.admin_site.each_context(request),
            "title": "Import a file into which project?",
            "projects": projects,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/labeling/choose_project.html", context)

    @admin.display(description="Page")
    def page(self, batch: ImportBatch) -> SafeString:
        return site_link("labeling:import", batch.project.key, batch.uid)

    @admin.display(description="Bad rows")
    def bad_row_report(self, batch: ImportBatch) -> SafeString | str:
        if not batch.report:
            return "none"
        return site_link("labeling:import_report", batch.project.key, batch.uid, text="Download (CSV)")

    @admin.display(description="Samples")
    def samples(self, batch: ImportBatch) -> SafeString:
        return list_link(Sample, f"{batch.imported} samples", batch__id__exact=batch.pk)
