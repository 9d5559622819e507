"""Steps 1 and 2: import, the baseline live, and the expert's reviews."""

from collections import Counter

from common import jsonl
from demo.setup import DEMO, THRESHOLD, World
from demo.steps.watching import wait_until_live
from labeling import services
from labeling.access import acting
from labeling.models import GoldenSample, Prediction, Sample, Split
from training.services import create_baseline

PROPOSAL_SECONDS = 120


def import_messages(world: World) -> None:
    """The messages come in; only those of the test split bring their known answers."""
    path = world.folder / "messages.jsonl"
    jsonl.write(path, world.messages)
    options = {"format": "jsonl", "text": "text", "answer": "labels", "external_id": "id", "answers": "test"}
    batch = services.import_file(DEMO, world.project, path, options)
    splits = Counter(Sample.objects.filter(project=world.project).values_list("split", flat=True))
    world.show.say(
        f"{batch.imported} imported, {batch.duplicates} duplicates, {batch.bad_rows} bad rows; "
        f"{splits['train']} train, {splits['validation']} validation, {splits['test']} test "
        f"({batch.golden} with known answers)"
    )


def serve_baseline(world: World) -> None:
    """Version 0, the bare base model held to the project's schema, goes live as the baseline."""
    version = create_baseline(DEMO, world.project, world.base)
    wait_until_live(world, version)


def review(world: World) -> None:
    """The expert confirms what is right and corrects what is wrong, until the project's threshold is reached."""
    world.show.say(
        "[dim]The expert is played: the shipped true labels, through the service that the review page calls.[/]"
    )
    counts = Counter[str]()
    with world.show.bar("reviews", total=THRESHOLD) as update:
        while sum(counts.values()) < THRESHOLD:
            counts[review_one(world)] += 1
            update(sum(counts.values()), f"{counts['confirm']} confirmed, {counts['correct']} corrected")
    world.show.say(f"{counts['confirm']} confirmed, {counts['correct']} corrected")
    trainable = GoldenSample.objects.trainable().filter(project=world.project).count()
    world.show.say(f"{trainable} golden samples outside the test split: the threshold is {THRESHOLD}")


def review_one(world: World) -> str:
    """One decision on the next sample of the queue: "confirm" or "correct". Showing it makes a worker propose.

    A test text is answered blind: nothing is proposed for it.
    """
    expert = acting(world.expert)
    sample = services.next_sample(expert, world.project)
    assert sample is not None, "the demo's queue is longer than its threshold"
    right = {"labels": world.truth[sample.text]}
    if sample.split == Split.TEST:
        services.decide(expert, sample, right, seconds=5.0)
        return "correct"
    proposal = world.show.wait("a proposal", Prediction.objects.filter(sample=sample).first, timeout=PROPOSAL_SECONDS)
    if proposal.answer == right:
        services.confirm(expert, sample, prediction=proposal, seconds=2.0)
        return "confirm"
    services.decide(expert, sample, right, prediction=proposal, seconds=5.0)
    return "correct"
