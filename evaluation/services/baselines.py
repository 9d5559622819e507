"""Simple methods on the same cases, trained on the same golden samples as a version."""

import json
from typing import Any

from evaluation import baselines
from evaluation.metrics import Scored, summary
from evaluation.models import BaselineResult, Suite
from labeling.answers import parse
from labeling.kinds import TEXT, Answer, Spec
from training.models import Snapshot
from training.services.snapshots import folder_of

Example = tuple[str, Answer]


def baseline_results(suite: Suite, snapshot: Snapshot) -> list[BaselineResult]:
    """The best constant answer and TF-IDF with logistic regression on the suite; worked out once per snapshot."""
    found = list(BaselineResult.objects.filter(suite=suite, snapshot=snapshot).order_by("name"))
    if found:
        return found
    spec = snapshot.spec.to_spec()
    train = _examples(snapshot, spec)
    test = list(suite.cases.order_by("position").values_list("text", "expected"))
    limit = spec.label_limit if spec.labels else None
    scored: dict[str, list[Scored]] = {"constant": baselines.constant(spec.kind, train, test, limit)}
    if spec.kind != TEXT:
        scored["tfidf_logreg"] = baselines.tfidf_logreg(spec.kind, train, test, limit)
    for name, cases in scored.items():
        BaselineResult.objects.get_or_create(
            suite=suite, snapshot=snapshot, name=name, defaults={"metrics": summary(spec.kind, cases)}
        )
    return list(BaselineResult.objects.filter(suite=suite, snapshot=snapshot).order_by("name"))


def _examples(snapshot: Snapshot, spec: Spec) -> list[Example]:
    """The train split's user messages and answers: what the model was trained on, validation left out for both."""
    rows = (folder_of(snapshot) / "train.jsonl").read_text(encoding="utf-8").splitlines()
    return [_example(json.loads(row), spec) for row in rows]


def _example(row: dict[str, Any], spec: Spec) -> Example:
    answer = parse(row["completion"][0]["content"], spec).answer
    assert answer is not None, "a training row holds an answer that its own spec cannot read"
    return row["prompt"][-1]["content"], answer
