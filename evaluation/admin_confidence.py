"""Administration: the policy of automatic acceptance is edited; what it led to is evidence and read-only."""

from django.contrib import admin
from django.http import HttpRequest

from evaluation.models import Acceptance, AcceptPolicy, Calibration, Certificate
from labeling.admin.base import EvidenceAdmin, ProjectScopedAdmin, WithheldAdmin


@admin.register(Calibration)
class CalibrationAdmin(EvidenceAdmin):
    """What a version's confidence is worth."""

    project_path = "version__project"
    list_display = ("version", "source", "cases", "error", "auc", "created_at")
    list_filter = ("source", "version__project")
    list_select_related = ("version__project",)
    search_fields = ("version__project__key", "digest")

    @admin.display(description="Calibration error")
    def error(self, row: Calibration) -> str:
        return f"{row.figures['error']:.3f}" if row.figures else "-"

    @admin.display(description="Area under the curve")
    def auc(self, row: Calibration) -> str:
        found = row.figures.get("auc")
        return "-" if found is None else f"{found:.3f}"


@admin.register(AcceptPolicy)
class AcceptPolicyAdmin(ProjectScopedAdmin):
    """Whether proposals become golden answers by a certificate."""

    list_display = ("project", "enabled", "wrong", "confidence", "audit_share")
    list_select_related = ("project",)
    search_fields = ("project__key", "project__name")

    def get_readonly_fields(self, request: HttpRequest, obj: AcceptPolicy | None = None) -> tuple[str, ...]:
        return ("project",) if obj else ()


@admin.register(Certificate)
class CertificateAdmin(EvidenceAdmin):
    """Looks at held-out answers, and what they certified."""

    list_display = ("version", "wrong", "cases", "accepted", "bound", "threshold", "ending", "created_at")
    list_filter = ("ending", "project")
    list_select_related = ("version__project", "project")
    search_fields = ("project__key",)


@admin.register(Acceptance)
class AcceptanceAdmin(WithheldAdmin):
    """What was accepted, or drawn for the audit and answered since."""

    project_path = "certificate__project"
    prediction_path = "prediction__"
    list_display = ("start", "certificate", "is_audit", "right", "created_at")
    list_filter = ("is_audit", "right", "certificate__project")
    list_select_related = ("sample", "certificate__version__project")
    search_fields = ("=sample__uid", "=sample__external_id")
    search_help_text = "An exact uid or external id of the text."

    @admin.display(description="Text")
    def start(self, row: Acceptance) -> str:
        return row.sample.text[:90]
