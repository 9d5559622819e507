"""A task as the engines of heads are told it: labels with what is said of them, and the form of the answer. Pure."""

from typing import Any

from labeling.kinds import Spec, kind_of
from labeling.kinds.labels import LabelKind
from labeling.marks import neutralise


def head_task(asked: Spec) -> dict[str, Any]:
    """`task` of `training.heads.config`. The labels are written as training rows write them."""
    kind = kind_of(asked)
    assert isinstance(kind, LabelKind), "a method that learns labels was let through for a kind without any"
    labels = [{"name": neutralise(label.name), "description": neutralise(label.description)} for label in asked.labels]
    return {"labels": labels, "key": kind.key, "several": kind.takes_several, "limit": asked.label_limit}
