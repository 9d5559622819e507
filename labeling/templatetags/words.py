"""An error that was kept, for pages: its sentence, and what the tool said folded behind it."""

from typing import Any

from django import template

from common.toolwords import Words

register = template.Library()


@register.inclusion_tag("labeling/partials/words.html")
def words(error: str) -> dict[str, Any]:
    """The sentence of a kept error with its details folded."""
    return {"words": Words.kept(error)}


@register.filter
def sentence(error: str) -> str:
    """The sentence of a kept error alone, for lists."""
    return Words.kept(error).sentence
