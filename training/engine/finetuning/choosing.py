"""How often the rows are passed, calibration and thresholds: by rows that were not learnt from."""

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from training.engine.finetuning.config import ENOUGH
from training.engine.finetuning.judging import best_pass, evaluations
from training.engine.finetuning.learning import Learner
from training.engine.finetuning.parts import Part, Taught
from training.heads.calibration import how_often
from training.heads.choosing import FEWEST, FOLDS, folds_of
from training.heads.kept import name_of
from training.heads.tuning import Tuned, tune, untuned

if TYPE_CHECKING:
    from training.engine.finetuning.network import Network
    from training.heads.linear import Array

VALIDATION, PARTS = "validation rows", "training rows left out"


@dataclass(frozen=True)
class Learnt:
    """What there is to learn: `golden` rows that experts answered, and after them what is said of labels.

    `held`: the validation rows.
    """

    rows: Taught
    golden: int
    held: Taught


@dataclass(frozen=True)
class Chosen:
    """`times` the rows were passed, chosen `by` which rows; empty where none could say.

    `often`: how often labels are given in the training rows, which are more than those that choose. `step`: the update
    after which validation rows found the network best; it is kept.
    """

    tuned: Tuned
    times: int
    often: "Array"
    by: str = ""
    step: int | None = None


def learn(learner: Learner, given: Learnt) -> "tuple[Network, Chosen]":
    """Train, choose. The network has learnt from all training rows, `Chosen.times` over."""
    config, a_pass = learner.config, learner.updates(len(given.rows.tokens))
    if len(given.held.tokens) >= ENOUGH:
        learner.begin(config.epochs * a_pass)
        network, progress = learner.learn(Part(0, given.rows, given.held, config.epochs, 0, is_last=True))
        times = best_pass(progress.judged)
        often = how_often(given.rows.targets[: given.golden], exclusive=learner.exclusive)
        found = _chosen(learner, progress.scores[times - 1], given.held.targets, times, VALIDATION, often)
        return network, replace(found, step=times * a_pass)
    if given.golden >= FEWEST:
        before, chosen = _by_parts(learner, given)
    else:
        labels = given.rows.targets.shape[1]
        # Halfway, where nothing says better.
        before, chosen = 0, Chosen(untuned([0.0], labels), (config.epochs + 1) // 2, np.zeros(labels))
    learner.begin(before + chosen.times * a_pass)
    whole = Part(config.folds, given.rows, given.held.some([]), chosen.times, before, is_last=True)
    return learner.learn(whole)[0], chosen


def _by_parts(learner: Learner, given: Learnt) -> tuple[int, Chosen]:
    """Each part is left out once, and the scores of all together choose; and the updates of that."""
    config, rows, targets = learner.config, given.rows, given.rows.targets[: given.golden]
    told = list(range(given.golden, len(rows.tokens)))
    folds = folds_of(given.golden, min(config.folds, given.golden), config.seed)
    parts, before = [], 0
    for number, (fitted, left_out) in enumerate(folds):
        some = rows.some([*fitted.tolist(), *told])
        parts.append(Part(number, some, rows.some(left_out.tolist()), config.epochs, before, is_last=False))
        before += config.epochs * learner.updates(len(some.tokens))
    learner.begin(before + config.epochs * learner.updates(len(rows.tokens)))
    found = [_scores(learner, part) for part in parts]
    passes = min(map(len, found))
    scores = np.zeros((passes, *targets.shape), dtype=np.float32)
    for (_, left_out), each in zip(folds, found, strict=True):
        scores[:, left_out] = each[:passes]
    times = best_pass(evaluations(list(scores), targets, exclusive=learner.exclusive))
    return before, _chosen(learner, scores[times - 1], targets, times, PARTS)


def _scores(learner: Learner, part: Part) -> "Array":
    """Of the rows that the part leaves out, after each pass: shape (passes, rows, labels). Kept."""
    attempt = learner.attempt
    name = f"scores-{name_of(dict(learner.made_of), part.number)}"
    is_new = not attempt.kept.has(name)
    found = attempt.kept.get(name, lambda: {"scores": np.array(learner.learn(part)[1].scores)})["scores"]
    shutil.rmtree(learner.folder(part), ignore_errors=True)
    attempt.step = part.before + part.times * learner.updates(len(part.rows.tokens)) - 1
    attempt.done(is_new)
    return found


def _chosen(
    learner: Learner, scores: "Array", targets: "Array", times: int, by: str, often: "Array | None" = None
) -> Chosen:
    """`often`: how often labels are given, where other rows than those that choose say it."""
    config = learner.config
    tuned = tune(
        0.0,
        scores,
        targets,
        exclusive=learner.exclusive,
        limit=config.task.limit,
        folds=min(FOLDS, len(targets)),
        often=often,
        seed=config.seed,
        tick=learner.attempt.tick,
    )
    return Chosen(tuned, times, how_often(targets, exclusive=learner.exclusive) if often is None else often, by)
