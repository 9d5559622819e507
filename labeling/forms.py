"""Forms of this floor's pages and admin."""

from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.http import QueryDict
from django.utils import timezone

from common.fields import TextField, validate_near
from common.problems import ProblemError
from labeling.activity import DAYS
from labeling.kinds import kind_of
from labeling.models import Label, Project, Review, Role, Scope
from labeling.services.invitations import LONGEST_DAYS
from labeling.services.labels import NewLabel, parse_labels
from labeling.services.withdrawals import MAX_REASON


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
    skip_reason = forms.ChoiceField(required=False, choices=Review.SkipReason.choices)
    # Of a skip, in place of the comment; and who is asked to look.
    why = forms.CharField(required=False, max_length=500)
    ask = forms.CharField(
        required=False,
        max_length=150,
        validators=[UnicodeUsernameValidator(message="This is no user name. Choose one of the list.")],
    )

    @property
    def why_skipped(self) -> dict[str, str]:
        """What a skip with a reason keeps: the reason, and in the comment one's own words and who is asked."""
        said = self.cleaned_data
        asked = f"@{said['ask'].removeprefix('@')}" if said["ask"] else ""
        words = [said["why"] or said["comment"], asked]
        return {"skip_reason": said["skip_reason"], "comment": " ".join(word for word in words if word)}

    @property
    def said(self) -> str:
        """The comment as it was typed, to be shown again."""
        return str(self.data.get("comment", ""))


class TokenForm(forms.Form):
    """What a new API token is called, may, and how long."""

    name = forms.CharField(max_length=100)
    scopes = forms.MultipleChoiceField(choices=Scope.choices)
    days = forms.IntegerField(required=False, min_value=1, max_value=36_500)


class LastDayField(forms.DateField):
    """The last day of something, today at the earliest; none: it has no end."""

    def __init__(self, label: str = "Last day") -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(label=label, help_text="Empty: no end.", required=False, widget=widget, validators=DAYS)

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError("This day is over: choose today or a later one, or none.")
        return day


class MemberForm(forms.Form):
    """Somebody's name, role, and its last day."""

    username = forms.CharField(
        label="User name", max_length=150, error_messages={"required": "Give a user name."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    role = forms.ChoiceField(choices=Role.choices)
    ends_on = LastDayField()


class InviteForm(forms.Form):
    """A link for somebody: for which role, until when, and how long it can be followed."""

    name = forms.CharField(
        required=False, max_length=100, label="For whom", help_text="So that you know the link again in the list."
    )
    role = forms.ChoiceField(choices=Role.choices)
    ends_on = LastDayField(label="Last day of the role")
    days = forms.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, initial=7, label="The link is good for, in days", help_text="And once."
    )


class ProjectTokenForm(forms.Form):
    """What a token of a project is called, may, and how long."""

    name = forms.CharField(max_length=100, help_text="Such as the program that uses it.")
    scopes = forms.MultipleChoiceField(
        choices=[choice for choice in Scope.choices if choice[0] != Scope.SERVERS],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what the token may."},
    )
    last_day = LastDayField()


class SearchForm(forms.Form):
    """The beginning of a name."""

    q = forms.CharField(required=False, max_length=150)

    @property
    def words(self) -> str:
        """What was typed; nothing of what is no text."""
        return str(self.cleaned_data["q"]) if self.is_valid() else ""


class TypedKeyForm(forms.Form):
    """The key of the project, typed, so that nobody ends the wrong one."""

    typed = forms.CharField(
        max_length=80, label="Type the project's key",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, *args: Any, key: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key

    def clean_typed(self) -> str:
        if self.cleaned_data["typed"] != self.key:
            raise forms.ValidationError(f"This is not the key of this project: type {self.key}.")
        return self.key


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
    # What the list was when the page was opened; a program that sends none means the list whatever it was.
    premise = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean_labels(self) -> list[NewLabel]:
        return parse_labels(self.cleaned_data["labels"])

    def offer_leave_out(self, offered: bool) -> None:
        """Show the box that says so."""
        if offered:
            self.fields["leave_out"].widget = forms.CheckboxInput()


class LabelForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A label's name and description, and the colour that pages give it."""

    class Meta:
        model = Label
        fields = ("name", "description", "colour")


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
