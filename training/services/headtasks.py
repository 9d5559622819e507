"""A task as the light engine is told it: labels with what is said of them, and the form of the answer."""

from typing import Any

from labeling.kinds import kind_of
from labeling.kinds.labels import LabelKind
from labeling.marks import neutralise
from labeling.models import TaskSpec


def head_task(spec: TaskSpec) -> dict[str, Any]:
    """`task` of `training.heads.config`. The labels are written as training rows write them."""
    asked, kind = spec.to_spec(), kind_of(spec)
    assert isinstance(kind, LabelKind), "a method that learns labels was let through for a kind without any"
    labels = [{"name": neutralise(label.name), "description": neutralise(label.description)} for label in asked.labels]
    return {"labels": labels, "key": kind.key, "several": kind.takes_several, "limit": asked.label_limit}
