"""A record that was given under one schema, as one to another."""

from typing import Any

from labeling.kinds.base import Answer, NoLongerFitsError
from labeling.kinds.record_schema import Field
from labeling.kinds.record_values import Reader


def carried_record(asked: Field, answer: Answer) -> Answer:
    """Fields that are gone are left out, new ones that may be left out are.

    Raises `NoLongerFitsError` where a new field is required, or a value is no longer allowed: by place, rows of lists
    alike, so that it can be counted.
    """
    reader = Reader(drops_unknown=True)
    found = reader.record(asked, answer)
    for at in reader.problems:
        place = "/".join("*" if part.isdecimal() else part for part in at.split("/"))
        missing = reader.problems[at] == "it is missing"
        raise NoLongerFitsError(f"{place} is asked for now" if missing else f"what it says at {place} is not allowed")
    return found


def known_part(asked: Field, value: Any) -> Any:
    """The value without the keys that the schema does not know."""
    if isinstance(value, dict):
        inner = {field.name: field for field in asked.fields}
        return {name: known_part(inner[name], each) for name, each in value.items() if name in inner}
    if isinstance(value, list) and asked.item is not None:
        return [known_part(asked.item, each) for each in value]
    return value
