"""Forms of versions that a person makes: from an edited Modelfile, or a model of the catalogue."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from common.fields import TextField
from labeling.models import Project


class EditForm(forms.Form):
    """A Modelfile to edit, and why."""

    modelfile = TextField(
        max_length=100_000,
        strip=False,
        label="Modelfile",
        widget=forms.Textarea(attrs={"rows": 16, "class": "code", "spellcheck": "false", "autocomplete": "off"}),
        help_text="PARAMETER lines and SYSTEM may change; the SYSTEM is for outside clients, Touchstone sends its own.",
    )
    note = forms.CharField(
        max_length=300,
        label="Reason",
        help_text="It stays with the version.",
        error_messages={"required": "Say why you edit it; the reason stays with the version."},
    )


class PinForm(forms.Form):
    """Why a version's files are kept."""

    reason = forms.CharField(
        max_length=200, error_messages={"required": "Say why you keep it; the reason stays with the version."}
    )


class UseForm(forms.Form):
    """Which project a model of the catalogue becomes a version of."""

    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None, to_field_name="key")
    note = forms.CharField(max_length=300, required=False, label="Reason (optional)")

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]  # it is a ModelChoiceField
