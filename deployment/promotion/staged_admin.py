"""Staged versions with their verdict, build steps, proofs, pins."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from common.admin import action, admin_link, display, list_link, state_display
from common.problems import ProblemError
from deployment.artifacts.editor import Editing
from deployment.artifacts.placement import why_nowhere
from deployment.artifacts.verdicts import staleness
from deployment.models import (
    StagedVersion,
)
from deployment.promotion.confirmation import promotion_of
from deployment.promotion.move_admin import MoveMixin
from deployment.queries import with_live
from deployment.servers.admin_media import DeploymentMedia
from labeling.admin.base import EvidenceAdmin
from labeling.admin.recorded import staff
from training.models import ModelVersion


@admin.register(StagedVersion)
class StagedVersionAdmin(MoveMixin, EvidenceAdmin):
    Media = DeploymentMedia
    project_path = "version__project"
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
        return with_live(super().get_queryset(request))

    @state_display()
    def shown_state(self, staged: StagedVersion) -> str:
        return staged.state

    @state_display("verdict", "Verdict")
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
            admin_link(version),
            admin_link(version.run, "run") if version.run_id else version.origin,
            list_link("evaluation_benchmark", "benchmarks", staged__id__exact=staged.pk),
            list_link("deployment_deployment", "deployments", version__id__exact=version.pk),
        )

    @action(description="Promote…", url_path="promote", permissions=["move"])
    def promote(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Confirm, then promote the version on all servers of its project."""
        staged = self.row_of(request, object_id)
        return self.confirm(request, lambda: promotion_of(staged.version))

    @action(description="Edit the Modelfile…", url_path="edit", permissions=["move"])
    def edit(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """A new version with the same weights and other PARAMETERs or another SYSTEM."""
        staged = self.row_of(request, object_id)
        editing = Editing(staged.version)
        try:
            form = editing.form(request)
        except ProblemError as error:
            messages.error(request, str(error))
            return redirect("admin:deployment_stagedversion_change", staged.pk)
        if request.method == "POST" and (made := editing.carry_out(staff(request), form)):
            messages.success(request, editing.said(made))
            return redirect("admin:training_modelversion_change", made.pk)
        shown = {"opts": self.opts, "title": editing.title, "editing": editing, "form": form, "staged": staged}
        context = {**self.admin_site.each_context(request), **shown}
        return TemplateResponse(request, "admin/deployment/edit.html", context, status=400 if form.errors else 200)
