"""What a fit that ends well leaves: the head's folder, its figures, the manifest."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.encoder import EncoderRecord
from common.files import built_folder
from training.engine.events import finite
from training.engine.manifest import put_manifest
from training.engine.rundir import RunDir
from training.engine.validated import VALIDATED
from training.heads.config import HeadConfig, HeadTask
from training.heads.rows import Rows
from training.heads.tuning import Plan, Tuned

if TYPE_CHECKING:
    from training.engine.finetuning.config import FinetuneConfig


def facts_of(
    encoder: EncoderRecord, task: HeadTask, rows: Rows, said: dict[str, str], plan: Plan, tuned: Tuned
) -> dict[str, Any]:
    """What the pages tell of a head: its encoder, what was chosen, and the labels that no row taught."""
    taught = frozenset[str]().union(*rows.labels)
    names = [label.name for label in task.labels]
    told = encoder.model_dump(mode="json", include={"name", "revision", "languages", "limit", "runs", "dimension"})
    facts = {
        "encoder": {**told, "key": encoder.key},
        "labels": len(names),
        "plan": plan.told,
        "strength": tuned.c,
        "left_out_figure": tuned.figure,
        "calibration": vars(tuned.calibration),
        "calibration_error": tuned.error,
        "calibration_error_before": tuned.error_before,
        "own_thresholds": tuned.own_thresholds,
        "only_described": [name for name in names if name in said and name not in taught],
        "untaught": [name for name in names if name not in said and name not in taught],
    }
    if tuned.whole_answer is not None and tuned.given is not None:
        facts["whole_answer"] = {**tuned.whole_answer.kept(), "rows": len(tuned.given)}
    found: dict[str, Any] = finite(facts)
    return found


@contextmanager
def head_folder(run: RunDir) -> Iterator[Path]:
    """The head's folder, which appears whole or not at all."""
    for leftover in run.head.parent.glob(f".{run.head.name}-*"):  # of an attempt that was killed here
        shutil.rmtree(leftover)
    with built_folder(run.head) as folder:
        yield folder


def write_manifest(
    run: RunDir,
    config: "HeadConfig | FinetuneConfig",
    base: EncoderRecord,
    surroundings: Mapping[str, Any],
    metrics: dict[str, Any],
    validated: list[list[float]],
) -> None:
    """The manifest of a head.

    `base`: the encoder that it was made of; `validated`: how each validation row is answered
    (`training.engine.validated`).
    """
    made_of = {"name": base.name, "revision": base.revision, "location": config.base_model.name}
    told = {"base": made_of, "seed": config.seed, "config": config.model_dump(mode="json"), "metrics": finite(metrics)}
    put_manifest(run, [run.head], surroundings, {**told, VALIDATED: validated})
