"""Forms of the model catalogue."""

from django import forms


class ModelForm(forms.Form):
    """The model of a server that is meant, by its name there."""

    model = forms.CharField(max_length=200, error_messages={"required": "Name a model first."})
