"""Fields of forms as browsers fill them in."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.text import plain_lines, stream_safe

_NEAR = (datetime(2000, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


class TextField(forms.CharField):
    """Text of several lines, with line feeds alone: a browser sends each line's end as CR LF.

    NUL is refused with a sentence, as by any field of text.
    """

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return stream_safe(plain_lines(text)) if isinstance(text, str) else text


def validate_near(moment: datetime) -> None:
    """Raise `ValidationError` for a moment that no clock of ours shows; some of those no database holds."""
    try:
        near = _NEAR[0] <= moment.astimezone(UTC) < _NEAR[1]
    except OverflowError:
        near = False
    if not near:
        raise ValidationError("This is no date of this time.")
