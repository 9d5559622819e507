"""Projects with their labels and members, and the frozen task specs."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from common.admin import admin_link, list_link, one_line, site_link
from common.fields import TextField
from common.problems import ProblemError
from labeling import services
from labeling.access import Right, known_projects, may, projects_for
from labeling.admin.base import EvidenceAdmin
from labeling.admin.membership import MembersAdmin, MembershipInline
from labeling.admin.recorded import RecordedAdmin, staff
from labeling.json_field import SchemaField
from labeling.kinds import SchemaError, kind_of
from labeling.models import GoldenSample, ImportBatch, Prediction, Project, Sample, TaskSpec
from labeling.querysets import COUNT_CAP, capped_count_of
from labeling.services.labels import labels_as_text, parse_labels
from labeling.services.prices import label_list_price


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The project with its labels as a list, held against each other, so that the spec can be frozen after saving."""

    labels = TextField(
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 10, "spellcheck": "false"}),
        help_text="One per line, in order, up to 5,000; a description follows after a tab or “ | ”. Rename and "
        "merge labels on the project's labels page, so that approved answers go with them.",
    )
    schema = SchemaField(
        required=False,
        label="JSON schema",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 12, "spellcheck": "false"}),
        help_text="Of an answer, for kinds whose schema is your own; approved answers that no longer fit are counted.",
    )
    leave_out = forms.BooleanField(
        required=False,
        label="Leave answers out",
        widget=UnfoldBooleanWidget,
        help_text="Save even though approved answers would no longer fit; the error says how many.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["labels"] = labels_as_text(self.instance.labels.all())
            self._tell_the_price()

    def _tell_the_price(self) -> None:
        """Beside the choice whether the prompt lists the labels; there is none without labels."""
        if not kind_of(self.instance).has_labels:
            self.fields.pop("lists_labels", None)
        elif field := self.fields.get("lists_labels"):
            field.help_text = f"{field.help_text} {label_list_price(self.instance)}"

    def clean_labels(self) -> list[services.NewLabel]:
        return parse_labels(self.cleaned_data["labels"])

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # fills the instance in; the stubs do not know it
        if self.errors:
            return
        try:
            services.try_task(self.instance, self.cleaned_data["labels"], leave_out=self.cleaned_data["leave_out"])
        except ProblemError as problem:
            self.add_error("schema" if isinstance(problem.__cause__, SchemaError) else "labels", str(problem))


# What is shown for the fields of the form that the row has not: the labels are rows of their own.
_AS_READ: dict[Any, str] = {"labels": "labels_read"}


class MemberInline(MembershipInline):
    fields = ("user", "role", "ends_on")
    autocomplete_fields = ("user",)


@admin.register(Project)
class ProjectAdmin(MembersAdmin, RecordedAdmin):
    """What is asked, of which texts, by whom. Saving freezes a new task spec where what is asked changed."""

    list_display = ("name", "key", "kind", "to_review", "golden", "page", "archived_at")
    list_filter = ("kind",)
    search_fields = ("name", "key")
    show_full_result_count = False
    form = ProjectForm
    inlines = (MemberInline,)
    readonly_fields = ("lineage",)
    fieldsets = (
        (None, {"fields": ("key", "name", "description", "kind")}),
        (
            "What is asked",
            {
                "fields": (
                    *("instruction", "labels", "leave_out", "schema", "prompt_template", "max_labels", "decoding"),
                    "lists_labels",
                    "thinking",
                )
            },
        ),
        ("Splits, in percent", {"fields": (("train_share", "validation_share", "test_share"),)}),
        ("Other", {"fields": ("keep_api_texts", "preselect_from", "archived_at", "lineage")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: QuerySet[Project] = super().get_queryset(request)
        if not request.user.is_superuser:
            rows = rows.filter(pk__in=known_projects(request.user).values("pk"))
        return rows.annotate(
            waiting=capped_count_of(Sample.objects.pending()), approved=capped_count_of(GoldenSample.objects.current())
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "key", "kind") if obj else self.readonly_fields

    def get_fieldsets(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """Who may not change it reads all that the form would hold."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        shown = [(title, [name for name in said["fields"] if name != "leave_out"]) for title, said in self.fieldsets]
        return [(title, {"fields": [_AS_READ.get(name, name) for name in names]}) for title, names in shown]

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> Any:
        """Roles are their managers' business."""
        return self.inlines if obj is None or self.has_change_permission(request, obj) else ()

    def has_change_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """An archived project is opened again by the same form."""
        if not super().has_change_permission(request, obj):
            return False
        if obj is None:
            return bool(projects_for(request.user, Right.MANAGE, also_archived=True).exists())
        return may(staff(request), obj, Right.MANAGE, also_archived=True)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False  # history points to it: archive it instead

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        said = {name: form.cleaned_data[name] for name in form.changed_data if name != "leave_out"}
        if change:
            services.update_project(staff(request), obj, leave_out=form.cleaned_data["leave_out"], **said)
        else:
            obj.__dict__.update(services.create_project(staff(request), **said).__dict__)

    @admin.display(description="To review")
    def to_review(self, project: Project) -> str:
        return _capped(project.waiting)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="Golden")
    def golden(self, project: Project) -> str:
        return _capped(project.approved)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="Page")
    def page(self, project: Project) -> SafeString:
        return site_link("labeling:project", project.key)

    @admin.display(description="Labels")
    def labels_read(self, project: Project) -> str:
        return labels_as_text(project.labels.all())

    @admin.display(description="All of this project")
    def lineage(self, project: Project) -> SafeString | str:
        if not project.pk:
            return "-"
        models = {"Specs": TaskSpec, "Samples": Sample, "Imports": ImportBatch, "Predictions": Prediction}
        links = [list_link(model, name, project__id__exact=project.pk) for name, model in models.items()]
        pages = {"labeling:labels": "Labels", "labeling:imports": "Import a file"}
        return one_line([*links, *(site_link(name, project.key, text=text) for name, text in pages.items())])


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
