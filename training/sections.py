"""The sections of a project's settings that this floor has: when it trains by itself, and what."""

from typing import Any

from django import forms

from common.actor import Actor
from labeling.access import Right
from labeling.models import Project
from labeling.sections import Section
from labeling.services.rows import delete_row, save_row
from labeling.settings_form import Group, Preset, RowForm, SettingsForm, Shares, defaults_of, save_as_row
from training.forms import BaseChoice, kept_base
from training.methods import METHODS, SFT, method_choices
from training.models import BaseModel, RetrainMethod, RetrainPolicy, TrainingProfile

_NAMES = ("enabled", "threshold", "method", "base", "profile", "margin", "draft_every", "draft_proposes")
_OPEN_BASE = "what the method is made of"


def _base() -> BaseChoice:
    return BaseChoice(
        BaseModel.objects.trainable(), required=False, empty_label=_OPEN_BASE, label="Base model",
        help_text="Left open, a head is made of the sentence encoder of this installation.",
    )  # fmt: skip


def _profile() -> Any:
    return forms.ModelChoiceField(
        TrainingProfile.objects.all(), required=False, empty_label="none", label="Training profile",
        help_text="Named options for language models: developer for short runs, production for long ones. A head on a "
        "sentence encoder takes none.",
    )  # fmt: skip


class RetrainForm(RowForm):
    """When a project trains by itself, and what."""

    model, names = RetrainPolicy, _NAMES

    enabled = forms.BooleanField(required=False, label="Train by itself")
    threshold = forms.IntegerField(
        min_value=1, label="As soon as there are", help_text="Outside the test split, and since the last run."
    )
    method = forms.ChoiceField(choices=method_choices, label="Method")
    base = _base()
    profile = _profile()
    margin = Shares(
        low=0, high=1, label="A dearer method must be better by more than",
        help_text="Where several methods are listed: the cheapest is taken, unless another is shown to be better.",
    )  # fmt: skip
    draft_every = forms.IntegerField(
        min_value=0, label="Fit the draft again after",
        help_text="The draft is a head that follows the experts within seconds. A fiftieth of what it knows, where "
        "that is more. 0: no draft.",
    )  # fmt: skip
    draft_proposes = forms.BooleanField(
        required=False, label="The draft proposes to experts",
        help_text="A fifth of the texts, drawn by chance, stays with what is live.",
    )  # fmt: skip

    groups = (
        Group("When", ("enabled", "threshold")),
        Group("What", ("method", "base", "profile")),
        Group("Draft", ("draft_every", "draft_proposes")),
        Group("Several methods", ("margin",), folded=True),
    )
    units = {"threshold": "new golden samples", "margin": "points", "draft_every": "new golden samples"}
    defaults = defaults_of(RetrainPolicy, "enabled", "threshold", "margin", "draft_every", "draft_proposes")
    presets = (
        Preset("delivered", "As delivered", "A run at 50 new golden samples.",
               {"enabled": True, "threshold": 50, "draft_every": 10}),
        Preset("often", "Small and often", "For heads, which are fitted in seconds: a run at 20, and a draft.",
               {"enabled": True, "threshold": 20, "draft_every": 10}),
        Preset("rarely", "Large and rarely", "For language models on a GPU that others use, too.",
               {"enabled": True, "threshold": 500}),
        Preset("hand", "By hand", "Nothing starts by itself.", {"enabled": False}),
    )  # fmt: skip

    def adapt(self) -> None:
        if all(method.obstacle(self.project) for method in METHODS.values() if method is not SFT):
            for name in ("draft_every", "draft_proposes"):
                del self.fields[name]  # the task can have no draft

    def clean(self) -> dict[str, Any]:
        """Another method takes its own base unless one is chosen with it."""
        method = METHODS.get(self.cleaned_data.get("method", ""))
        if method:
            self.cleaned_data["base"] = kept_base(self, method)
        return super().clean()


class MethodsForm(SettingsForm):
    """What each retraining fits beside the policy's own method: a list to add to, and to take from."""

    remove = forms.ModelMultipleChoiceField(
        RetrainMethod.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Take out"
    )
    method = forms.ChoiceField(required=False, label="Method", choices=lambda: [("", "nothing"), *method_choices()])
    base = _base()
    profile = _profile()

    groups = (Group("Listed", ("remove",)), Group("Add", ("method", "base", "profile")))

    def adapt(self) -> None:
        rows = RetrainMethod.objects.filter(project=self.project).select_related("base", "profile")
        field = self.fields["remove"]
        field.queryset = rows  # type: ignore[attr-defined]  # of a choice among rows
        field.label_from_instance = _said  # type: ignore[attr-defined]
        if not rows:
            del self.fields["remove"]

    @classmethod
    def current(cls, project: Project) -> dict[str, Any]:
        rows = RetrainMethod.objects.filter(project=project)
        return {"listed": sorted(rows.values_list("pk", flat=True))}

    @property
    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.values.items() if name in ("remove", "method") and value}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if found.get("method") and not self.errors:
            try:
                self.added().full_clean()
            except forms.ValidationError as error:
                for name, said in error.message_dict.items():
                    self.add_error(name if name in self.fields else None, said)
        return found

    def added(self) -> RetrainMethod:
        """The row that was asked for."""
        said = self.cleaned_data
        method = METHODS[said["method"]]
        base = kept_base(self, method)
        return RetrainMethod(project=self.project, method=method.name, base=base, profile=said.get("profile"))


def _said(row: RetrainMethod) -> str:
    made_of = ", ".join(str(each) for each in (row.base, row.profile) if each)
    title = row.get_method_display()
    return f"{title} ({made_of})" if made_of else str(title)


def _save_methods(actor: Actor, project: Project, form: SettingsForm) -> None:
    assert isinstance(form, MethodsForm)
    for row in form.cleaned_data.get("remove") or ():
        delete_row(actor, row)
    if form.cleaned_data.get("method"):
        save_row(actor, form.added(), ["method", "base", "profile"])


def _says(project: Project) -> str:
    policy = RetrainPolicy.objects.filter(project=project).select_related("base", "profile").first()
    if policy is None:
        return "Not set up: nothing is trained by itself."
    when = f"At {policy.threshold:,} new golden samples" if policy.enabled else "By hand only"
    return f"{when}: {policy.get_method_display()}."


def _says_methods(project: Project) -> str:
    rows = RetrainMethod.objects.filter(project=project).select_related("base", "profile")
    return "; ".join(map(_said, rows)) or "None: a retraining is one run."


SECTIONS = (
    Section("retraining", "Retraining", "When the project trains by itself, and what it makes of its golden samples.",
            10, Right.OPERATE, RetrainForm, save_as_row, _says),
    Section("methods", "Further methods", "What a retraining fits beside its own method; the best is judged.",
            20, Right.OPERATE, MethodsForm, _save_methods, _says_methods),
)  # fmt: skip
