"""The form of a new project: what is wrong is told beside its field, and the prompt is shown while one types."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower
from django.utils.text import slugify

from common.fields import TextField
from common.problems import ProblemError
from labeling import keys, prompts
from labeling.json_field import SchemaField
from labeling.kinds import KINDS, MAX_LABELS, SchemaError, Spec, SpecError, kind_choices, kind_of
from labeling.models import Project, TaskSpec
from labeling.services.labels import NewLabel, check_labels, parse_labels

# Of a name that is taken: room for `-999` after it.
_STEM = keys.LONGEST - 4
# A prompt with thousands of labels is shown from its beginning.
_MOST_SHOWN = 20_000
_TEXTS = 1_000
_EXAMPLE = "The text that is asked about."
_PLAIN = {"spellcheck": "false", "autocomplete": "off"}


class NewProjectForm(forms.Form):
    """What a new project asks, and how its texts are split. `spec` is the task, as far as it is one."""

    name = forms.CharField(max_length=120, widget=forms.TextInput(attrs={"autofocus": True}))
    key = forms.CharField(
        required=False,
        max_length=keys.LONGEST,
        widget=forms.TextInput(attrs=_PLAIN | {"autocapitalize": "none"}),
        help_text="It names models and addresses, and never changes. Left empty, it is made from the name.",
    )
    kind = forms.ChoiceField(choices=kind_choices, widget=forms.RadioSelect, label="Kind of answer")
    instruction = TextField(
        widget=forms.Textarea(attrs={"rows": 3}), help_text="What the model is told to do with each text."
    )
    labels = TextField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs=_PLAIN | {"rows": 8}),
        help_text=f"One a line, up to {MAX_LABELS:,}; a description follows after “ | ” or a tab. Free text and "
        "records have none.",
    )
    schema = SchemaField(
        required=False,
        label="JSON schema",
        widget=forms.Textarea(attrs=_PLAIN | {"rows": 12}),
        help_text="The fields of an answer, in the order in which they are asked for. Records have one.",
    )
    train_share = forms.IntegerField(min_value=0, max_value=100, initial=80, label="Train")
    validation_share = forms.IntegerField(min_value=0, max_value=100, initial=10, label="Validation")
    test_share = forms.IntegerField(min_value=0, max_value=100, initial=10, label="Test")

    spec: Spec | None = None

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        if key and not keys.is_key(key):
            raise ValidationError(keys.RULE)
        if Project.objects.filter(key__iexact=key).exists():
            raise ValidationError(keys.TAKEN)
        return key

    def clean_labels(self) -> list[NewLabel]:
        labels = parse_labels(self.cleaned_data["labels"])
        try:
            check_labels(labels)
        except ProblemError as problem:
            raise ValidationError(str(problem)) from problem
        return labels

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("name") and said.get("key") == "":
            said["key"] = proposed_key(said["name"])
            if not said["key"]:
                self.add_error("key", f"No key can be made from this name: choose one. {keys.RULE}")
        if self.shares and sum(self.shares) != 100:
            self.add_error("test_share", f"The three add up to {sum(self.shares)}; make it 100.")
        if {"kind", "labels", "schema"} <= set(said):
            self._make_spec(said)
        return said

    def _make_spec(self, said: dict[str, Any]) -> None:
        rows = [{"name": label.name, "description": label.description} for label in said["labels"]]
        try:
            self.spec = TaskSpec(
                kind=said["kind"], instruction=said.get("instruction", ""), labels=rows, schema=said["schema"]
            ).to_spec()
        except SchemaError as error:
            self.add_error("schema", str(error))
        except SpecError as error:
            self.add_error("labels", str(error))

    def with_example(self) -> "NewProjectForm":
        """The same, not sent yet, with an example of a schema: of the chosen kind, or of the first that takes one."""
        said = dict(self.data.items())
        takers = {name: kind for name, kind in KINDS.items() if kind.has_schema}
        name = str(said.get("kind"))
        said["kind"] = name if name in takers else next(iter(takers))
        return type(self)(initial=said | {"schema": takers[said["kind"]].schema_example})

    @property
    def shares(self) -> tuple[int, ...]:
        """Train, validation and test in percent, once all three are numbers."""
        said = [self.cleaned_data.get(f"{name}_share") for name in ("train", "validation", "test")]
        return tuple(share for share in said if share is not None) if None not in said else ()

    def preview(self) -> dict[str, Any]:
        """What follows from the fields as they are, for the page: the key, the prompt, texts per split of 1,000."""
        self.is_valid()
        said = getattr(self, "cleaned_data", {})
        counted = [_TEXTS * share // 100 for share in self.shares] if said and sum(self.shares) == 100 else []
        return {
            "key": said.get("key", ""),
            "messages": shown_prompt(self.spec) if self.spec else [],
            "splits": dict(zip(("train", "validation", "test"), counted, strict=False)),
            "texts": _TEXTS,
        }


def proposed_key(name: str) -> str:
    """A key that is free, made from a project's name; empty where the name has no letter or digit that a key has."""
    stem = slugify(name)[:_STEM].strip("-_")
    if not stem:
        return ""
    found = Project.objects.filter(key__istartswith=stem).values_list(Lower("key"), flat=True)
    taken = set(found)
    tried = [stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))]
    return next(key for key in tried if key not in taken)


def shown_prompt(spec: Spec) -> list[dict[str, Any]]:
    """The messages that a model is asked with, for the page: role, content from its beginning, and how much `more`."""
    return [_shown(each) for each in prompts.messages(spec, kind_of(spec).input.of_text(_EXAMPLE))]


def _shown(message: prompts.Message) -> dict[str, Any]:
    content = message["content"]
    return {"role": message["role"], "content": content[:_MOST_SHOWN], "more": max(0, len(content) - _MOST_SHOWN)}
