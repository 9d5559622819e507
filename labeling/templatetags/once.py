"""`{% once %}` in a form that starts work: sent twice, it works once (`config.once`)."""

import uuid

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
FIELD = "once"


@register.simple_tag
def once() -> SafeString:
    """A token that is good for one sending."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, uuid.uuid4())
