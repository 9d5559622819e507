"""What REST takes and gives on every floor: bodies and queries without unknown names, rows with rounded figures."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

# Digits that a measured figure shows; what comes after them is noise. One place after the point stays in any case.
_DIGITS = 4


class Strict(serializers.Serializer[Any]):
    """What a request may hold: a name that is not known is an error, and so is a value of another JSON type.

    A field that is dropped in silence does harm: whoever misspells `version` would get the version by default.
    """

    # What the description shows of it, where its fields by themselves would make no sense together.
    example: Any = None

    def to_internal_value(self, data: Any) -> Any:
        """As the base class, after both rules."""
        if isinstance(data, Mapping):
            fields = {name: field for name, field in self.fields.items() if not field.read_only}
            errors = {**unknown(data, fields, "field")}
            for name, field in fields.items():
                said = _mistyped(field, data[name]) if name in data else ""
                if said:
                    errors[name] = [said]
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


class Query(serializers.Serializer[Any]):
    """The parameters of an address. Without fields of its own it takes none."""

    @classmethod
    def read(cls, given: QueryDict) -> dict[str, Any]:
        """What was asked. Raises `ValidationError` for names that are unknown or said twice, and for wrong values."""
        asked = cls(data=given.dict())
        errors = unknown(given, asked.fields, "parameter")
        errors |= {name: ["Say it once."] for name, values in given.lists() if len(values) > 1}
        if errors:
            raise serializers.ValidationError(errors)
        asked.is_valid(raise_exception=True)
        found: dict[str, Any] = asked.validated_data
        return found


class PageQuery(Query):
    """A list is read page by page: `next` of an answer leads on."""

    cursor = serializers.CharField(required=False, max_length=1000, help_text="From `next` or `previous` of a page.")
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=500)
    order = serializers.ChoiceField(
        choices=["newest", "oldest"], required=False, help_text="Which come first; absent: as the list says of itself."
    )


def unknown(given: Iterable[Any], known: Iterable[str], noun: str) -> dict[str, list[str]]:
    """An error for each name that is not known, which says what is."""
    names = list(known)
    said = f"There is no such {noun}. Known: {', '.join(names)}." if names else f"No {noun} is taken here."
    return {str(name): [said] for name in given if name not in names}


def _mistyped(field: Any, value: Any) -> str:
    """What is wrong with the JSON type of a value; DRF would make `1` of "1", true of "yes", and "1" of 1."""
    if value is None:
        return ""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return next((said for each in value if (said := _mistyped(field.child, each))), "")
    if isinstance(field, serializers.BooleanField):
        return "" if isinstance(value, bool) else "This must be true or false."
    if isinstance(field, serializers.IntegerField):
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return "" if whole and not isinstance(value, bool) else "This must be a whole number."
    if isinstance(field, serializers.ChoiceField):
        same = any(type(value) is type(choice) and value == choice for choice in field.choices)
        return "" if same else f"This must be one of {', '.join(map(str, field.choices))}."
    texts = (serializers.CharField, serializers.UUIDField, serializers.SlugRelatedField)
    return "" if not isinstance(field, texts) or isinstance(value, str) else "This must be a string."


def rounded(value: Any) -> Any:
    """A figure in four digits, and so every figure inside lists and objects; null for what is no number."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        before = math.floor(math.log10(abs(value))) + 1 if value else 1
        return round(value, max(1, _DIGITS - before))
    if isinstance(value, Mapping):
        return {name: rounded(each) for name, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value


class Figure(serializers.FloatField):
    """A measured number."""

    def __init__(self, **options: Any) -> None:
        # A loss may be no number at all, which JSON cannot say.
        super().__init__(**{"allow_null": True, **options})

    def to_representation(self, value: Any) -> Any:
        return rounded(float(value))


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("This must be an object.")
        return super().to_internal_value(dict(data))


class FiguresField(ObjectField):
    """Figures by name, rounded; at any depth."""

    def to_representation(self, value: Any) -> Any:
        return rounded(super().to_representation(value))


class Row(serializers.ModelSerializer[Any]):
    # A row as it is shown; its figures are rounded. As a docstring this would describe every shape without its own.
    serializer_field_mapping = {**serializers.ModelSerializer.serializer_field_mapping, models.FloatField: Figure}
