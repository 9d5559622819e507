"""Findings in the admin: evidence; what to do about them is decided on the project's pages."""

from django.contrib import admin

from common.admin import state_display
from deployment.models import (
    Finding,
)
from deployment.servers.admin_media import DeploymentMedia
from labeling.admin.base import EvidenceAdmin


@admin.register(Finding)
class FindingAdmin(EvidenceAdmin):
    """What was found, and what became of it; decided on the project's pages."""

    Media = DeploymentMedia
    list_display = ["kind", "project", "version", "server", "shown_state", "sentence", "created_at", "resolved_by"]
    list_filter = ["state", "kind", "server", "project"]
    list_select_related = ["project", "version__project", "server", "resolved_by"]
    search_fields = ["project__key", "sentence"]
    date_hierarchy = "created_at"

    @state_display()
    def shown_state(self, row: Finding) -> str:
        return row.state
