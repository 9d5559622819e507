"""Projects with their labels and members, and the frozen task specs."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline

from labeling import services
from labeling.access import Right, projects_for
from labeling.admin.base import EvidenceAdmin, admin_link, list_link, one_line, site_link, staff
from labeling.json_field import JSON_OVERRIDES
from labeling.kinds import LabelDef, Spec, SpecError
from labeling.models import GoldenSample, ImportBatch, Label, Membership, Prediction, Project, Sample, TaskSpec
from labeling.querysets import COUNT_CAP, capped_count_of


class LabelFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # no generic at run time
    """Holds the labels against the rest of the form, so that the spec can be frozen after saving."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        labels = tuple(LabelDef(row["name"], row.get("description", "")) for row in rows if row.get("name"))
        project: Project = self.instance
        try:
            Spec(
                kind=project.kind,
                instruction=project.instruction,
                labels=labels,
                max_labels=min(project.max_labels or 0, len(labels)),
                prompt_template=project.prompt_template,
            )
        except SpecError as error:
            raise ValidationError(str(error)) from error


class LabelInline(TabularInline):  # type: ignore[misc]  # unfold carries no types
    model = Label
    formset = LabelFormSet
    fields = ("name", "description", "position")
    ordering_field = "position"
    extra = 0


class MemberInline(TabularInline):  # type: ignore[misc]  # unfold carries no types
    model = Membership
    fields = ("user", "role")
    autocomplete_fields = ("user",)
    extra = 0


@admin.register(Project)
class ProjectAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    """What is asked, of which texts, by whom. Saving freezes a new task spec where what is asked changed."""

    list_display = ("name", "key", "kind", "to_review", "golden", "page", "archived_at")
    list_filter = ("kind",)
    search_fields = ("name", "key")
    show_full_result_count = False
    formfield_overrides = JSON_OVERRIDES
    inlines = (LabelInline, MemberInline)
    readonly_fields = ("lineage",)
    fieldsets = (
        (None, {"fields": ("key", "name", "description", "kind")}),
        ("What is asked", {"fields": ("instruction", "prompt_template", "max_labels", "decoding")}),
        ("Splits, in percent", {"fields": (("train_share", "validation_share", "test_share"),)}),
        ("Other", {"fields": ("keep_api_texts", "archived_at", "lineage")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: QuerySet[Project] = super().get_queryset(request)
        if not request.user.is_superuser:
            rows = rows.filter(pk__in=projects_for(request.user, Right.MANAGE).values("pk"))
        return rows.annotate(
            waiting=capped_count_of(Sample.objects.pending()), approved=capped_count_of(GoldenSample.objects.current())
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "key", "kind") if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False  # history points to it: archive it instead

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        project: Project = form.instance
        if not change:
            services.open_project(staff(request), project)
        elif project.archived_at is None:
            services.update_project(staff(request), project)

    @admin.display(description="To review")
    def to_review(self, project: Project) -> str:
        return _capped(project.waiting)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="Golden")
    def golden(self, project: Project) -> str:
        return _capped(project.approved)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="Page")
    def page(self, project: Project) -> SafeString:
        return site_link("labeling:project", project.key)

    @admin.display(description="All of this project")
    def lineage(self, project: Project) -> SafeString | str:
        if not project.pk:
            return "-"
        models = {"Specs": TaskSpec, "Samples": Sample, "Imports": ImportBatch, "Predictions": Prediction}
        links = [list_link(model, name, project__id__exact=project.pk) for name, model in models.items()]
        return one_line([*links, site_link("labeling:imports", project.key, text="Import a file")])


def _capped(count: int) -> str:
    return f"{COUNT_CAP}+" if count > COUNT_CAP else str(count)


@admin.register(TaskSpec)
class TaskSpecAdmin(EvidenceAdmin):
    """Frozen: predictions, golden samples, snapshots and versions point to these."""

    list_display = ("__str__", "project", "number", "kind", "label_count", "created_at")
    list_filter = ("project", "kind")
    list_select_related = ("project",)
    search_fields = ("project__key", "instruction")
    readonly_fields = ("uid", "created_at", "of_project")

    @admin.display(description="Labels")
    def label_count(self, spec: TaskSpec) -> int:
        return len(spec.labels)

    @admin.display(description="Project's page")
    def of_project(self, spec: TaskSpec) -> SafeString | str:
        return admin_link(spec.project)
