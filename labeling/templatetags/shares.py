"""How sure a prediction is, where that is known."""

from django import template

from labeling.models import Prediction
from labeling.shares import percent

register = template.Library()


@register.filter
def label_shares(prediction: Prediction) -> list[tuple[str, str]]:
    """A head's labels with their probabilities, such as `billing` and `84 %`, the likeliest first; else none."""
    # The database keeps names in an order of its own.
    found = sorted((prediction.label_chances or {}).items(), key=lambda row: (-row[1], row[0]))
    return [(name, percent(chance)) for name, chance in found]


@register.filter
def share(prediction: Prediction) -> str:
    """Such as `84 %`; empty where too little was known of its model."""
    return "" if prediction.share is None else percent(prediction.share)
