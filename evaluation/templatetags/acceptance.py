"""Shares as percentages."""

from django import template

register = template.Library()


@register.filter
def percent(share: float | None, digits: int = 0) -> str:
    """A measured share, such as `84 %`; empty of nothing."""
    return "" if share is None else f"{100 * share:.{digits}f} %"


@register.filter
def set_percent(share: float) -> str:
    """A share that somebody set, such as `2.5 %`."""
    return f"{100 * share:.5g} %"
