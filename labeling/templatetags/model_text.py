"""What a model wrote, on pages: the answer in it, with reasoning and end marks apart."""

from typing import Any

from django import template

from labeling.answers import apart_of
from labeling.kinds import KINDS

register = template.Library()


@register.inclusion_tag("labeling/partials/model_text.html")
def model_text(raw: str, kind: str) -> dict[str, Any]:
    """A prediction's raw text as it is read for a kind of answer."""
    return {"raw": raw, "parts": apart_of(raw, is_json=KINDS[kind].is_json)}
