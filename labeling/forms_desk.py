"""Forms around the review page: the guideline, comments, one's own keys, one's own reviews."""

from typing import Any

from django import forms

from common.fields import TextField
from labeling.models import Project
from labeling.review_keys import COMMANDS
from labeling.services.comments import MAX_COMMENT

_ONE_KEY = {"size": 2, "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class GuidelineForm(forms.Form):
    """A guideline as it is to be, and the version that it was made from."""

    text = TextField(
        required=False,
        strip=False,
        label="Guideline",
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text="Markdown: # titles, - lists, **bold**, `code`, > quotes, tables, links. No pictures, no HTML.",
    )
    after = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class PreselectForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """From which sureness on a proposal is filled in."""

    class Meta:
        model = Project
        fields = ("preselect_from",)


class CommentForm(forms.Form):
    """What somebody says about a sample."""

    text = TextField(
        max_length=MAX_COMMENT,
        label="Comment",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="@name asks a member of the project to look.",
    )


class DeskForm(forms.Form):
    """The keys of the review page, one field for each command, and whether a choice saves at once."""

    advances = forms.BooleanField(required=False, label="Save at once when I choose the one label of a text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for command in COMMANDS:
            self.fields[command.name] = forms.CharField(
                required=False, max_length=1, label=command.about, widget=forms.TextInput(attrs=_ONE_KEY)
            )

    @property
    def keys(self) -> dict[str, str]:
        """What was written for each command."""
        return {command.name: self.cleaned_data[command.name] for command in COMMANDS}


class MineForm(forms.Form):
    """Which of one's own reviews are listed."""

    what = forms.ChoiceField(
        required=False,
        label="What I did",
        choices=[
            ("", "everything"),
            ("confirmed", "confirmed"),
            ("corrected", "changed the proposal"),
            ("labelled", "labelled without a proposal"),
            ("skipped", "skipped"),
            ("rejected", "rejected"),
        ],
    )
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
