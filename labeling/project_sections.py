"""The section of a project's settings that this floor has: what it is called, and what becomes of new texts."""

from typing import Any

from django import forms

from common.actor import Actor
from common.fields import TextField
from labeling.access import Right
from labeling.models import Project
from labeling.sections import Section
from labeling.services.projects import update_project
from labeling.settings_form import Group, SettingsForm, defaults_of

_SHARES = ("train_share", "validation_share", "test_share")


class GeneralForm(SettingsForm):
    """Name, description, and the splits of texts that are still to come."""

    name = forms.CharField(max_length=120)
    description = TextField(required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="For the people here.")
    train_share = forms.IntegerField(min_value=0, max_value=100, label="Train")
    validation_share = forms.IntegerField(min_value=0, max_value=100, label="Validation")
    test_share = forms.IntegerField(
        min_value=0, max_value=100, label="Test", help_text="Test texts judge every version, and train none."
    )
    keep_api_texts = forms.BooleanField(
        required=False, label="Texts that are asked through the API become samples to review"
    )

    groups = (
        Group("What it is called", ("name", "description")),
        Group("Splits of new texts", _SHARES, "Texts that are here keep their split."),
        Group("Texts of the API", ("keep_api_texts",)),
    )
    units = dict.fromkeys(_SHARES, "%")
    defaults = defaults_of(Project, *_SHARES, "keep_api_texts")

    @classmethod
    def current(cls, project: Project) -> dict[str, Any]:
        row = Project.objects.get(pk=project.pk)
        return {name: getattr(row, name) for name in ("name", "description", *_SHARES, "keep_api_texts")}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        shares = [found[name] for name in _SHARES if name in found]
        if len(shares) == len(_SHARES) and sum(shares) != 100:
            self.add_error("test_share", f"The three add up to {sum(shares)}; make it 100.")
        return found


def _save(actor: Actor, project: Project, form: SettingsForm) -> None:
    update_project(actor, project, **form.changes)


def _says(project: Project) -> str:
    train, validation, test = project.shares
    kept = "become samples" if project.keep_api_texts else "are not kept"
    return f"New texts: {train} % train, {validation} % validation, {test} % test. Texts asked through the API {kept}."


GENERAL = Section(
    "general", "General", "Name, description, and the splits of new texts.", 0, Right.MANAGE, GeneralForm, _save, _says
)
