"""The confirmation of a promotion or rollback: the same form in the pages and in the admin."""

from typing import Any

from django import forms

from common.fields import TextField


class WhyForm(forms.Form):
    """Why a version is moved, and whether models that serve may make room."""

    reason = TextField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), help_text="It stays in the history."
    )
    may_evict = forms.BooleanField(required=False)


class MoveForm(WhyForm):
    """The same, confirmed, with the digest of the plan that was shown: whoever comes second is told."""

    premise = forms.CharField(max_length=64, widget=forms.HiddenInput)
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
