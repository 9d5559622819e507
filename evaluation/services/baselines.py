"""Simple methods on the same cases, trained on the same golden samples as a version."""

import logging
from typing import Any

from common import jsonl
from evaluation import baselines
from evaluation.metrics import Scored, summary
from evaluation.models import BaselineResult, Suite
from labeling import prompts
from labeling.answers import parse
from labeling.carrying import Carrier
from labeling.kinds import TEXT, Answer, Spec
from training.models import Snapshot
from training.services.snapshots import folder_of

logger = logging.getLogger(__name__)
Example = tuple[str, Answer]
METHODS = {"constant": baselines.constant, "tfidf_logreg": baselines.tfidf_logreg}


def baseline_results(suite: Suite, snapshot: Snapshot) -> list[BaselineResult]:
    """The best constant answer and (not for texts) TF-IDF with logistic regression; worked out once per snapshot.

    They stand beside the gate, not in it: where this host does not have the snapshot, there are none.
    """
    spec = snapshot.spec.to_spec()
    wanted = [name for name in METHODS if name == "constant" or spec.kind != TEXT]
    rows = BaselineResult.objects.filter(suite=suite, snapshot=snapshot).order_by("name")
    missing = set(wanted) - set(rows.values_list("name", flat=True))
    if missing:
        carrier = Carrier(spec, suite.spec.to_spec())
        try:
            train = [(text, carrier.carry_reading(answer)) for text, answer in _examples(snapshot, spec)]
        except FileNotFoundError:
            logger.warning("snapshot %s is not on this host: no baselines", snapshot)
            return list(rows)
        limit = spec.label_limit if spec.labels else None
        for name in sorted(missing) if train else []:
            scored: list[Scored] = METHODS[name](spec.kind, train, _cases(suite, spec), limit)
            BaselineResult.objects.get_or_create(
                suite=suite, snapshot=snapshot, name=name, defaults={"metrics": summary(spec.kind, scored)}
            )
    return list(rows.all())


def _cases(suite: Suite, spec: Spec) -> list[Example]:
    """The cases as the training rows have them: the text inside the prompt template."""
    rows = suite.cases.order_by("position").values_list("text", "expected")
    return [(prompts.messages(spec, text)[-1]["content"], expected) for text, expected in rows]


def _examples(snapshot: Snapshot, spec: Spec) -> list[Example]:
    """The train split's user messages and answers: what the model was trained on, validation left out for both."""
    return [_example(row, spec) for row in jsonl.read(folder_of(snapshot) / "train.jsonl")]


def _example(row: dict[str, Any], spec: Spec) -> Example:
    answer = parse(row["completion"][0]["content"], spec).answer
    assert answer is not None, "a training row holds an answer that its own spec cannot read"
    return row["prompt"][-1]["content"], answer
