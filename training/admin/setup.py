"""Base models, training profiles and retrain policies: what people set."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from labeling.access import Right, projects_for
from labeling.admin.base import ProjectScopedAdmin, one_line, site_link, staff
from labeling.json_field import JSON_OVERRIDES
from labeling.problems import ProblemError
from training.admin.links import rows_link
from training.models import BaseModel, RetrainPolicy, TrainingProfile
from training.services import awaits_fetching, new_golden_samples, resolve_location
from training.services.runs import checked


@admin.register(BaseModel)
class BaseModelAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    list_display = ("name", "location", "revision", "weights", "created_at")
    search_fields = ("name", "location", "revision")
    readonly_fields = ("uid", "created_at", "lineage")

    def get_readonly_fields(self, request: HttpRequest, obj: BaseModel | None = None) -> tuple[str, ...]:
        # Another revision is another base model: versions say what they were trained on.
        frozen = obj is not None and obj.versions.exists()
        return (*self.readonly_fields, "name", "revision") if frozen else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: BaseModel | None = None) -> bool:
        return obj is not None and super().has_delete_permission(request, obj) and not obj.runs.exists()

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
        return one_line(rows_link(model, text, base__id__exact=base.pk) for text, model in names.items())


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Holds the options against the engine's own configuration."""

    class Meta:
        model = TrainingProfile
        fields = ["name", "description", "config"]

    def clean_config(self) -> dict[str, Any]:
        """Options that the engine does not know or take are refused, by name; the base model is chosen elsewhere."""
        config = self.cleaned_data["config"] or {}
        if not isinstance(config, dict):
            raise ValidationError('Write the options as an object, such as {"max_steps": 60}.')
        if "base_model" in config:
            raise ValidationError("base_model: the retrain policy, or who starts a run, chooses the base model.")
        try:
            checked({**config, "base_model": {"name": "any"}})
        except ProblemError as error:
            raise ValidationError(str(error)) from error
        return config


@admin.register(TrainingProfile)
class TrainingProfileAdmin(ModelAdmin):  # type: ignore[misc]  # unfold carries no types
    """The options of `training/engine/config.py`."""

    form = ProfileForm
    formfield_overrides = JSON_OVERRIDES
    list_display = ("name", "description", "options", "created_at")
    search_fields = ("name", "description")
    readonly_fields = ("uid", "created_at", "lineage")

    @admin.display(description="Options")
    def options(self, profile: TrainingProfile) -> str:
        return ", ".join(f"{name} {value}" for name, value in profile.config.items()) or "the engine's defaults"

    @admin.display(description="Trained with it")
    def lineage(self, profile: TrainingProfile) -> SafeString | str:
        return rows_link("training_trainingrun", "Runs", profile__id__exact=profile.pk) if profile.pk else "-"


@admin.register(RetrainPolicy)
class RetrainPolicyAdmin(ProjectScopedAdmin):
    """When a project trains by itself."""

    list_display = ("project", "enabled", "progress", "profile", "base", "page")
    list_filter = ("enabled", "profile", "base")
    list_select_related = ("project", "profile", "base")
    search_fields = ("project__key", "project__name")
    fields = ("project", "enabled", "threshold", "profile", "base", "progress")
    readonly_fields = ("progress",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetrainPolicy]:
        rows: QuerySet[RetrainPolicy] = super().get_queryset(request)
        return rows.filter(project__in=projects_for(staff(request), Right.OPERATE))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> "ModelChoiceField[Any]":
        """Only projects that this person operates can be chosen."""
        if isinstance(db_field, ForeignKey) and db_field.name == "project":
            kwargs["queryset"] = projects_for(staff(request), Right.OPERATE)
        field: ModelChoiceField[Any] = super().formfield_for_foreignkey(db_field, request, **kwargs)
        return field

    @admin.display(description="New golden samples")
    def progress(self, policy: RetrainPolicy) -> str:
        return f"{new_golden_samples(policy)} of {policy.threshold}" if policy.pk else "-"

    @admin.display(description="Page")
    def page(self, policy: RetrainPolicy) -> SafeString:
        return site_link("training:runs", policy.project.key, text="Runs")
