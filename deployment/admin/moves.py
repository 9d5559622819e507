"""The history of what was live, and findings."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join

from deployment.admin.base import STATE_COLORS, MoveMixin, ReadOnlyAdmin
from deployment.admin_tools import action, changelist_link, display, link
from deployment.models import (
    Deployment,
    Finding,
)
from deployment.moves import difference_before, rollback_to
from labeling.access import visible


@admin.register(Deployment)
class DeploymentAdmin(MoveMixin, ReadOnlyAdmin):
    list_display = ["shown", "shown_state", "project", "previous", "actor", "short_reason", "took", "created_at"]
    list_filter = ["state", "action", "automatic", "project"]
    list_select_related = ["version__project", "previous__project", "project", "actor"]
    search_fields = ["project__key", "reason", "error", "actor__username"]
    exclude = ["modelfile"]
    readonly_fields = ["lineage", "modelfile_as_written", "difference"]
    date_hierarchy = "created_at"
    actions_detail = ["roll_back"]
    actions_row = ["roll_back"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deployment]:
        rows: QuerySet[Deployment] = visible(request.user, super().get_queryset(request))
        return rows.select_related("version__project", "version__run", "previous__project")

    @display(description="Deployment", ordering="id")
    def shown(self, row: Deployment) -> str:
        return f"{row.action} {row.version}"

    @display(description="State", label=STATE_COLORS, ordering="state")
    def shown_state(self, row: Deployment) -> str:
        return row.state

    @display(description="Reason")
    def short_reason(self, row: Deployment) -> str:
        return row.error[:90] or row.reason[:90]

    @display(description="Move", ordering="move_ms")
    def took(self, row: Deployment) -> str:
        return "" if row.move_ms is None else f"{row.move_ms:.0f} ms"

    @display(description="Modelfile")
    def modelfile_as_written(self, row: Deployment) -> str:
        """With its lines."""
        return format_html('<pre class="move-diff">{}</pre>', row.modelfile or "none")

    @display(description="Difference to the Modelfile before")
    def difference(self, row: Deployment) -> str:
        lines = format_html_join("", '<span class="move-{}">{}</span>', difference_before(row))
        return format_html('<pre class="move-diff">{}</pre>', lines) if lines else "None: it was the first, or equal."

    @display(description="Lineage")
    def lineage(self, row: Deployment) -> str:
        """To the version, its run, where it stands, and its benchmarks."""
        version = row.version
        return format_html(
            "{} · {} · {} · {}",
            link("training_modelversion", version.pk, str(version)),
            link("training_trainingrun", version.run_id, "run") if version.run_id else version.origin,
            changelist_link("deployment_stagedversion", "staged", version__id__exact=version.pk),
            changelist_link("evaluation_benchmark", "benchmarks", version__id__exact=version.pk),
        )

    @action(description="Roll back to this version…", url_path="roll-back", permissions=["move"])
    def roll_back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Confirm, then go back to this row's version."""
        row = self.get_queryset(request).filter(pk=object_id).first()
        if row is None:
            raise PermissionDenied
        return self.confirm(request, rollback_to(row.version))


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    """What was found, and what became of it; decided on the project's pages."""

    list_display = ["kind", "project", "version", "server", "shown_state", "sentence", "created_at", "resolved_by"]
    list_filter = ["state", "kind", "server", "project"]
    list_select_related = ["project", "version__project", "server", "resolved_by"]
    search_fields = ["project__key", "sentence"]
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        rows: QuerySet[Finding] = visible(request.user, super().get_queryset(request))
        return rows

    @display(description="State", label={"open": "warning", "mended": "success"}, ordering="state")
    def shown_state(self, row: Finding) -> str:
        return row.state
