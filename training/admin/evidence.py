"""Snapshots, events, versions and heartbeats: written by the machine, read by people."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from common.admin import admin_link, list_link, one_line, site_link
from labeling import panels
from labeling.admin.base import EvidenceAdmin
from labeling.admin.recorded import RecordedAdmin
from training.admin.links import LineageAdmin
from training.models import ModelVersion, RunEvent, Snapshot, TrainingRound, WorkerHeartbeat


@admin.register(Snapshot)
class SnapshotAdmin(LineageAdmin):
    list_display = (
        "__str__",
        "project",
        "train_rows",
        "validation_rows",
        "test_rows",
        "left_out_total",
        "note",
        "created_at",
    )
    list_filter = ("project",)
    list_select_related = ("project",)
    search_fields = ("project__key", "digest", "note", "=uid")

    @admin.display(description="Lineage")
    def lineage(self, snapshot: Snapshot) -> SafeString:
        """From the golden samples to the runs."""
        return one_line(
            [
                site_link("training:snapshot", snapshot.project.key, snapshot.uid),
                list_link("labeling_goldensample", "golden samples", sample__project__id__exact=snapshot.project_id),
                list_link("training_trainingrun", "runs", snapshot__id__exact=snapshot.pk),
            ]
        )


@admin.register(TrainingRound)
class TrainingRoundAdmin(LineageAdmin):
    list_display = ("__str__", "state", "trigger", "candidate", "settled_at", "created_at")
    list_filter = ("trigger", "project")
    list_select_related = ("project", "candidate__project")
    search_fields = ("project__key", "=uid")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingRound]:
        # As long as the validation rows are many, and not shown.
        return super().get_queryset(request).defer("candidate__result")

    @admin.display(description="Lineage")
    def lineage(self, round: TrainingRound) -> SafeString:
        """From the snapshot to the runs."""
        runs = list_link("training_trainingrun", "runs", round__id__exact=round.pk)
        return one_line([admin_link(round.snapshot, f"snapshot {round.snapshot.short}"), runs])


@admin.register(RunEvent)
class RunEventAdmin(EvidenceAdmin):
    project_path = "run__project"
    list_display = ("run", "seq", "kind", "summary", "at")
    list_filter = ("kind", "run__project")
    list_select_related = ("run__project",)
    search_fields = ("=run__uid", "run__project__key")

    @admin.display(description="Payload")
    def summary(self, event: RunEvent) -> str:
        shown = {name: value for name, value in event.payload.items() if not isinstance(value, dict | list)}
        return ", ".join(f"{name} {value}" for name, value in shown.items())[:160]


@admin.register(ModelVersion)
class ModelVersionAdmin(LineageAdmin):
    list_display = ("__str__", "project", "method", "base", "of_run", "note", "created_at")
    list_filter = ("method", "project", "base")
    list_select_related = ("project", "base", "run__project", "derived_from__project")
    search_fields = ("project__key", "=uid", "adapter_digest")
    change_form_before_template = "admin/training/panels.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With what higher floors say of the version."""
        version = self.get_object(request, object_id)
        context = {**(extra_context or {}), "panels": panels.render("version", request, version) if version else []}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @admin.display(description="Run")
    def of_run(self, version: ModelVersion) -> SafeString | str:
        return admin_link(version.run) if version.run_id else version.origin

    @admin.display(description="Lineage")
    def lineage(self, version: ModelVersion) -> SafeString:
        """From the snapshot and run to servers, benchmarks and deployments."""
        links: list[Any] = [site_link("deployment:version", version.project.key, version.number)]
        if version.derived_from is not None:
            links.append(admin_link(version.derived_from))
        if (run := version.trained_by) is not None:
            links += [admin_link(run.snapshot, f"snapshot {run.snapshot.short}"), admin_link(run)]
        higher = {
            "on servers": "deployment_stagedversion",
            "benchmarks": "evaluation_benchmark",
            "deployments": "deployment_deployment",
        }
        links += [list_link(model, text, version__id__exact=version.pk) for text, model in higher.items()]
        links.append(list_link("deployment_artifact", "files", weights__id__exact=version.weights.pk))
        return one_line(links)


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(RecordedAdmin):
    """Which workers gave a sign of life, and when."""

    list_display = ("worker", "queue", "seen_at")
    list_filter = ("queue",)
    search_fields = ("worker",)
    ordering = ("-seen_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
