"""JSON that a person types into a form, read within bounds of depth."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.jsonbounds import BoundedDecoder


class BoundedJSONField(forms.JSONField):
    """As Django's own, whose reader ends in an error of the server on a thousand brackets."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "decoder": BoundedDecoder})

    def to_python(self, value: Any) -> Any:
        """The value; a `ValidationError` says what is wrong with it."""
        try:
            return super().to_python(value)
        except ValidationError as error:
            raise ValidationError(f"This is no JSON that can be read: {_reason(value)}.", code="invalid") from error


def _reason(value: Any) -> str:
    try:
        json.loads(value, cls=BoundedDecoder)
    except json.JSONDecodeError as error:
        return error.msg
    except TypeError as error:
        return str(error)
    return "not what this field holds"
