"""The form of a project's task: saving it freezes a new spec, and what follows from that is said while one types."""

from typing import Any

from django import forms

from common.fields import TextField
from common.options import OptionsError
from labeling.decoding import MOST_TOKENS, checked_decoding
from labeling.json_field import BoundedJSONField
from labeling.kinds import Spec, SpecError, kind_of
from labeling.models import GoldenSample, Project, TaskSpec
from labeling.project_form import shown_prompt
from labeling.services.fitting import misfits, reasons
from labeling.services.prices import label_list_price
from labeling.settings_form import Group, SettingsForm, defaults_of

_COLUMNS = ("instruction", "prompt_template", "max_labels", "lists_labels", "thinking", "schema")
# Options of a request that have a field of their own; the rest is one field of JSON.
_ASKED = ("temperature", "num_predict", "num_ctx")


class TaskForm(SettingsForm):
    """What is asked, and how. `spec` is what the fields say, once they say one."""

    instruction = TextField(
        widget=forms.Textarea(attrs={"rows": 5}), help_text="What the model is told to do with each text."
    )
    lists_labels = forms.BooleanField(required=False, label="List the labels in the prompt")
    max_labels = forms.IntegerField(min_value=1, max_value=32_767, label="Labels in one answer, at most")
    schema = BoundedJSONField(
        required=False,
        label="JSON schema of an answer",
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )
    prompt_template = TextField(
        strip=False, label="User message", widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text="{text} stands for the text that is asked about.",
    )  # fmt: skip
    thinking = forms.BooleanField(
        required=False, label="The model thinks aloud first",
        help_text="Where its chat template knows how. Raise the longest answer with it: thoughts are long.",
    )  # fmt: skip
    temperature = forms.FloatField(
        required=False, min_value=0, max_value=5, label="Temperature",
        help_text="0: always the likeliest answer. Empty: as the server has it.",
    )  # fmt: skip
    num_predict = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_TOKENS, label="Longest answer", help_text="Longer ones are cut."
    )
    num_ctx = forms.IntegerField(
        required=False, min_value=16, max_value=MOST_TOKENS, label="Window", help_text="Prompt and answer together."
    )
    more = BoundedJSONField(
        required=False, label="Further options of a request",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text='Such as {"seed": 7, "stop": ["\\n\\n"]}.',
    )  # fmt: skip
    leave_out = forms.BooleanField(required=False, widget=forms.HiddenInput, label="Go on, and leave those answers out")

    groups = (
        Group("What is asked", ("instruction", "lists_labels", "max_labels", "schema")),
        Group("How the model answers", ("temperature", "num_predict", "num_ctx"), folded=True),
        Group("For the few who need it", ("prompt_template", "thinking", "more"), folded=True),
    )
    units = {"num_predict": "tokens", "num_ctx": "tokens", "max_labels": "labels"}
    defaults = {
        **defaults_of(Project, "max_labels", "prompt_template", "thinking", "lists_labels"),
        **{name: value for name, value in defaults_of(Project, "decoding")["decoding"].items() if name in _ASKED},
    }

    spec: Spec | None = None

    @classmethod
    def current(cls, project: Project) -> dict[str, Any]:
        row = Project.objects.get(pk=project.pk)
        decoding = dict(row.decoding)
        asked = {name: decoding.pop(name, None) for name in _ASKED}
        return {**{name: getattr(row, name) for name in _COLUMNS}, **asked, "more": decoding or None}

    def adapt(self) -> None:
        kind = kind_of(self.project)
        if not kind.has_schema:
            del self.fields["schema"]
        if not kind.has_labels:
            del self.fields["max_labels"], self.fields["lists_labels"]
        elif price := label_list_price(self.project):
            self.fields["lists_labels"].help_text = f"A trained model has learnt them. {price}"

    @property
    def changes(self) -> dict[str, Any]:
        """What of the project is another than before, as `update_project` takes it."""
        row, said = Project.objects.get(pk=self.project.pk), self.cleaned_data
        found = {name: said[name] for name in _COLUMNS if name in said and getattr(row, name) != said[name]}
        decoding = self._decoding()
        return found | ({"decoding": decoding} if decoding != row.decoding else {})

    def _decoding(self) -> dict[str, Any]:
        asked = {name: self.cleaned_data.get(name) for name in _ASKED}
        return {**{name: value for name, value in asked.items() if value is not None},
                **(self.cleaned_data.get("more") or {})}  # fmt: skip

    def clean_more(self) -> Any:
        more = self.cleaned_data["more"]
        if more is not None and not isinstance(more, dict):
            raise forms.ValidationError('Write the options as an object, such as {"seed": 7}.')
        twice = sorted(set(more or ()) & set(_ASKED))
        if twice:
            raise forms.ValidationError(f"{' and '.join(twice)} has a field of its own above: leave it out here.")
        return more

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                checked_decoding(self._decoding())
            except OptionsError as error:
                self.add_error("more", str(error))
            self._make_spec()
        return found

    def _make_spec(self) -> None:
        newest = self.project.specs.order_by("-number").first()
        row = Project.objects.get(pk=self.project.pk)
        kept: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
        kept |= {name: self.cleaned_data[name] for name in _COLUMNS if name in self.cleaned_data}
        labels = newest.labels if newest else _labels(self.project)
        try:
            self.spec = TaskSpec(kind=row.kind, labels=labels, decoding=self._decoding(), **kept).to_spec()
        except SpecError as error:
            self.add_error("prompt_template" if "template" in str(error) else None, str(error))

    def offer_leave_out(self) -> None:
        """Show the box that says so."""
        self.fields["leave_out"].widget = forms.CheckboxInput()

    def preview(self) -> dict[str, Any]:
        """What follows from the fields as they are: the prompt, the number of the task, how many answers fit it."""
        valid = self.is_valid() if self.is_bound else False
        newest = self.project.specs.order_by("-number").first()
        spec = self.spec if valid else newest.to_spec() if newest and not self.is_bound else None
        if spec is None:
            return {"messages": [], "problem": self.is_bound and "The prompt is shown once nothing is wrong beside."}
        golden = GoldenSample.objects.current().filter(project=self.project)
        total, unfit = golden.count(), misfits(golden, spec)
        return {
            "messages": shown_prompt(spec),
            "number": newest.number if newest else 0,
            "is_new": newest is None or spec != newest.to_spec(),
            "golden": total,
            "fits": total - unfit.total(),
            "left_out": reasons(unfit),
        }


def _labels(project: Project) -> list[dict[str, Any]]:
    return [{"id": str(row.uid), "name": row.name, "description": row.description} for row in project.labels.all()]
