"""Forms of this floor's pages and admin."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from common.fields import TextField, validate_near
from common.problems import ProblemError
from labeling.importers import FORMATS
from labeling.kinds import kind_of
from labeling.models import Label, Project, Role, Scope
from labeling.services.import_job import ANSWERS
from labeling.services.labels import NewLabel, parse_labels
from labeling.services.withdrawals import MAX_REASON

# Of a column; and a number of one that no file has.
_LONGEST_NAME = 500
_MOST_DIGITS = 6

_ANSWERS = {
    "none": "No: every row waits for review",
    "all": "Yes, of all rows",
    "test": "Yes, of the rows of the test split; the others wait for review",
}


class ImportOptionsForm(forms.Form):
    """Format and columns of a file, for the page and the command; `options` is what the import service takes."""

    format = forms.ChoiceField(
        required=False, choices=[("", "By the file's name"), *((name, name.upper()) for name in FORMATS)]
    )
    text_column = forms.CharField(
        max_length=_LONGEST_NAME,
        initial="text",
        label="Column of the text",
        help_text="A name, or a number from 0 in files without a header.",
    )
    id_column = forms.CharField(required=False, max_length=_LONGEST_NAME, label="Column of your own id")
    answers = forms.ChoiceField(
        choices=[(name, _ANSWERS[name]) for name in ANSWERS], initial="none", label="Known answers"
    )
    labels_column = forms.CharField(
        required=False,
        max_length=_LONGEST_NAME,
        label="Column of the answer",
        help_text="Label names, or a JSON answer.",
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
        elif not kind_of(project).has_labels:
            del self.fields["separator"], self.fields["labels_by_number"]

    @property
    def options(self) -> dict[str, Any]:
        """What the fields say, in the words of the import service."""
        return import_options(self.project, **{name: self.cleaned_data.get(name) for name in OPTION_FIELDS})


class ImportForm(ImportOptionsForm):
    """The same with the file, first."""

    file = forms.FileField(help_text="JSONL, JSON, CSV or TSV, of any length. Duplicates are skipped.")
    field_order = ("file",)


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
    return int(value) if value.isdecimal() and len(value) <= _MOST_DIGITS else value


class CardForm(forms.Form):
    """What a card with an answer sends: the answer in fields of the kind, and facts of the card.

    `entered` is what the kind's fields say, not yet checked: that is the business of whoever decides.
    """

    action = forms.CharField(required=False, max_length=20)
    prediction = forms.UUIDField(required=False)
    shown = forms.FloatField(required=False)
    none_ok = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict, *, project: Project) -> None:
        super().__init__(data)
        self.entered = kind_of(project).entered({name: data.getlist(name) for name in data})
        self.is_valid()

    @property
    def asked(self) -> str:
        """The button that was pressed; empty where it is none."""
        return str(self.cleaned_data.get("action", ""))

    @property
    def seconds(self) -> float | None:
        """How long the expert looked; None where the form does not say, an hour at most."""
        shown = self.cleaned_data["shown"]
        return None if shown is None else round(min(max(timezone.now().timestamp() - shown, 0.0), 3600.0), 1)

    def require_valid(self) -> None:
        """Raise `ProblemError` with the first thing that is wrong."""
        for name, errors in self.errors.items():
            raise ProblemError(f"Not saved: {name.capitalize()}: {errors[0]}")


class ReviewForm(CardForm):
    """A card of the review page, with the sample and the lease that it was made under."""

    sample = forms.UUIDField(required=False)
    lease = forms.DateTimeField(required=False, validators=[validate_near])
    comment = forms.CharField(required=False, max_length=500)

    @property
    def said(self) -> str:
        """The comment as it was typed, to be shown again."""
        return str(self.data.get("comment", ""))


class TokenForm(forms.Form):
    """What a new API token is called, may, and how long."""

    name = forms.CharField(max_length=100)
    scopes = forms.MultipleChoiceField(choices=Scope.choices)
    days = forms.IntegerField(required=False, min_value=1, max_value=36_500)


class MemberForm(forms.Form):
    """Somebody's name and role."""

    username = forms.CharField(label="User name", max_length=150)
    role = forms.ChoiceField(choices=Role.choices)


class LabelListForm(forms.Form):
    """All labels of a project as a text; `leave_out` is shown once answers would be lost."""

    labels = TextField(
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        help_text="One per line, in order; a description follows after a tab or “ | ”. A name in another case, or "
        "with other spaces or hyphens, is the same label; to give a label another name, rename it beside.",
    )
    leave_out = forms.BooleanField(
        required=False, label="Go on, and leave those answers out", widget=forms.HiddenInput, initial=False
    )

    def clean_labels(self) -> list[NewLabel]:
        return parse_labels(self.cleaned_data["labels"])

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

    reason = TextField(max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required
