"""Records on pages: each value with its place, as people read it."""

from typing import Any

from django import template

from labeling.kinds.record_words import said_values

register = template.Library()


@register.filter
def record_values(answer: dict[str, Any]) -> list[str]:
    """Such as `total: 30.5` and `lines 1 sku: nail`."""
    return list(said_values(answer))
