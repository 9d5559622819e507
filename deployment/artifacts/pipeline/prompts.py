"""The prompts that a version is proven on."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Case, IntegerField, Value, When

from deployment.artifacts.gguf.tokens import hard_texts
from labeling import prompts
from labeling.kinds import Input, kind_of, whole
from labeling.models import Sample
from training.models import ModelVersion

Messages = list[dict[str, str]]


def proof_prompts(version: ModelVersion, limit: int) -> list[Messages]:
    """Up to `limit` texts of the project, validation first and the test split never, then the hard ones."""
    spec = version.spec.to_spec()
    hard = map(kind_of(spec).input.of_text, hard_texts())
    return [prompts.messages(spec, asked) for asked in [*_own(version, limit), *hard]]


def _own(version: ModelVersion, limit: int) -> Iterator[Input]:
    first = Case(When(split="validation", then=Value(0)), default=Value(1), output_field=IntegerField())
    rows: Any = Sample.objects.filter(project=version.project).in_use().exclude(split="test")
    found = rows.order_by(first, "content_hash").values_list("text", "input")[:limit]
    yield from (whole(text, input) for text, input in found)
