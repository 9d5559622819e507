"""What the admin pages of this floor share: read-only evidence, and the confirmation of a move."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from deployment.moves import Move
from labeling.problems import ProblemError

VERDICT_COLORS = {
    "passed": "success",
    "passed, stale": "warning",
    "refused": "danger",
    "insufficient": "warning",
    "baseline": "info",
}
STATE_COLORS = {"staged": "success", "live": "success", "failed": "danger", "replaced": "info"}


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    """Evidence: it can be looked at, and nothing else."""

    show_full_result_count = False
    list_per_page = 50

    class Media:
        css = {"all": ["css/deployment-admin.css"]}

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
