"""Servers and policies are edited here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.widgets import UnfoldAdminSelectWidget

from common.admin import action, display, list_link
from deployment.models import (
    InferenceServer,
    ServingPolicy,
)
from deployment.quantization import CHOICES
from deployment.servers.catalogue import PERMISSION
from deployment.servers.health import probe_server
from deployment.servers.registration import save_policy, save_server
from labeling.admin.base import ProjectScopedAdmin, ask_first
from labeling.admin.recorded import RecordedAdmin, staff


@admin.register(InferenceServer)
class InferenceServerAdmin(RecordedAdmin):
    list_display = ["name", "kind", "url", "is_active", "threads", "slots", "answers", "staged_here"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "url"]
    readonly_fields = ["uid", "version", "seen_at", "error", "created_at"]
    actions = ["probe"]
    actions_detail = ["probe_one"]
    change_form_outer_before_template = "admin/deployment/look.html"

    class Media:
        css = {"all": ("css/look-admin.css",)}
        # What is asked for every two seconds changes in place.
        js = ("vendor/idiomorph-ext-0.8.0.min.js",)

    def save_model(self, request: HttpRequest, obj: InferenceServer, form: Any, change: bool) -> None:
        save_server(staff(request), obj, form.changed_data)

    def get_readonly_fields(self, request: HttpRequest, obj: InferenceServer | None = None) -> list[str]:
        """The built-in server's address is the launcher's business: it is another one after each start."""
        followed = ["url", "kind", "follows_environment"] if obj and obj.follows_environment else []
        return [*self.readonly_fields, *followed]

    @display(description="Last probe")
    def answers(self, server: InferenceServer) -> str:
        return server.error[:80] or server.version or "not asked yet"

    @display(description="Versions")
    def staged_here(self, server: InferenceServer) -> str:
        return list_link("deployment_stagedversion", "staged here", server__id__exact=server.pk)

    def has_probe_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Who manages the model servers."""
        return bool(request.user.has_perm(PERMISSION))

    @admin.action(description="Probe: ask for the version", permissions=["probe"])
    def probe(self, request: HttpRequest, queryset: QuerySet[InferenceServer]) -> None:
        """Ask each server who it is."""
        for server in queryset:
            self._probe(request, server)

    @action(description="Probe…", url_path="probe", permissions=["probe"])
    def probe_one(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask this server who it is, once that was confirmed."""
        server = self.row_of(request, object_id)
        rows, question = InferenceServer.objects.filter(pk=server.pk), f"Ask {server.url} which server it is?"
        page = ask_first(self, request, rows, action="probe", question=question, yes="Probe")
        if page is not None:
            return page
        self._probe(request, server)
        return redirect("admin:deployment_inferenceserver_change", object_id)

    def _probe(self, request: HttpRequest, server: InferenceServer) -> None:
        found = probe_server(staff(request), server)
        server.refresh_from_db()
        if found == "ok":
            messages.success(request, f"{server} answers: version {server.version}.")
        else:
            messages.error(request, f"{server} does not answer: {found}")


@admin.register(ServingPolicy)
class ServingPolicyAdmin(ProjectScopedAdmin):
    list_display = ["project", "served_from", "auto_promote", "quantization"]
    list_filter = ["auto_promote", "servers"]
    list_select_related = ["project"]
    search_fields = ["project__key", "project__name"]
    autocomplete_fields = ["servers"]
    readonly_fields = ["uid", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServingPolicy]:
        rows: QuerySet[ServingPolicy] = super().get_queryset(request).prefetch_related("servers")
        return rows

    def save_model(self, request: HttpRequest, obj: ServingPolicy, form: Any, change: bool) -> None:
        save_policy(staff(request), obj, form.changed_data, form.cleaned_data["servers"])

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "quantization":
            choices = [(name, name) for name in CHOICES]
            return forms.ChoiceField(choices=choices, initial="q8_0", widget=UnfoldAdminSelectWidget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description="Served from")
    def served_from(self, policy: ServingPolicy) -> str:
        return ", ".join(server.name for server in policy.servers.all())
