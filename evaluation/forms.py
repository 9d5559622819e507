"""Forms of this floor's pages."""

from typing import Any

from django import forms
from django.http import QueryDict

from evaluation.models import AcceptPolicy


class BackForm(forms.Form):
    """The page to go back to once something was asked for."""

    back = forms.CharField(required=False, max_length=500)


class AcceptPolicyForm(forms.Form):
    """The policy of automatic acceptance, shares in percent."""

    enabled = forms.BooleanField(required=False, label="Accept proposals by a certificate")
    wrong = forms.FloatField(min_value=0.1, max_value=50, label="At most so many percent wrong")
    confidence = forms.FloatField(min_value=50, max_value=99.9, label="How sure, in percent")
    audit_share = forms.FloatField(min_value=1, max_value=100, label="Still reviewed, in percent")

    def __init__(self, data: QueryDict | None, *, policy: AcceptPolicy) -> None:
        shown = {name: round(100 * getattr(policy, name), 3) for name in AcceptPolicy.OPTIONS}
        super().__init__(data, initial={"enabled": policy.enabled, **shown})

    @property
    def values(self) -> dict[str, Any]:
        """As the policy has them."""
        shares = {name: round(self.cleaned_data[name] / 100, 6) for name in AcceptPolicy.OPTIONS}
        return {"enabled": self.cleaned_data["enabled"], **shares}


class DecideForm(forms.Form):
    """What becomes of what was accepted."""

    accepted = forms.ChoiceField(choices=[("reopen", "reopen"), ("keep", "keep")])

    @property
    def reopens(self) -> bool:
        """It goes back to review."""
        return bool(self.cleaned_data["accepted"] == "reopen")
