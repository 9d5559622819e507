"""What the Analyze page asks and shows."""

from uuid import UUID

from django import forms
from django.http import QueryDict

from common.fields import TextField


class AnalyzeForm(forms.Form):
    """A text to ask the live version about."""

    text = TextField(
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "Type or paste a text"}),
        error_messages={"required": "Type a text first."},
    )


class ShownForm(forms.Form):
    """Which prediction an address of the page shows."""

    prediction = forms.UUIDField(required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)

    @property
    def uid(self) -> UUID | None:
        """None where it names none."""
        return self.cleaned_data["prediction"] if self.is_valid() else None
