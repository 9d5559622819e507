"""The confirmation of a move in the admin."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from common.problems import ProblemError
from deployment.promotion.confirmation import Move, confirm
from labeling.access import Right
from labeling.admin.base import ProjectScopedAdmin
from labeling.admin.recorded import staff


class MoveMixin(ProjectScopedAdmin):
    """The confirmation page and its one service call, for promotions and rollbacks alike."""

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Who may promote and roll back, and does so in the row's project. Of a row that is missing `row_of` tells."""
        if not request.user.has_perm("deployment.promote"):
            return False
        row = None if object_id is None else self.get_object(request, str(object_id))
        is_missing = object_id is not None and row is None
        return is_missing or self.may(request, Right.OPERATE, row)

    def confirm(self, request: HttpRequest, make: Callable[[], Move]) -> HttpResponse:
        """Show what would happen; once confirmed with a valid form, do it, and say what came of it."""
        try:
            found = confirm(request, staff(request), make)
        except (ProblemError, PermissionDenied) as error:
            messages.error(request, str(error))
            return redirect("admin:deployment_deployment_changelist")
        if found.done:
            messages.success(request, found.move.said(found.done))
            return redirect("admin:deployment_deployment_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": found.move.title,
            "move": found.move,
            "plan": found.move.plan,
            "form": found.form,
            "problem": found.problem,
        }
        return TemplateResponse(request, "admin/deployment/move.html", context, status=found.status)
