"""Takes a data set through the loop, each step with its wall time, as the demo shows it."""

import argparse
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management import call_command

from benchmarks.datasets.sources import DATA_SETS, DataSet, key
from benchmarks.report import Figure, Result
from common.actor import system
from demo import report
from demo.setup import World, make_world, serve
from demo.show import Show
from demo.steps.training import show_baselines, triggered_run
from demo.steps.watching import wait_until_live, watch_build, watch_judgment, watch_training
from evaluation.models import GatePolicy
from labeling import services
from labeling.access import acting
from labeling.models import GoldenSample, Membership, Prediction, Role, Sample, Split, User
from training.methods import SFT
from training.models import RetrainPolicy, TrainingProfile
from training.services import create_baseline

BENCHMARK = system("benchmark")

PROPOSAL_SECONDS = 120
PROFILE = {"max_length": 1024, "batch_size": 8, "learning_rate": 2e-3}


def measure(options: argparse.Namespace) -> Result:
    """The loop's steps; figures of both versions, of the simple methods, of the reviews, and seconds by step."""
    data = DATA_SETS[options.name](options.folder)
    show = Show()
    with show.step("Base model"):
        world = make_world(show, "smollm2", settings.VAR_DIR)
    with show.step(f"Import {data.file.name}"):
        make_project(world, data, options)
        call_command("import_samples", str(data.file), project=options.name, **data.columns)
    with show.step("The bare base model goes live as the baseline"):
        wait_until_live(world, create_baseline(BENCHMARK, world.project, world.base))
    with show.step(f"{options.reviews} reviews, with the live model's proposals"):
        reviewed = review(world, data, options.reviews)
    with show.step("Training, started by the threshold"):
        version = watch_training(world, triggered_run(world))
    with show.step("Merge, convert, prove, stage"):
        staged = watch_build(world, version)
    with show.step("Benchmarks through the local server, baselines, gate"):
        watch_judgment(world, staged)
        show_baselines(world)
    return Result(_figures(report.collect(world), reviewed))


def _figures(found: dict[str, Any], reviewed: Counter[str]) -> dict[str, dict[str, Figure]]:
    versions = {row["tag"]: row for row in found["versions"]}
    return {
        **{tag: {name: row[name] for name in (*report.FIGURES, "verdict", "state")} for tag, row in versions.items()},
        **found["baselines"],
        "reviews": dict(reviewed),
        "seconds": {step["name"]: step["seconds"] for step in found["steps"]},
    }


def make_project(world: World, data: DataSet, options: argparse.Namespace) -> None:
    """A project whose test split gets a quarter of the reviews, with policies that let the loop run by itself."""
    world.project = services.create_project(
        BENCHMARK,
        key=options.name,
        name=options.name,
        kind=data.kind,
        instruction=data.instruction,
        labels=data.labels,
        max_labels=5,
        train_share=70,
        validation_share=5,
        test_share=25,
        decoding={"temperature": 0, "seed": 7, "num_predict": 64, "num_ctx": 1536},
    )
    world.expert, _ = User.objects.get_or_create(username="expert")
    Membership.objects.create(project=world.project, user=world.expert, role=Role.EXPERT)
    profile, _ = TrainingProfile.objects.update_or_create(
        name=f"{options.name}-trial", defaults={"config": {**PROFILE, "max_steps": options.steps}}
    )
    threshold = options.threshold or options.reviews * 70 // 100
    values = {"threshold": threshold, "profile": profile, "base": world.base, "method": SFT.name}
    RetrainPolicy.objects.update_or_create(project=world.project, defaults=values)
    GatePolicy.objects.update_or_create(project=world.project, defaults={"minimum": 0.2})
    serve(world.project)


def review(world: World, data: DataSet, total: int) -> Counter[str]:
    """Play the expert, through the service of the review page: confirm what is right, correct what is wrong.

    Test texts are answered blind, which counts as corrected.
    """
    counts = Counter[str]()
    with world.show.bar("reviews", total=total) as update:
        while sum(counts.values()) < total:
            counts[_review_one(world, data)] += 1
            update(sum(counts.values()), f"{counts['confirm']} confirmed, {counts['correct']} corrected")
    golden = GoldenSample.objects.current().filter(project=world.project)
    splits = Counter(golden.values_list("sample__split", flat=True))
    world.show.say(f"{counts['confirm']} confirmed, {counts['correct']} corrected; golden samples: {dict(splits)}")
    return counts


def _review_one(world: World, data: DataSet) -> str:
    sample = services.next_sample(acting(world.expert), world.project)
    if sample is None:
        raise SystemExit(f"The queue is empty: {Sample.objects.filter(project=world.project).count()} samples in all.")
    right = data.truth[key(sample.text)]
    if sample.split == Split.TEST:
        services.decide(acting(world.expert), sample, right, seconds=3.0)
        return "correct"
    proposal = world.show.wait("a proposal", Prediction.objects.filter(sample=sample).first, timeout=PROPOSAL_SECONDS)
    if proposal.answer == right:
        services.confirm(acting(world.expert), sample, prediction=proposal, seconds=1.0)
        return "confirm"
    services.decide(acting(world.expert), sample, right, prediction=proposal, seconds=3.0)
    return "correct"
