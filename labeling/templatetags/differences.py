"""What leads from one answer to another, on pages."""

from typing import Any

from django import template

from labeling.differences import shortened
from labeling.kinds import KINDS, Answer

register = template.Library()


@register.inclusion_tag("labeling/partials/difference.html")
def difference(kind: str, before: Answer, after: Answer) -> dict[str, Any]:
    """Words struck out and put in where answers are texts, else the kind's sentence."""
    found = KINDS[kind].pieces(before, after)
    return {"pieces": shortened(found) if found else [], "words": KINDS[kind].difference(before, after)}
