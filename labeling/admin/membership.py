"""Roles in projects as a table below a person or a project: each row goes through the services of members."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from labeling import services
from labeling.access import Right, projects_for
from labeling.admin.recorded import staff
from labeling.models import Membership, Project


class MembershipInline(TabularInline):  # type: ignore[misc]  # unfold carries no types
    """Who has which role where: as on the page of members, one's own and those in projects that one manages."""

    model = Membership
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        managed = projects_for(request.user, Right.MANAGE, also_archived=True)
        return rows.filter(Q(project__in=managed) | Q(user=request.user.pk))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Project:
            kwargs["queryset"] = projects_for(request.user, Right.MANAGE)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class MembersAdmin:
    """For admin classes with that table, before their base."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Roles that are given, changed and taken away. Raises `ProblemError`, `PermissionDenied`."""
        given = formset.save(commit=False)
        for row in formset.deleted_objects:
            services.remove_member(staff(request), row.project, row)
        # A row that was led to another project or person leaves the one that it had.
        for row, fields in formset.changed_objects:
            if {"project", "user"} & set(fields):
                before = Membership.objects.select_related("project", "user").get(pk=row.pk)
                services.remove_member(staff(request), before.project, before)
        for row in given:
            services.set_role(staff(request), row.project, row.user.get_username(), row.role, ends_on=row.ends_on)
