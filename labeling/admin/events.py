"""Events: evidence that the database itself keeps from being edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from labeling.access import known_projects
from labeling.admin.base import EvidenceAdmin
from labeling.models import Event


@admin.register(Event)
class EventAdmin(EvidenceAdmin):
    """Staff see what happened in their projects, administrators everything."""

    list_display = ("verb", "actor_name", "actor_kind", "subject_type", "subject_uid", "project_key", "at")
    list_filter = ("actor_kind", "verb", "subject_type", "project_key")
    search_fields = ("=actor_name", "=subject_uid", "=request_id", "=project_key")
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        # The project is a plain value here, so that events outlive it: no path leads to its row.
        rows: QuerySet[Event] = ModelAdmin.get_queryset(self, request)
        if request.user.is_superuser:
            return rows
        return rows.filter(project_id__in=known_projects(request.user).values("pk"))
