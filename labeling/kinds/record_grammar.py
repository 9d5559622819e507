"""A record's schema as servers and the validator are given it: every bound said, keys in the form's order."""

from typing import Any

from labeling.kinds.record_schema import MAX_NUMBER, Field


def grammar_schema(field: Field) -> dict[str, Any]:
    """The JSON schema of a field."""
    found: dict[str, Any] = _bare_schema(field)
    if field.nullable:
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
        else:
            found["type"] = [found["type"], "null"]
    return found


def _bare_schema(field: Field) -> dict[str, Any]:
    match field.kind:
        case "object":
            return {
                "type": "object",
                "properties": {inner.name: grammar_schema(inner) for inner in field.fields},
                "required": [inner.name for inner in field.fields if inner.required],
                "additionalProperties": False,
            }
        case "array":
            assert field.item is not None, "a list has items"
            bounds = {"minItems": field.least, "maxItems": field.most}
            return {"type": "array", "items": grammar_schema(field.item), **bounds}
        case "enum":
            return {"enum": list(field.choices)}
        case "string" if field.format:
            return {"type": "string", "format": field.format}
        case "string":
            least = {"minLength": field.least} if field.least else {}
            return {"type": "string", **least, "maxLength": field.most}
        case "number" | "integer":
            low, high = field.least, field.most
            bounds = {"minimum": -MAX_NUMBER if low is None else low, "maximum": MAX_NUMBER if high is None else high}
            return {"type": field.kind, **bounds}
    return {"type": field.kind}
