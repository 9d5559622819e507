"""Forms of the pages about news: what one is told of, and webhooks."""

from typing import Any

from django import forms

from labeling.models.webhooks import LONGEST
from labeling.news import KINDS
from labeling.services.news.audience import Wish

_KINDS = [(name, kind.title) for name, kind in KINDS.items()]


class WebhookForm(forms.Form):
    """Where news go, and which."""

    url = forms.CharField(
        label="Address",
        max_length=LONGEST,
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example.org/touchstone"}),
    )
    kinds = forms.MultipleChoiceField(label="News", choices=_KINDS, widget=forms.CheckboxSelectMultiple)


class ReadForm(forms.Form):
    """Which notification was seen; none of them means all."""

    uid = forms.UUIDField(required=False)


class WishForm(forms.Form):
    """How one wants to be told in one project: the kinds that are ticked, once for the page and once for mail."""

    project = forms.SlugField(max_length=80)
    in_page = forms.MultipleChoiceField(choices=_KINDS, required=False)
    by_mail = forms.MultipleChoiceField(choices=_KINDS, required=False)

    def wanted(self) -> dict[str, Wish]:
        """Every kind with what was ticked; call it on a valid form."""
        asked: dict[str, Any] = self.cleaned_data
        return {kind: Wish(kind in asked["in_page"], kind in asked["by_mail"]) for kind in KINDS}
