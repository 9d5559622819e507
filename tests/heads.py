"""Versions that are heads, fitted in this process on the encoder that tests make."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from labeling.models import Project
from labeling.services import decide_known
from tests.encoders import make_encoder
from tests.factories import SYSTEM, TAGS, make_sample
from tests.training.heads.folders import VOCABULARY, text_of
from training.engine.rundir import RunDir
from training.heads.fitting import fit_run
from training.models import ModelVersion, TrainingRun
from training.services import publish_version, start_run, supervisor

ENCODER, NAME = "tiny-encoder", "tests/words"


def have_encoder(settings: Any, folder: Path) -> Path:
    """A models folder of the test's own, with the encoder that the settings name."""
    settings.MODELS_DIR, settings.ENCODER_DIR = folder, folder / ENCODER
    return make_encoder(folder / ENCODER, VOCABULARY, name=NAME)


def make_answers(project: Project, count: int = 30, seed: int = 1) -> None:
    """Golden samples whose texts give their labels away, a quarter of them in the validation split."""
    chance = random.Random(seed)
    for number in range(count):
        labels = [TAGS[number % len(TAGS)]]
        text = f"{text_of(labels, chance)} {seed}{number}"
        sample = make_sample(project, text, split="validation" if number % 4 == 0 else "train")
        answer = {"labels": labels} if project.kind == "multi_label" else {"label": labels[0]}
        decide_known(SYSTEM, sample, answer)


def make_head_run(project: Project, **options: Any) -> TrainingRun:
    """A queued run, on what is golden now."""
    return start_run(SYSTEM, project, trigger=TrainingRun.Trigger.MANUAL, method="head", again=True, **options)


def make_head(project: Project, **options: Any) -> ModelVersion:
    """The version that comes out of a run; the news of it is not acted on."""
    return make_version(project, fit_run, method="head", **options)


def make_version(project: Project, work: Callable[[Path], object], **options: Any) -> ModelVersion:
    """That of a run that `work` works off in its folder."""
    run = start_run(SYSTEM, project, trigger=TrainingRun.Trigger.MANUAL, again=True, **options)
    folder = supervisor.prepare_folder(run)
    work(folder)
    metrics = json.loads(RunDir(folder).manifest.read_text())["metrics"]
    TrainingRun.objects.filter(pk=run.pk).update(state="succeeded", metrics=metrics)
    run.refresh_from_db()
    return publish_version(run)
