"""What the admin classes share."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from labeling.access import visible
from labeling.models import User


class ProjectScopedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    """Staff see the rows of their projects, administrators all. `project_path` leads from a row to its project."""

    project_path = "project"
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows if request.user.is_superuser else visible(request.user, rows, self.project_path)


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


def staff(request: HttpRequest) -> User:
    """Who works in the admin; nobody anonymous gets this far."""
    return cast(User, request.user)


def admin_link(row: Model | None, text: str = "") -> SafeString | str:
    """A link to a row's own admin page."""
    if row is None:
        return "-"
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a class="underline" href="{}">{}</a>', url, text or str(row))


def list_link(model: type[Model], text: str, **filters: Any) -> SafeString:
    """A link to the filtered list of another model's rows."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", query=filters)
    return format_html('<a class="underline" href="{}">{}</a>', url, text)


def site_link(name: str, *args: Any, text: str = "Open page") -> SafeString:
    """A link out of the admin to a page of the site."""
    return format_html('<a class="underline" href="{}">{}</a>', reverse(name, args=args), text)


def one_line(links: Iterable[str]) -> SafeString:
    """Several links beside each other."""
    return format_html_join(" · ", "{}", ((link,) for link in links))


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
    if request.POST.get("confirmed"):
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question,
        "rows": rows[:100],
        "action": action,
        "yes": yes,
        "reason": reason,
        "opts": model_admin.model._meta,
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/labeling/confirm.html", context)
