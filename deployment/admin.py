"""Administration: servers and policies are edited; what was staged and deployed is evidence and read-only."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from deployment.admin_tools import action, changelist_link, display, link
from deployment.models import (
    BuildStep,
    Deployment,
    Finding,
    InferenceServer,
    ParityReport,
    ServingPolicy,
    StagedVersion,
    VersionPin,
)
from deployment.moves import Move, promotion_of, rollback_to
from deployment.quantization import CHOICES
from deployment.services import pin, unpin
from deployment.services.health import probe_server
from labeling.access import Right, visible
from labeling.problems import ProblemError
from training.models import ModelVersion

VERDICT_COLORS = {"passed": "success", "refused": "danger", "insufficient": "warning", "baseline": "info"}
STATE_COLORS = {"staged": "success", "live": "success", "failed": "danger", "replaced": "info"}


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    """Evidence: it can be looked at, and nothing else."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MoveMixin:
    """The confirmation page and its one service call, for promotions and rollbacks alike."""

    admin_site: Any
    opts: Any

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Who may promote and roll back at all; the service looks at the project as well."""
        return request.user.has_perm("deployment.promote")

    def confirm(self, request: HttpRequest, move: Move) -> HttpResponse:
        """Show what would happen; once confirmed with a valid form, do it, and say what came of it."""
        form = move.form(request)
        if request.method == "POST" and form.is_valid():
            try:
                done = move.carry_out(request.user, form)  # type: ignore[arg-type]  # staff are our users
            except (ProblemError, PermissionDenied) as error:
                messages.error(request, str(error))
            else:
                messages.success(request, move.said(done))
            return redirect("admin:deployment_deployment_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": move.title,
            "move": move,
            "plan": move.plan,
            "form": form,
        }
        return TemplateResponse(request, "admin/deployment/move.html", context, status=400 if form.errors else 200)


@admin.register(InferenceServer)
class InferenceServerAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    list_display = ["name", "kind", "url", "is_active", "threads", "slots", "answers", "staged_here"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "url"]
    readonly_fields = ["uid", "version", "seen_at", "error", "created_at"]
    actions = ["probe"]
    actions_detail = ["probe_one"]

    @display(description="Last probe")
    def answers(self, server: InferenceServer) -> str:
        return server.error[:80] or server.version or "never asked"

    @display(description="Versions")
    def staged_here(self, server: InferenceServer) -> str:
        return changelist_link("deployment_stagedversion", "staged here", server__id__exact=server.pk)

    @admin.action(description="Probe: ask for the version")
    def probe(self, request: HttpRequest, queryset: QuerySet[InferenceServer]) -> None:
        """Ask each server who it is."""
        for server in queryset:
            self._probe(request, server)

    @action(description="Probe", url_path="probe")
    def probe_one(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask this server who it is."""
        self._probe(request, InferenceServer.objects.get(pk=object_id))
        return redirect("admin:deployment_inferenceserver_change", object_id)

    def _probe(self, request: HttpRequest, server: InferenceServer) -> None:
        found = probe_server(server)
        server.refresh_from_db()
        if found == "ok":
            messages.success(request, f"{server} answers: version {server.version}.")
        else:
            messages.error(request, f"{server} does not answer: {found}")


@admin.register(ServingPolicy)
class ServingPolicyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    list_display = ["project", "served_from", "auto_promote", "quantization"]
    list_filter = ["auto_promote", "servers"]
    list_select_related = ["project"]
    search_fields = ["project__key", "project__name"]
    autocomplete_fields = ["servers"]
    readonly_fields = ["uid", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServingPolicy]:
        rows: QuerySet[ServingPolicy] = visible(request.user, super().get_queryset(request))
        return rows.prefetch_related("servers")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "quantization":
            return forms.ChoiceField(choices=[(name, name) for name in CHOICES], initial="q8_0")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description="Served from")
    def served_from(self, policy: ServingPolicy) -> str:
        return ", ".join(server.name for server in policy.servers.all())


@admin.register(StagedVersion)
class StagedVersionAdmin(MoveMixin, ReadOnlyAdmin):
    list_display = ["tag", "server", "shown_state", "shown_verdict", "staged_at", "lineage"]
    list_filter = ["state", "verdict", "server", "version__project"]
    list_select_related = ["version__project", "server", "version__run"]
    search_fields = ["tag", "version__project__key", "manifest_digest", "uploaded_digest"]
    readonly_fields = ["lineage"]
    date_hierarchy = "created_at"
    actions_detail = ["promote"]
    actions_row = ["promote"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StagedVersion]:
        rows: QuerySet[StagedVersion] = visible(request.user, super().get_queryset(request), "version__project")
        return rows

    @display(description="State", label=STATE_COLORS, ordering="state")
    def shown_state(self, staged: StagedVersion) -> str:
        return staged.state

    @display(description="Verdict", label=VERDICT_COLORS, ordering="verdict")
    def shown_verdict(self, staged: StagedVersion) -> str:
        return staged.verdict or "not judged"

    @display(description="Lineage")
    def lineage(self, staged: StagedVersion) -> str:
        """To the version and its run, and on to benchmarks and deployments."""
        version = staged.version
        return format_html(
            "{} · {} · {} · {}",
            link("training_modelversion", version.pk, str(version)),
            link("training_trainingrun", version.run_id, "run") if version.run_id else "bare base",
            changelist_link("evaluation_benchmark", "benchmarks", staged__id__exact=staged.pk),
            changelist_link("deployment_deployment", "deployments", version__id__exact=version.pk),
        )

    @action(description="Promote…", url_path="promote", permissions=["move"])
    def promote(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Confirm, then promote the version on all servers of its project."""
        staged = self.get_queryset(request).select_related("version__project").filter(pk=object_id).first()
        if staged is None:
            raise PermissionDenied
        return self.confirm(request, promotion_of(staged.version))


@admin.register(Deployment)
class DeploymentAdmin(MoveMixin, ReadOnlyAdmin):
    list_display = ["shown", "shown_state", "project", "previous", "actor", "short_reason", "took", "created_at"]
    list_filter = ["state", "action", "automatic", "project"]
    list_select_related = ["version__project", "previous__project", "project", "actor"]
    search_fields = ["project__key", "reason", "error", "actor__username"]
    readonly_fields = ["lineage"]
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

    @display(description="Lineage")
    def lineage(self, row: Deployment) -> str:
        """To the version, its run, where it stands, and its benchmarks."""
        version = row.version
        return format_html(
            "{} · {} · {} · {}",
            link("training_modelversion", version.pk, str(version)),
            link("training_trainingrun", version.run_id, "run") if version.run_id else "bare base",
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


@admin.register(BuildStep)
class BuildStepAdmin(ReadOnlyAdmin):
    list_display = ["version", "name", "shown_state", "reused", "seconds", "size_bytes", "created_at"]
    list_filter = ["name", "state", "reused", "version__project"]
    list_select_related = ["version__project"]
    search_fields = ["version__project__key", "key", "error"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BuildStep]:
        rows: QuerySet[BuildStep] = visible(request.user, super().get_queryset(request), "version__project")
        return rows

    @display(description="State", label={"done": "success", "failed": "danger"}, ordering="state")
    def shown_state(self, row: BuildStep) -> str:
        return row.state


@admin.register(ParityReport)
class ParityReportAdmin(ReadOnlyAdmin):
    list_display = ["version", "question", "server", "outcome", "agreed", "checked", "trap", "created_at"]
    list_filter = ["question", "ok", "trap", "server", "version__project"]
    list_select_related = ["version__project", "server"]
    search_fields = ["version__project__key", "sentence"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ParityReport]:
        rows: QuerySet[ParityReport] = visible(request.user, super().get_queryset(request), "version__project")
        return rows

    @display(description="Outcome", label={"proven": "success", "differs": "danger"})
    def outcome(self, row: ParityReport) -> str:
        return {True: "proven", False: "differs", None: "reported"}[row.ok]


@admin.register(VersionPin)
class VersionPinAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    list_display = ["version", "reason", "user", "created_at"]
    list_select_related = ["version__project", "user"]
    search_fields = ["version__project__key", "reason"]
    fields = ["version", "reason"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[VersionPin]:
        rows: QuerySet[VersionPin] = visible(request.user, super().get_queryset(request), "version__project")
        return rows

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "version":
            rows = ModelVersion.objects.select_related("project")
            kwargs["queryset"] = visible(request.user, rows, right=Right.OPERATE)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: VersionPin, form: Any, change: bool) -> None:
        obj.pk = pin(request.user, obj.version, obj.reason).pk  # type: ignore[arg-type]  # staff are our users

    def delete_model(self, request: HttpRequest, obj: VersionPin) -> None:
        unpin(request.user, obj.version)  # type: ignore[arg-type]  # staff are our users

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[VersionPin]) -> None:
        for row in queryset:
            self.delete_model(request, row)
