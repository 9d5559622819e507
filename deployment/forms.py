"""The confirmation of a promotion or rollback: the same form in the pages and in the admin."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from labeling.models import Project


class MoveForm(forms.Form):
    """The reason, and which deployment was live when the page was shown: whoever comes second is told."""

    reason = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), help_text="It stays in the history."
    )
    seen = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)
    may_evict = forms.BooleanField(
        label="Yes, throw that out of memory",
        error_messages={"required": "Say yes to what would be thrown out of memory, or free memory first."},
    )

    def __init__(self, *args: Any, reason_required: bool, evicts: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not evicts:
            del self.fields["may_evict"]
        self.fields["reason"].required = reason_required
        self.fields["reason"].error_messages["required"] = "Give a reason; it stays in the history."
        if not reason_required:
            self.fields["reason"].label = "Reason (optional)"


class EditForm(forms.Form):
    """A Modelfile to edit, and why."""

    modelfile = forms.CharField(
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


class UseForm(forms.Form):
    """Which project a model of the catalogue becomes a version of."""

    project = forms.ModelChoiceField(Project.objects.none(), empty_label=None, to_field_name="key")
    note = forms.CharField(max_length=300, required=False, label="Reason (optional)")

    def __init__(self, *args: Any, projects: QuerySet[Project], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects  # type: ignore[attr-defined]  # it is a ModelChoiceField


class AnalyzeForm(forms.Form):
    """A text to ask the live version about."""

    text = forms.CharField(
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "Type or paste a text"}),
        error_messages={"required": "Type a text first."},
    )
