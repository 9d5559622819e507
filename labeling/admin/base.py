"""What the admin classes share."""

from functools import reduce
from typing import Any

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from labeling.access import Right, may, projects_for, visible
from labeling.admin.recorded import RecordedAdmin, staff
from labeling.models import Project
from labeling.querysets import withheld
from labeling.services.rows import right_over
from labeling.services.withdrawals import MAX_REASON


class ProjectScopedAdmin(RecordedAdmin):
    """Staff see the rows of their projects, administrators all. `project_path` leads from a row to its project.

    Rows that can be edited need a right in the project as well, the one that their service asks for.
    """

    project_path = "project"
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if request.user.is_superuser else visible(request.user, rows, self.project_path)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_add_permission(request)) and self.may(request, right_over(self.model))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and self.may(request, right_over(self.model), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_delete_permission(request, obj)) and self.may(request, right_over(self.model), obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only projects where this person may edit such rows can be chosen."""
        if db_field.related_model is Project:
            kwargs["queryset"] = projects_for(request.user, right_over(self.model))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def may(self, request: HttpRequest, right: Right, obj: Any = None) -> bool:
        """Whether this person has a right in the row's project, which is not archived; without a row, in any."""
        if obj is None:
            # The admin asks for each model of its sidebar.
            known: dict[Right, bool] = request.__dict__.setdefault("rights_somewhere", {})
            if right not in known:
                known[right] = bool(request.user.is_superuser or projects_for(request.user, right).exists())
            return known[right]
        return may(staff(request), reduce(getattr, self.project_path.split("__"), obj), right)


class EvidenceAdmin(ProjectScopedAdmin):
    """Rows that nobody edits: what was said, was said. No COUNT(*) on them either."""

    paginator = InfinitePaginator
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class WithheldAdmin(EvidenceAdmin):
    """Evidence that tells what a model said: as everywhere, not of a text that is still to be answered blind."""

    prediction_path = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).exclude(withheld(self.prediction_path))


class ConfirmForm(forms.Form):
    """The yes to a question, and a reason where one is asked for."""

    confirmed = forms.BooleanField()
    reason = forms.CharField(required=False, max_length=MAX_REASON)


def ask_first(
    model_admin: ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    action: str,
    question: str,
    yes: str,
    reason: bool = False,
) -> HttpResponse | None:
    """The confirmation page of an admin action, with a field for the `reason`; None once the person said yes."""
    form = ConfirmForm(request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question,
        "rows": rows[:100],
        "action": action,
        "yes": yes,
        "reason": reason,
        "form": form,
        "opts": model_admin.model._meta,
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/labeling/confirm.html", context, status=400 if form.errors else 200)


def reason_of(request: HttpRequest) -> str:
    """The reason beside a yes that `ask_first` has found."""
    form = ConfirmForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else ""
