"""The prompts that a version is proven on."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Case, IntegerField, Value, When

from deployment.gguf.tokens import hard_texts
from labeling import prompts
from labeling.models import Sample
from training.models import ModelVersion

Messages = list[dict[str, str]]


def proof_prompts(version: ModelVersion, limit: int) -> list[Messages]:
    """Up to `limit` texts of the project, validation first and the test split never, then the hard ones."""
    spec = version.spec.to_spec()
    return [prompts.messages(spec, text) for text in [*_texts(version, limit), *hard_texts()]]


def _texts(version: ModelVersion, limit: int) -> Iterator[str]:
    first = Case(When(split="validation", then=Value(0)), default=Value(1), output_field=IntegerField())
    rows: Any = Sample.objects.filter(project=version.project).in_use().exclude(split="test")
    yield from rows.order_by(first, "content_hash").values_list("text", flat=True)[:limit]
