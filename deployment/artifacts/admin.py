"""Artifacts, build steps, proofs and pins in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import state_display
from deployment.artifacts.retention import pin, unpin
from deployment.models import (
    Artifact,
    BuildStep,
    ParityReport,
    VersionPin,
)
from deployment.servers.admin_media import DeploymentMedia
from labeling.access import Right, visible
from labeling.admin.base import EvidenceAdmin, ProjectScopedAdmin
from labeling.admin.recorded import staff
from training.models import ModelVersion


@admin.register(Artifact)
class ArtifactAdmin(EvidenceAdmin):
    Media = DeploymentMedia
    project_path = "weights__project"
    list_display = ["weights", "format", "quantization", "shown_state", "bytes", "path", "created_at"]
    list_filter = ["state", "format", "quantization", "weights__project"]
    list_select_related = ["weights__project"]
    search_fields = ["weights__project__key", "digest", "path", "error"]

    @state_display()
    def shown_state(self, row: Artifact) -> str:
        return row.state


@admin.register(BuildStep)
class BuildStepAdmin(EvidenceAdmin):
    Media = DeploymentMedia
    project_path = "artifact__weights__project"
    list_display = ["artifact", "name", "shown_state", "reused", "seconds", "size_bytes", "created_at"]
    list_filter = ["name", "state", "reused", "artifact__weights__project"]
    list_select_related = ["artifact__weights__project"]
    search_fields = ["artifact__weights__project__key", "key", "error"]

    @state_display()
    def shown_state(self, row: BuildStep) -> str:
        return row.state


@admin.register(ParityReport)
class ParityReportAdmin(EvidenceAdmin):
    Media = DeploymentMedia
    project_path = "version__project"
    list_display = ["version", "question", "server", "outcome", "agreed", "checked", "trap", "created_at"]
    list_filter = ["question", "ok", "trap", "server", "version__project"]
    list_select_related = ["version__project", "server"]
    search_fields = ["version__project__key", "sentence"]

    @state_display("ok", "Outcome")
    def outcome(self, row: ParityReport) -> str:
        return {True: "proven", False: "differs", None: "reported"}[row.ok]


@admin.register(VersionPin)
class VersionPinAdmin(ProjectScopedAdmin):
    project_path = "version__project"
    list_display = ["version", "reason", "user", "created_at"]
    list_select_related = ["version__project", "user"]
    search_fields = ["version__project__key", "reason"]
    fields = ["version", "reason"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "version":
            rows = ModelVersion.objects.select_related("project")
            kwargs["queryset"] = visible(request.user, rows, right=Right.OPERATE)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: VersionPin, form: Any, change: bool) -> None:
        obj.pk = pin(staff(request), obj.version, obj.reason).pk

    def delete_model(self, request: HttpRequest, obj: VersionPin) -> None:
        unpin(staff(request), obj.version)
