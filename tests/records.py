"""A project that reads bills: its schema, an answer, any answer, and the spec of any schema."""

from typing import Any

from hypothesis import strategies as st

from labeling.kinds import Spec

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "vendor": {"type": "string", "description": "Who wrote the bill."},
        "total": {"type": "number", "minimum": 0, "maximum": 10_000},
        "paid": {"type": "boolean"},
        "due": {"type": ["string", "null"], "format": "date", "title": "Due on"},
        "kind": {"enum": ["invoice", "reminder"]},
        "lines": {
            "type": "array",
            "maxItems": 4,
            "items": {
                "type": "object",
                "properties": {"sku": {"type": "string", "minLength": 1}, "n": {"type": "integer", "minimum": 1}},
                "required": ["sku", "n"],
            },
        },
    },
    "required": ["vendor", "total", "paid", "due"],
}
BILL: dict[str, Any] = {
    "vendor": "ACME",
    "total": 30.5,
    "paid": True,
    "due": None,
    "lines": [{"sku": "nail", "n": 2}],
}

_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20).map(str.strip)
BILLS = st.fixed_dictionaries(
    {
        "vendor": _TEXTS,
        "total": st.one_of(st.integers(0, 10_000), st.floats(0, 10_000)),
        "paid": st.booleans(),
        "due": st.one_of(st.none(), st.dates().map(str)),
    },
    optional={
        "kind": st.sampled_from(["invoice", "reminder"]),
        "lines": st.lists(st.fixed_dictionaries({"sku": _TEXTS.filter(bool), "n": st.integers(1, 99)}), max_size=4),
    },
)


def spec_of(schema: Any = None) -> Spec:
    """A spec of this schema, or of bills."""
    return Spec("record", "Read the bill.", schema=SCHEMA if schema is None else schema)
