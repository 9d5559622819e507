"""Simple methods on the same cases, trained on the same golden samples as a version."""

import logging
from typing import Any

from django.db import transaction

from common import jsonl
from common.actor import system
from evaluation.metrics import summary
from evaluation.models import BaselineResult, Suite
from evaluation.scorers import Example, Task, scorer_of
from labeling import prompts
from labeling.answers import parse
from labeling.carrying import Carrier
from labeling.kinds import Spec
from labeling.services import events
from training.models import Snapshot
from training.services.snapshots import folder_of

logger = logging.getLogger(__name__)


def baseline_results(suite: Suite, snapshot: Snapshot) -> list[BaselineResult]:
    """The simple methods that the kind's scorer has; worked out once per snapshot.

    They stand beside the gate, not in it: where this host does not have the snapshot, there are none.
    """
    spec = snapshot.spec.to_spec()
    scorer = scorer_of(spec)
    rows = BaselineResult.objects.filter(suite=suite, snapshot=snapshot).order_by("name")
    missing = set(scorer.baselines) - set(rows.values_list("name", flat=True))
    if missing:
        carrier = Carrier(spec, suite.spec.to_spec())
        try:
            train = [(text, carrier.carry_reading(answer)) for text, answer in _examples(snapshot, spec)]
        except FileNotFoundError:
            logger.warning("snapshot %s is not on this host: no baselines", snapshot)
            return list(rows)
        task = Task(spec.label_limit if spec.labels else None, {label.name: label.description for label in spec.labels})
        for name in sorted(missing) if train else []:
            scored = scorer.baselines[name].run(train, _cases(suite, spec), task)
            _keep(suite, snapshot, name, summary(scorer, scored))
    return list(rows.all())


@transaction.atomic
def _keep(suite: Suite, snapshot: Snapshot, name: str, metrics: dict[str, Any]) -> None:
    row, created = BaselineResult.objects.get_or_create(
        suite=suite, snapshot=snapshot, name=name, defaults={"metrics": metrics}
    )
    if created:
        after = {"method": name, "snapshot": snapshot.digest, "suite": suite.digest, "main": metrics.get("main")}
        events.record(system("gate"), "baseline.measured", row, project=suite.project, after=after)


def _cases(suite: Suite, spec: Spec) -> list[Example]:
    """The cases as the training rows have them: the input inside the prompt template."""
    cases = suite.cases.order_by("position")
    return [(_words(prompts.messages(spec, case.whole_input)), case.expected) for case in cases]


def _examples(snapshot: Snapshot, spec: Spec) -> list[Example]:
    """The train split's questions and answers: what the model was trained on, validation left out for both."""
    return [_example(row, spec) for row in jsonl.read(folder_of(snapshot) / "train.jsonl")]


def _example(row: dict[str, Any], spec: Spec) -> Example:
    asked = prompts.input_of(spec, row["prompt"])
    answer = parse(row["completion"][0]["content"], spec, asked).answer
    assert answer is not None, "a training row holds an answer that its own spec cannot read"
    return _words(row["prompt"]), answer


def _words(messages: list[prompts.Message]) -> str:
    """What is asked, without what is always said."""
    return "\n".join(message["content"] for message in messages[1:])
