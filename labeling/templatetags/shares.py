"""How sure a prediction is, where that is known."""

from django import template

from labeling.models import Prediction
from labeling.shares import Shares, percent

register = template.Library()


@register.filter
def share(prediction: Prediction) -> str:
    """Such as `84 %`; empty where too little is known of its model."""
    found = Shares().of(prediction)
    return "" if found is None else percent(found)
