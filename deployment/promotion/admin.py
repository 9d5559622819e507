"""The history of what was live, and findings."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join

from common.admin import action, admin_link, display, list_link, state_display
from deployment.models import (
    Deployment,
)
from deployment.promotion.confirmation import difference_before, rollback_to
from deployment.promotion.move_admin import MoveMixin
from deployment.servers.admin_media import DeploymentMedia
from labeling.admin.base import EvidenceAdmin


@admin.register(Deployment)
class DeploymentAdmin(MoveMixin, EvidenceAdmin):
    list_display = ["shown", "shown_state", "project", "previous", "actor", "short_reason", "took", "created_at"]
    list_filter = ["state", "action", "automatic", "project"]
    list_select_related = ["version__project", "previous__project", "project", "actor"]
    search_fields = ["project__key", "reason", "error", "actor__username"]
    exclude = ["modelfile"]
    readonly_fields = ["lineage", "modelfile_as_written", "difference"]
    date_hierarchy = "created_at"
    actions_detail = ["roll_back"]
    actions_row = ["roll_back"]

    Media = DeploymentMedia

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deployment]:
        rows: QuerySet[Deployment] = super().get_queryset(request)
        return rows.select_related("version__project", "version__run__project", "previous__project")

    @display(description="Deployment", ordering="id")
    def shown(self, row: Deployment) -> str:
        return f"{row.action} {row.version}"

    @state_display()
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
            admin_link(version),
            admin_link(version.run, "run") if version.run_id else version.origin,
            list_link("deployment_stagedversion", "staged", version__id__exact=version.pk),
            list_link("evaluation_benchmark", "benchmarks", version__id__exact=version.pk),
        )

    @action(description="Roll back to this version…", url_path="roll-back", permissions=["move"])
    def roll_back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Confirm, then go back to this row's version."""
        row = self.row_of(request, object_id)
        return self.confirm(request, lambda: rollback_to(row.version))
