"""The form of an export, for its page and its command."""

from typing import Any

from django import forms

from common.fields import validate_near
from labeling.formats import WRITERS
from labeling.kinds import kind_of
from labeling.models import Given, Project, SampleState, Split, User, WayIn
from labeling.services import Filters

_DAY = forms.DateInput(attrs={"type": "date"})


class ExportForm(forms.Form):
    """What to write; `filters` is what the service takes. Who may not manage has no choice of what takes that."""

    format = forms.ChoiceField(
        choices=[(name, writer.title) for name, writer in WRITERS.items()], initial=next(iter(WRITERS))
    )
    split = forms.ChoiceField(required=False, choices=[("", "All"), *Split.choices])
    state = forms.ChoiceField(required=False, choices=[("", "All but withdrawn"), *SampleState.choices])
    label = forms.ChoiceField(required=False)
    reviewer = forms.CharField(required=False, max_length=150, help_text="Whose answer this person gave.")
    given = forms.ChoiceField(
        required=False,
        choices=[("", "All"), *Given.choices],
        label="Answer given",
        help_text="What a certificate accepted is left out of all but the complete format, unless it is chosen.",
    )
    way_in = forms.ChoiceField(required=False, choices=[("", "All"), *WayIn.choices], label="Way in")
    since = forms.DateField(required=False, widget=_DAY, label="Came in from")
    until = forms.DateField(required=False, widget=_DAY, label="Came in until")
    as_of = forms.DateTimeField(
        required=False,
        validators=[validate_near],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d"],
        label="As of",
        help_text="Texts and answers as they were then; now where it is empty.",
    )
    test_answers = forms.BooleanField(
        required=False,
        label="With the answers of the test split",
        help_text="Keep them from whatever is trained elsewhere: they are what versions are judged by.",
    )

    def __init__(self, *args: Any, project: Project, may_manage: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind_of(project).has_labels:
            names = project.labels.values_list("name", "name")
            self.fields["label"] = forms.ChoiceField(required=False, choices=[("", "All"), *names])
        else:
            del self.fields["label"]
        if not may_manage:
            del self.fields["test_answers"]
            kept = [choice for choice in SampleState.choices if choice[0] != SampleState.WITHDRAWN]
            self.fields["state"] = forms.ChoiceField(required=False, choices=[("", "All"), *kept])
        reviewers = User.objects.filter(memberships__project=project).order_by("username")
        self.reviewers = list(reviewers.values_list("username", flat=True)[:200])
        self.fields["reviewer"].widget.attrs["list"] = "reviewers"

    @property
    def filters(self) -> Filters:
        """Which texts are asked for."""
        return Filters(**{name: str(self.cleaned_data.get(name) or "") for name in Filters.__dataclass_fields__})

    @property
    def asked(self) -> dict[str, Any]:
        """All that the service takes besides the actor and the project."""
        given = self.cleaned_data
        return {
            "format": given["format"],
            "filters": self.filters,
            "as_of": given["as_of"],
            "test_answers": bool(given.get("test_answers")),
        }
