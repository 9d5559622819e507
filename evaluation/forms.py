"""Forms of this floor's pages."""

from django import forms


class BackForm(forms.Form):
    """The page to go back to once something was asked for."""

    back = forms.CharField(required=False, max_length=500)
