"""Staged versions with their verdict, build steps, proofs, pins."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from deployment.admin.base import STATE_COLORS, VERDICT_COLORS, MoveMixin, ReadOnlyAdmin
from deployment.admin_tools import action, changelist_link, display, link
from deployment.edits import Editing
from deployment.models import (
    BuildStep,
    ParityReport,
    StagedVersion,
    VersionPin,
)
from deployment.moves import promotion_of
from deployment.querysets import with_live
from deployment.services import pin, staleness, unpin
from deployment.services.standing import why_nowhere
from labeling.access import Right, visible
from labeling.models import User
from labeling.problems import ProblemError
from training.models import ModelVersion


@admin.register(StagedVersion)
class StagedVersionAdmin(MoveMixin, ReadOnlyAdmin):
    list_display = ["tag", "server", "shown_state", "shown_verdict", "staged_at", "lineage"]
    list_filter = ["state", "verdict", "server", "version__project"]
    list_select_related = [
        "version__project",
        "version__base",
        "version__run__snapshot",
        "version__derived_from__project",
        "held_against__project",
        "server",
    ]
    search_fields = ["tag", "version__project__key", "manifest_digest", "uploaded_digest"]
    readonly_fields = ["lineage", "stale", "nowhere"]
    date_hierarchy = "created_at"
    actions_detail = ["promote", "edit"]
    actions_row = ["promote", "edit"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StagedVersion]:
        rows: QuerySet[StagedVersion] = visible(request.user, super().get_queryset(request), "version__project")
        return with_live(rows)

    @display(description="State", label=STATE_COLORS, ordering="state")
    def shown_state(self, staged: StagedVersion) -> str:
        return staged.state

    @display(description="Verdict", label=VERDICT_COLORS, ordering="verdict")
    def shown_verdict(self, staged: StagedVersion) -> str:
        return "passed, stale" if self.stale(staged) else staged.verdict or "not judged"

    @display(description="Stale")
    def stale(self, staged: StagedVersion) -> str:
        """Why its pass says nothing about what is live now."""
        live: int | None = staged.live_version  # type: ignore[attr-defined]  # annotated by `with_live`
        return staleness(staged, ModelVersion.objects.select_related("project").get(pk=live) if live else None)

    @display(description="On no server")
    def nowhere(self, staged: StagedVersion) -> str:
        """Why its version cannot be served, with the page where that is mended."""
        reason = why_nowhere(staged.version)
        if reason is None:
            return "-"
        return format_html('{} <a href="{}">{}</a>', reason.sentence, reason.href, reason.link)

    @display(description="Lineage")
    def lineage(self, staged: StagedVersion) -> str:
        """To the version and its run, and on to benchmarks and deployments."""
        version = staged.version
        return format_html(
            "{} · {} · {} · {}",
            link("training_modelversion", version.pk, str(version)),
            link("training_trainingrun", version.run_id, "run") if version.run_id else version.origin,
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

    @action(description="Edit the Modelfile…", url_path="edit", permissions=["move"])
    def edit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """A new version with the same weights and other PARAMETERs or another SYSTEM."""
        rows = self.get_queryset(request).select_related("version__project", "version__base", "version__spec")
        staged = rows.filter(pk=object_id).first()
        if staged is None:
            raise PermissionDenied
        editing = Editing(staged.version)
        try:
            form = editing.form(request)
        except ProblemError as error:
            messages.error(request, str(error))
            return redirect("admin:deployment_stagedversion_change", staged.pk)
        user: User = request.user  # type: ignore[assignment]  # staff are our users
        if request.method == "POST" and (made := editing.carry_out(user, form)):
            messages.success(request, editing.said(made))
            return redirect("admin:training_modelversion_change", made.pk)
        shown = {"opts": self.opts, "title": editing.title, "editing": editing, "form": form, "staged": staged}
        context = {**self.admin_site.each_context(request), **shown}
        return TemplateResponse(request, "admin/deployment/edit.html", context, status=400 if form.errors else 200)


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
