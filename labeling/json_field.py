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


class SchemaField(BoundedJSONField):
    """A JSON schema: shown with its levels apart, in the order of its keys."""

    def prepare_value(self, value: Any) -> Any:
        """The text of the field."""
        return (
            json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) else super().prepare_value(value)
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Also where only the order of keys is another: forms and models go by it."""
        return super().has_changed(initial, data) or json.dumps(initial) != json.dumps(self.to_python(data))


def _reason(value: Any) -> str:
    try:
        json.loads(value, cls=BoundedDecoder)
    except json.JSONDecodeError as error:
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    except TypeError as error:
        return str(error)
    return "not what this field holds"
