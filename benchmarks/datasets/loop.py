"""The whole loop on a public data set: import, reviews played from the true labels, training, benchmark, gate.

    make serve                                                              # in one terminal
    .venv/bin/python -m config.launcher run -- .venv/bin/python benchmarks/datasets/loop.py goemotions FOLDER

FOLDER holds the data set as its authors publish it (README.md beside this file). Prints every step with its wall time
and writes the figures as JSON.
"""

import argparse
import csv
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402

from demo import report  # noqa: E402
from demo.setup import World, make_world, serve  # noqa: E402
from demo.show import Show  # noqa: E402
from demo.steps.training import show_baselines, triggered_run  # noqa: E402
from demo.steps.watching import wait_until_live, watch_build, watch_judgment, watch_training  # noqa: E402
from evaluation.models import GatePolicy  # noqa: E402
from labeling import services  # noqa: E402
from labeling.kinds import Answer  # noqa: E402
from labeling.models import GoldenSample, Membership, Prediction, Project, Role, Sample, Split, User  # noqa: E402
from training.models import RetrainPolicy, TrainingProfile  # noqa: E402
from training.services import create_baseline  # noqa: E402

PROPOSAL_SECONDS = 120
PROFILE = {"max_length": 1024, "batch_size": 8, "learning_rate": 2e-3}


@dataclass(frozen=True)
class DataSet:
    """A data set: how it is asked, where its rows are, and its true answers by text."""

    kind: str
    instruction: str
    labels: list[str]
    file: Path
    columns: dict[str, Any]
    truth: dict[str, Answer]


def goemotions(folder: Path) -> DataSet:
    """GoEmotions: 43,410 comments with one to five of 28 emotions. Tab-separated, quoted as CSV, labels by number."""
    labels = (folder / "labels.txt").read_text(encoding="utf-8").split()
    file = folder / "train.tsv"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t"))
    truth = {
        key(text): {"labels": [labels[int(number)] for number in sorted(ids.split(","), key=int)]}
        for text, ids, _ in rows
    }
    columns = {"text_column": "0", "id_column": "2", "no_header": True}
    return DataSet("multi_label", "Name the emotions that the comment expresses.", labels, file, columns, truth)


def banking77(folder: Path) -> DataSet:
    """BANKING77: 10,003 questions of a bank's customers, each with one of 77 intents."""
    labels = json.loads((folder / "categories.json").read_text(encoding="utf-8"))
    file = folder / "train.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        truth = {key(row["text"]): {"label": row["category"]} for row in csv.DictReader(lines)}
    return DataSet("single_label", "Name the intent of the customer's question.", labels, file, {}, truth)


DATA_SETS = {"goemotions": goemotions, "banking77": banking77}


def key(text: str) -> str:
    """A text as it is compared: the import may trim and unify spaces."""
    return " ".join(text.split())


def main() -> None:
    options = _options()
    data = DATA_SETS[options.name](options.folder)
    show = Show()
    with show.step("Base model"):
        world = make_world(show, "smollm2", options.out)
    with show.step(f"Import {data.file.name}"):
        make_project(world, data, options)
        call_command("import_samples", str(data.file), project=options.name, **data.columns)
    with show.step("The bare base model goes live as the baseline"):
        wait_until_live(world, create_baseline(world.project, world.base))
    with show.step(f"{options.reviews} reviews, with the live model's proposals"):
        reviewed = review(world, data, options.reviews)
    with show.step("Training, started by the threshold"):
        version = watch_training(world, triggered_run(world))
    with show.step("Merge, convert, prove, stage"):
        staged = watch_build(world, version)
    with show.step("Benchmarks through the local server, baselines, gate"):
        watch_judgment(world, staged)
        show_baselines(world)
    figures = {**report.collect(world), "reviews": dict(reviewed)}
    report.show(world, figures, "http://127.0.0.1:8000")
    show.say(f"Every figure: {report.write(options.out, figures)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("name", choices=DATA_SETS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reviews", type=int, default=2000)
    parser.add_argument(
        "--threshold", type=int, help="Golden samples that start the run. Default: 70 %% of the reviews."
    )
    parser.add_argument("--steps", type=int, default=75)
    parser.add_argument("--out", type=Path, default=Path("var/datasets"), help="Where report.json goes.")
    options = parser.parse_args()
    options.out = options.out / options.name
    options.threshold = options.threshold or options.reviews * 70 // 100
    if Project.objects.filter(key=options.name).exists():
        parser.error(f"there is a project {options.name} already; choose another TOUCHSTONE_VAR")
    return options


def make_project(world: World, data: DataSet, options: argparse.Namespace) -> None:
    """A project whose test split gets a quarter of the reviews, with policies that let the loop run by itself."""
    world.project = services.create_project(
        None,
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
    RetrainPolicy.objects.create(project=world.project, threshold=options.threshold, profile=profile, base=world.base)
    GatePolicy.objects.create(project=world.project, minimum=0.2)
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
    sample = services.next_sample(world.expert, world.project)
    if sample is None:
        raise SystemExit(f"The queue is empty: {Sample.objects.filter(project=world.project).count()} samples in all.")
    right = data.truth[key(sample.text)]
    if sample.split == Split.TEST:
        services.correct(world.expert, sample, answer=right, seconds=3.0)
        return "correct"
    proposal = world.show.wait("a proposal", Prediction.objects.filter(sample=sample).first, timeout=PROPOSAL_SECONDS)
    if proposal.answer == right:
        services.confirm(world.expert, sample, prediction=proposal, seconds=1.0)
        return "confirm"
    services.correct(world.expert, sample, answer=right, prediction=proposal, seconds=3.0)
    return "correct"


if __name__ == "__main__":
    main()
