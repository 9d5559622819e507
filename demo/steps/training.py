"""Steps 3 to 5 and 7: the trigger, the first trained version, what changed, and a version spoiled on purpose."""

import random

from common import jsonl
from demo.setup import DEMO, World
from demo.show import DemoError
from demo.steps.watching import wait_until_live, watch_build, watch_judgment, watch_training
from deployment.artifacts.modelfiles import write_modelfile
from deployment.live import live_deployment
from deployment.serving.predict import predict
from evaluation.models import BaselineResult
from labeling.models import Prediction, SampleState
from training.models import Snapshot, TrainingRun
from training.services import freeze_rows, start_run
from training.services.snapshots import folder_of

CHANGED_TEXTS, SHOWN = 16, 8
SPOILED_SEED = 3


def triggered_run(world: World) -> TrainingRun:
    """The run that the threshold started by itself."""
    run = world.show.wait(
        "the retrain trigger", lambda: TrainingRun.objects.filter(project=world.project).first(), timeout=120
    )
    assert isinstance(run, TrainingRun)
    world.show.say(
        f"the trigger fired by itself ({run.get_trigger_display().lower()}); snapshot {run.snapshot.digest[:12]}"
    )
    return run


def train_first_version(world: World) -> None:
    """Train, build, judge and, by the gate alone, promote version 1."""
    version = watch_training(world, triggered_run(world))
    wait_until_live(world, version)


def show_baselines(world: World) -> None:
    """How version 1 stands to methods without a language model."""
    for row in BaselineResult.objects.filter(suite__project=world.project):
        world.show.say(f"{row.name}: micro-F1 {row.metrics['f1_micro']:.3f}, exact {row.metrics['exact']:.3f}")
    deployment = live_deployment(world.project)
    assert deployment is not None
    path = write_modelfile(world.project, deployment.modelfile)
    world.show.say(f"Modelfile: {path}")


def show_changes(world: World) -> None:
    """Texts that wait for review, as version 0 and version 1 answer them, side by side where they differ."""
    rows, better, worse = [], 0, 0
    waiting = Prediction.objects.filter(
        project=world.project, sample__state=SampleState.PENDING, model_tag=f"{world.project.key}:v0"
    ).select_related("sample")
    for old in waiting[:CHANGED_TEXTS]:
        assert old.sample is not None
        new = predict(DEMO, world.project, old.sample.whole_input, source=Prediction.Source.QUEUE, sample=old.sample)
        truth = world.truth[old.sample.text]
        was, now = _labels(old), _labels(new)
        better += now == truth != was
        worse += was == truth != now
        if was != now:
            rows.append([old.sample.text[:90], ", ".join(was), ", ".join(now), ", ".join(truth)])
    world.show.table(f"Answers that changed ({len(rows)})", ["text", "v0", "v1", "true"], rows[:SHOWN])
    world.show.say(
        f"of {min(CHANGED_TEXTS, len(waiting))} texts {len(rows)} changed; {better} became right, {worse} wrong"
    )


def _labels(prediction: Prediction) -> list[str]:
    return list((prediction.answer or {}).get("labels", []))


def spoiled_snapshot(world: World, snapshot: Snapshot) -> Snapshot:
    """The same texts with the answers of other texts: what nobody should be able to promote."""
    rows = {}
    for split in ("train", "validation"):
        rows[split] = list(jsonl.read(folder_of(snapshot) / f"{split}.jsonl"))
        answers = [row["completion"] for row in rows[split]]
        random.Random(SPOILED_SEED).shuffle(answers)
        rows[split] = [{**row, "completion": answer} for row, answer in zip(rows[split], answers, strict=True)]
    return freeze_rows(DEMO, world.project, snapshot.spec, rows, note="Answers shuffled on purpose, for the demo")


def train_spoiled_version(world: World) -> None:
    """A further version, trained shortly on shuffled labels, is refused by the gate."""
    good = TrainingRun.objects.filter(project=world.project).earliest("pk")
    steps = max(8, int(good.config["max_steps"]) // 4)
    run = start_run(
        DEMO,
        world.project,
        trigger=TrainingRun.Trigger.MANUAL,
        profile=good.profile,
        base=world.base,
        snapshot=spoiled_snapshot(world, good.snapshot),
        overrides={"max_steps": steps},
        again=True,
    )
    report = watch_judgment(world, watch_build(world, watch_training(world, run)))
    if report.verdict != "refused":
        raise DemoError(f"The spoiled version was not refused: {report.sentence}")
