"""What a fit that ends well leaves: the head's folder, its figures, the manifest."""

import shutil
from typing import Any

from common.encoder import EncoderRecord
from common.files import built_folder
from training.engine.events import finite
from training.engine.manifest import put_manifest
from training.engine.rundir import RunDir
from training.engine.validated import VALIDATED
from training.heads.config import HeadConfig, HeadTask
from training.heads.folder import Fitted, Proof, save
from training.heads.rows import Rows
from training.heads.surroundings import environment
from training.heads.tuning import Plan, Tuned


def facts_of(
    encoder: EncoderRecord, task: HeadTask, rows: Rows, said: dict[str, str], plan: Plan, tuned: Tuned
) -> dict[str, Any]:
    """What the pages tell of a head: its encoder, what was chosen, and the labels that no row taught."""
    taught = frozenset[str]().union(*rows.labels)
    names = [label.name for label in task.labels]
    told = encoder.model_dump(mode="json", include={"name", "revision", "languages", "limit", "runs", "dimension"})
    facts = {
        "encoder": told,
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
    found: dict[str, Any] = finite(facts)
    return found


def save_head(run: RunDir, fitted: Fitted, proof: Proof) -> None:
    """Write the head's folder; it appears whole or not at all."""
    for leftover in run.head.parent.glob(f".{run.head.name}-*"):  # of an attempt that was killed here
        shutil.rmtree(leftover)
    with built_folder(run.head) as folder:
        save(folder, fitted, proof)


def write_manifest(run: RunDir, config: HeadConfig, metrics: dict[str, Any], validated: list[list[float]]) -> None:
    """The manifest of a head; `validated`: how each validation row is answered (`training.engine.validated`)."""
    encoder = metrics["head"]["encoder"]
    base = {"name": encoder["name"], "revision": encoder["revision"], "location": config.base_model.name}
    told = {"base": base, "seed": config.seed, "config": config.model_dump(mode="json"), "metrics": finite(metrics)}
    told[VALIDATED] = validated
    put_manifest(run, run.head, environment(), told)
