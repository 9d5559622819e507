"""Filters of lists that name only what the person who looks may see."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest

from labeling.access import projects_for
from labeling.models import Membership, Project, User


class ScopedFilter(admin.RelatedFieldListFilter):
    """By a row that this one points to. Rows of foreign projects, and people whom one never meets, are not offered."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        ordering = self.field_admin_ordering(field, request, model_admin)
        seen = _seen(request, model_admin.admin_site, field.related_model)
        limit = {} if seen is None else {"pk__in": seen.values("pk")}
        found: list[tuple[str, Any]] = field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=limit)
        return found


def scoped(model: type[Model], filters: Iterable[Any]) -> list[Any]:
    """`list_filter` with each bare name of a relation as a scoped filter."""
    return [(each, ScopedFilter) if isinstance(each, str) and _relation(model, each) else each for each in filters]


def _relation(model: type[Model], path: str) -> bool:
    field = get_fields_from_path(model, path)[-1]
    return isinstance(field, Field) and field.is_relation


def _seen(request: HttpRequest, site: admin.AdminSite, model: type[Model]) -> "QuerySet[Any] | None":
    """The rows of `model` that this person may know of; None: all."""
    if request.user.is_superuser:
        return None
    projects = projects_for(request.user)
    if model is Project:
        return projects  # type: ignore[no-any-return]  # a queryset of projects
    if model is User:
        return User.objects.filter(pk__in=Membership.objects.filter(project__in=projects).values("user"))
    registered = site._registry.get(model)
    return registered.get_queryset(request) if registered else None
