"""Base models, training profiles and retrain policies: what people set."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString

from common.admin import action, list_link, one_line, site_link, state_display
from common.problems import ProblemError
from labeling.admin.base import ProjectScopedAdmin, ask_first
from labeling.admin.recorded import RecordedAdmin, staff
from training.draft_facts import draft_facts
from training.forms import PolicyForm
from training.methods import HEAD
from training.models import BaseModel, RetrainMethod, RetrainPolicy, TrainingProfile
from training.queries import facts_of
from training.services import ask_look, awaits_fetching, new_golden_samples, resolve_location, save_base
from training.workers import queue_is_alive


@admin.register(BaseModel)
class BaseModelAdmin(RecordedAdmin):
    list_display = ("name", "role", "location", "revision", "shown_state", "weights", "created_at")
    list_filter = ("role", "state")
    search_fields = ("name", "location", "revision")
    readonly_fields = ("uid", "created_at", "lineage")
    actions = ("look_again",)
    actions_detail = ("look_at_one",)
    change_form_outer_before_template = "admin/training/look.html"

    class Media:
        css = {"all": ("css/look-admin.css",)}
        # What is asked for every two seconds changes in place.
        js = ("vendor/idiomorph-ext-0.8.0.min.js",)

    def get_readonly_fields(self, request: HttpRequest, obj: BaseModel | None = None) -> tuple[str, ...]:
        # Another revision is another base model: versions say what they were trained on.
        frozen = obj is not None and obj.versions.exists()
        return (*self.readonly_fields, "name", "role", "revision") if frozen else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: BaseModel | None = None) -> bool:
        return obj is not None and super().has_delete_permission(request, obj) and not obj.runs.exists()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With what a worker saw of it."""
        base = self.get_object(request, object_id)
        seen: dict[str, Any] = {}
        if base:
            queue = "default" if base.is_encoder else "build"
            seen = {"facts": facts_of(base), "look_queue": queue, "look_worker_alive": queue_is_alive(queue)}
        response: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), **seen})
        return response

    def save_model(self, request: HttpRequest, obj: BaseModel, form: Any, change: bool) -> None:
        save_base(staff(request), obj, form.changed_data)

    def has_look_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Who may change base models."""
        return bool(request.user.has_perm("training.change_basemodel"))

    @state_display(description="Looked at")
    def shown_state(self, base: BaseModel) -> str:
        return "on model servers" if base.server_name else base.state

    @admin.action(description="Look again", permissions=["look"])
    def look_again(self, request: HttpRequest, rows: QuerySet[BaseModel]) -> None:
        """Have a worker look at these."""
        for base in rows:
            self._look(request, base)

    @action(description="Look again…", url_path="look", permissions=["look"])
    def look_at_one(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Have a worker look at this one, once that was confirmed."""
        base = self.row_of(request, object_id)
        rows, question = BaseModel.objects.filter(pk=base.pk), f"Have a worker look at {base}?"
        page = ask_first(self, request, rows, action="look_again", question=question, yes="Look")
        if page is not None:
            return page
        self._look(request, base)
        return redirect("admin:training_basemodel_change", object_id)

    def _look(self, request: HttpRequest, base: BaseModel) -> None:
        try:
            ask_look(staff(request), base)
        except ProblemError as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, f"A worker will look at {base}.")

    @admin.display(description="Weights")
    def weights(self, base: BaseModel) -> str:
        if awaits_fetching(base):
            return "fetched when a version first needs them"
        return "in the models folder" if resolve_location(base) != base.location else "-"

    @admin.display(description="Trained on it")
    def lineage(self, base: BaseModel) -> SafeString | str:
        if not base.pk:
            return "-"
        names = {"Runs": "training_trainingrun", "Versions": "training_modelversion"}
        return one_line(list_link(model, text, base__id__exact=base.pk) for text, model in names.items())


@admin.register(TrainingProfile)
class TrainingProfileAdmin(RecordedAdmin):
    """The options of `training/engine/config.py`."""

    fields = ("name", "description", "config", "uid", "created_at", "lineage")
    list_display = ("name", "description", "options", "created_at")
    search_fields = ("name", "description")
    readonly_fields = ("uid", "created_at", "lineage")

    @admin.display(description="Options")
    def options(self, profile: TrainingProfile) -> str:
        return ", ".join(f"{name} {value}" for name, value in profile.config.items()) or "the engine's defaults"

    @admin.display(description="Trained with it")
    def lineage(self, profile: TrainingProfile) -> SafeString | str:
        return list_link("training_trainingrun", "Runs", profile__id__exact=profile.pk) if profile.pk else "-"


@admin.register(RetrainPolicy)
class RetrainPolicyAdmin(ProjectScopedAdmin):
    """When a project trains by itself."""

    form = PolicyForm
    list_display = ("project", "enabled", "progress", "profile", "base", "page")
    list_filter = ("enabled", "profile", "base")
    list_select_related = ("project", "profile", "base")
    search_fields = ("project__key", "project__name")
    fields = (
        "project",
        "enabled",
        "threshold",
        "profile",
        "base",
        "method",
        "margin",
        "progress",
        "draft_every",
        "draft_proposes",
        "draft",
    )
    readonly_fields = ("progress", "draft")

    @admin.display(description="New golden samples")
    def progress(self, policy: RetrainPolicy) -> str:
        return f"{new_golden_samples(policy)} of {policy.threshold}" if policy.pk else "-"

    @admin.display(description="Draft")
    def draft(self, policy: RetrainPolicy) -> str:
        """What the switch does here: the draft as it is, or what is missing and what to do."""
        facts = draft_facts(policy.project, policy) if policy.pk else None
        if facts is None:
            return HEAD.obstacle(policy.project) if policy.pk else "-"
        made = f"Fitted {facts.draft.number} times, last on {facts.draft.golden} golden samples." if facts.draft else ""
        return f"{made} {facts.obstacle} {facts.problem}".strip() or "Not fitted yet."

    @admin.display(description="Page")
    def page(self, policy: RetrainPolicy) -> SafeString:
        return site_link("training:runs", policy.project.key, text="Runs")


@admin.register(RetrainMethod)
class RetrainMethodAdmin(ProjectScopedAdmin):
    """What a project's retrainings fit beside the policy's own method."""

    form = PolicyForm
    list_display = ("project", "method", "profile", "base")
    list_filter = ("method", "project")
    list_select_related = ("project", "profile", "base")
    search_fields = ("project__key", "project__name")
    fields = ("project", "method", "profile", "base")
