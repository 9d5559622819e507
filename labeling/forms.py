"""Forms of this floor's pages and admin."""

from typing import Any

from django import forms

from labeling.importers import FORMATS
from labeling.kinds import storable
from labeling.models import Kind, Label, Project, Role
from labeling.services.import_job import ANSWERS
from labeling.services.labels import NewLabel, parse_labels
from labeling.services.withdrawals import MAX_REASON

_ANSWERS = {
    "none": "No: every row waits for review",
    "all": "Yes, of all rows",
    "test": "Yes, of the rows of the test split; the others wait for review",
}


class ImportForm(forms.Form):
    """A file with its format and columns; `options` is what the import service takes."""

    file = forms.FileField(help_text="JSONL, JSON, CSV or TSV, of any length. Duplicates are skipped.")
    format = forms.ChoiceField(
        required=False, choices=[("", "By the file's name"), *((name, name.upper()) for name in FORMATS)]
    )
    text_column = forms.CharField(
        initial="text", label="Column of the text", help_text="A name, or a number from 0 in files without a header."
    )
    id_column = forms.CharField(required=False, label="Column of your own id")
    answers = forms.ChoiceField(
        choices=[(name, _ANSWERS[name]) for name in ANSWERS], initial="none", label="Known answers"
    )
    labels_column = forms.CharField(
        required=False, label="Column of the answer", help_text="Label names, or a JSON answer."
    )
    separator = forms.CharField(
        required=False, strip=False, max_length=5, help_text="Between several labels in one cell, such as a comma."
    )
    labels_by_number = forms.BooleanField(
        required=False, help_text="The cells hold positions, from 0, in the project's list of labels."
    )
    no_header = forms.BooleanField(required=False, label="The table has no header")

    def __init__(self, *args: Any, project: Project, may_approve: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        if not may_approve:
            for name in ("answers", "labels_column", "separator", "labels_by_number"):
                del self.fields[name]
        elif project.kind == Kind.TEXT:
            del self.fields["separator"], self.fields["labels_by_number"]

    @property
    def options(self) -> dict[str, Any]:
        """What the fields say, in the words of the import service."""
        return import_options(self.project, **{name: self.cleaned_data.get(name) for name in OPTION_FIELDS})


OPTION_FIELDS = (
    "format",
    "text_column",
    "labels_column",
    "id_column",
    "no_header",
    "separator",
    "labels_by_number",
    "answers",
)


def import_options(
    project: Project,
    *,
    format: str | None = None,
    text_column: str | None = None,
    labels_column: str | None = None,
    id_column: str | None = None,
    no_header: bool | None = False,
    separator: str | None = None,
    labels_by_number: bool | None = False,
    answers: str | None = None,
) -> dict[str, Any]:
    """Options of an import from what a person typed: digits are positions, empty fields say nothing."""
    options: dict[str, Any] = {
        "format": format,
        "text": _column(text_column),
        "answer": _column(labels_column),
        "external_id": _column(id_column),
        "separator": separator,
        "answers": answers,
        "label_ids": list(project.labels.values_list("name", flat=True)) if labels_by_number else None,
    }
    options = {name: value for name, value in options.items() if value not in (None, "")}
    return options | ({"header": False} if no_header else {})


def _column(value: str | None) -> str | int | None:
    value = (value or "").strip()
    return int(value) if value.isdecimal() else value


class MemberForm(forms.Form):
    """Somebody's name and role."""

    username = forms.CharField(label="User name")
    role = forms.ChoiceField(choices=Role.choices)


class LabelListForm(forms.Form):
    """All labels of a project as a text; `leave_out` is shown once answers would be lost."""

    labels = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        help_text="One per line, in order; a description follows after a tab or “ | ”. A name in another case, or "
        "with other spaces or hyphens, is the same label; to give a label another name, rename it beside.",
    )
    leave_out = forms.BooleanField(
        required=False, label="Go on, and leave those answers out", widget=forms.HiddenInput, initial=False
    )

    def clean_labels(self) -> list[NewLabel]:
        return parse_labels(storable(self.cleaned_data["labels"]))

    def offer_leave_out(self, offered: bool) -> None:
        """Show the box that says so."""
        if offered:
            self.fields["leave_out"].widget = forms.CheckboxInput()


class LabelForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A label's name and description."""

    class Meta:
        model = Label
        fields = ("name", "description")


class MergeForm(forms.Form):
    """The name of the label that stays."""

    into = forms.CharField(max_length=100)


class RemoveLabelForm(forms.Form):
    """Whether answers that use the label may be left out."""

    leave_out = forms.BooleanField(required=False, label="Leave those answers out")


class ReasonForm(forms.Form):
    """Why something is done; it stays with what was done."""

    reason = forms.CharField(max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required
