"""Forms of an import, for its pages and its command: the file, and how it is read."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from common.fields import TextField
from labeling.formats import SHAPES
from labeling.importers import FORMATS
from labeling.kinds import kind_of
from labeling.models import Project
from labeling.services.import_job import ANSWERS

# Of a column; and a number of one that no file has.
_LONGEST_NAME = 500
_LONGEST_PASTED = 1_000_000
_MOST_DIGITS = 6

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 (Western Europe)",
    "latin-1": "Latin-1",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "shift_jis": "Shift JIS",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "euc_kr": "EUC-KR",
}
_ANSWERS = {
    "none": "No: every row waits for review",
    "all": "Yes, of all rows",
    "test": "Yes, of the rows of the test split; the others wait for review",
}


class ImportOptionsForm(forms.Form):
    """Format and columns of a file, for the page and the command; `options` is what the import service takes."""

    format = forms.ChoiceField(
        required=False,
        choices=[
            ("", "By its content"),
            *((name, name.upper()) for name in FORMATS),
            *((name, shape.title) for name, shape in SHAPES.items()),
        ],
    )
    text_column = forms.CharField(
        required=False,
        max_length=_LONGEST_NAME,
        label="Column of the text",
        help_text="A name, a path such as data.text or annotations.0.value, or a number from 0 in files without a "
        "header. Empty: “text”, or what the format says.",
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
    list_path = forms.CharField(
        required=False,
        max_length=_LONGEST_NAME,
        label="Where the rows are",
        help_text="In a JSON file that is more than a list: data.item for {“data”: [...]}. Empty: found by itself.",
    )
    delimiter = forms.CharField(
        required=False,
        strip=False,
        max_length=3,
        help_text="Between the columns of a table. Found by itself where empty.",
    )
    encoding = forms.ChoiceField(required=False, choices=[("", "Found by itself"), *ENCODINGS.items()])
    join = forms.BooleanField(
        required=False,
        label="Put the labels of equal texts together",
        help_text="For tables with a row for each label; else the first answer counts, and the others are listed.",
    )

    told = forms.BooleanField(
        required=False,
        label="Record what models said of the texts",
        help_text="Of our complete format and of Label Studio. It is proposed in review, but not where that is blind.",
    )

    def __init__(self, *args: Any, project: Project, may_approve: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        if not may_approve:
            for name in ("answers", "labels_column", "separator", "labels_by_number", "join"):
                del self.fields[name]
            return
        if not kind_of(project).has_labels:
            del self.fields["separator"], self.fields["labels_by_number"]
        if not kind_of(project).can_join:
            del self.fields["join"]

    def clean_delimiter(self) -> str:
        """One character; a tab may be written as \\t."""
        given = str(self.cleaned_data["delimiter"]).replace("\\t", "\t")
        if len(given) > 1 or given in ("\n", "\r", '"'):
            raise ValidationError("Give one character, such as ; or \\t for a tab.")
        return given

    @property
    def options(self) -> dict[str, Any]:
        """What the fields say, in the words of the import service."""
        return import_options(self.project, **{name: self.cleaned_data.get(name) for name in OPTION_FIELDS})


class ImportForm(ImportOptionsForm):
    """The same with the file, first."""

    file = forms.FileField(
        required=False,
        help_text="JSONL, JSON, CSV, TSV or plain text, of any length, as it is: Label Studio, doccano, Prodigy, "
        "Argilla, Langfuse, chats. Duplicates are skipped.",
    )
    pasted = TextField(
        required=False,
        strip=False,
        max_length=_LONGEST_PASTED,
        label="Or paste rows",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    field_order = ("file", "pasted")

    def clean(self) -> dict[str, Any]:
        """A file, or what was pasted, as a file."""
        given: dict[str, Any] = super().clean() or {}
        pasted = given.get("pasted", "")
        if not given.get("file") and not self.errors:
            if not pasted.strip():
                raise ValidationError("Choose a file, or paste rows.")
            given["file"] = SimpleUploadedFile("pasted", pasted.encode())
        return given


OPTION_FIELDS = (
    "list_path",
    "delimiter",
    "encoding",
    "join",
    "told",
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
    list_path: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    join: bool | None = False,
    told: bool | None = False,
) -> dict[str, Any]:
    """Options of an import from what a person typed: digits may be positions, empty fields say nothing."""
    options: dict[str, Any] = {
        "format": format,
        "text": _column(text_column),
        "answer": _column(labels_column),
        "external_id": _column(id_column),
        "separator": separator,
        "answers": answers,
        "path": list_path,
        "delimiter": delimiter,
        "encoding": encoding,
        "join": join or None,
        "told": told or None,
        "label_ids": list(project.labels.values_list("name", flat=True)) if labels_by_number else None,
    }
    options = {name: value for name, value in options.items() if value not in (None, "")}
    return options | ({"header": False} if no_header else {})


_FIELDS = {
    "text": "text_column",
    "answer": "labels_column",
    "external_id": "id_column",
    "path": "list_path",
}


def fields_of(options: dict[str, Any]) -> dict[str, Any]:
    """What the fields of the form say that gave these options."""
    fields = {_FIELDS.get(name, name): value for name, value in options.items()}
    by_number = bool(fields.pop("label_ids", None))
    no_header = fields.pop("header", None) is False
    return {"answers": "none", **fields, "labels_by_number": by_number, "no_header": no_header}


def _column(value: str | None) -> str | int | None:
    value = (value or "").strip()
    return int(value) if value.isdecimal() and len(value) <= _MOST_DIGITS else value
