"""Simple methods on the same cases, trained on the same golden samples as a version."""

import logging
from typing import Any

from django.db import transaction

from common import jsonl
from common.actor import system
from common.encoder import EncoderError
from evaluation.metrics import summary
from evaluation.models import BaselineResult, Suite
from evaluation.scorers import Example, Scorer, Task, scorer_of
from evaluation.scorers.labels import LabelScorer
from evaluation.services.suites import groups_of
from labeling import prompts
from labeling.answers import parse
from labeling.carrying import Carrier
from labeling.kinds import Answer, Spec, kind_of
from labeling.services import events
from labeling.services.vectors.texts import TextVectors, open_vectors
from training.heads.rows import words_of
from training.models import Snapshot
from training.services.snapshots import folder_of

logger = logging.getLogger(__name__)


def baseline_results(suite: Suite, snapshot: Snapshot) -> list[BaselineResult]:
    """The simple methods that the kind's scorer has, with their answers; worked out once per snapshot and definition of
    the judged figure.

    Where this host does not have the snapshot there are none, and without a sentence encoder those that need one wait
    for it.
    """
    spec = snapshot.spec.to_spec()
    scorer = scorer_of(spec)
    rows = BaselineResult.objects.filter(suite=suite, snapshot=snapshot).order_by("name")
    there = {row.name for row in rows if row.metrics.get("main_metric") == scorer.main and row.answers is not None}
    missing, vectors = _missing(scorer, there)
    if missing:
        carrier = Carrier(spec, suite.spec.to_spec())
        try:
            train = [(text, carrier.carry_reading(answer)) for text, answer in _examples(snapshot, spec)]
        except FileNotFoundError:
            logger.warning("snapshot %s is not on this host: no baselines", snapshot)
            return list(rows)
        described = {label.name: label.description for label in spec.labels}
        task, cases = Task(spec.label_limit if spec.labels else None, described, vectors), _cases(suite, spec)
        for name in sorted(missing) if train else []:
            method = scorer.baselines[name]
            found = method.run(train, cases, task)
            metrics = summary(scorer, found, groups=list(groups_of(suite).values()))
            if method.encoder and vectors:
                metrics["encoder"] = {**vectors.told, "untaught": _untaught(scorer, train, described)}
            _keep(suite, snapshot, name, metrics, [each.got for each in found])
    return list(rows.all())


def _missing(scorer: Scorer, there: set[str]) -> tuple[set[str], TextVectors | None]:
    """The methods to work out, and the vectors for those that need an encoder; one is opened for nothing else."""
    by_need: dict[bool | None, set[str]] = {True: set(), False: set(), None: set()}
    for name, method in scorer.baselines.items():
        by_need[method.encoder].add(name)
    waiting = by_need[True] - there
    if not waiting:
        return by_need[None] - there, None
    try:
        return (by_need[None] - there) | waiting, open_vectors()
    except EncoderError as error:
        logger.warning("no sentence encoder beside the benchmark: %s", error)
        return (by_need[None] | by_need[False]) - there, None


def _untaught(scorer: Scorer, train: list[Example], described: dict[str, str]) -> list[str]:
    """The labels that no training row has."""
    assert isinstance(scorer, LabelScorer)
    return sorted(set(described).difference(*(scorer.labels_of(answer) for _, answer in train)))


@transaction.atomic
def _keep(suite: Suite, snapshot: Snapshot, name: str, metrics: dict[str, Any], answers: list[Answer | None]) -> None:
    row, created = BaselineResult.objects.get_or_create(
        suite=suite, snapshot=snapshot, name=name, defaults={"metrics": metrics, "answers": answers}
    )
    before = {name: row.metrics.get(name) for name in ("main_metric", "main")}
    if not created:
        if before["main_metric"] == metrics["main_metric"] and row.answers is not None:
            return
        # What it had by an earlier definition stays beside it, under its own name.
        row.metrics |= metrics
        row.answers = answers
        row.save(update_fields=["metrics", "answers"])
    after = {"method": name, "snapshot": snapshot.digest, "suite": suite.digest}
    after |= {name: metrics[name] for name in ("main_metric", "main")}
    events.record(
        system("gate"),
        "baseline.measured",
        row,
        project=suite.project,
        before={} if created else before,
        after=after,
    )


def _cases(suite: Suite, spec: Spec) -> list[Example]:
    """The cases as the training rows have them: inside the prompt template, where answers have places without it."""
    cases = suite.cases.order_by("position")
    if kind_of(spec).has_places:
        return [(case.text, case.expected) for case in cases]
    return [(words_of(prompts.messages(spec, case.whole_input)), case.expected) for case in cases]


def _examples(snapshot: Snapshot, spec: Spec) -> list[Example]:
    """The train split's questions and answers: what the model was trained on, validation left out for both."""
    return [_example(row, spec) for row in jsonl.read(folder_of(snapshot) / "train.jsonl")]


def _example(row: dict[str, Any], spec: Spec) -> Example:
    asked = prompts.input_of(spec, row["prompt"])
    answer = parse(row["completion"][0]["content"], spec, asked).answer
    assert answer is not None, "a training row holds an answer that its own spec cannot read"
    kind = kind_of(spec)
    return kind.input.text(asked) if kind.has_places else words_of(row["prompt"]), answer
