"""What one round of the load left, held against the rows: nothing that a client was told may be missing."""

import argparse
from collections import Counter
from dataclasses import dataclass

from benchmarks.load import figures, work
from benchmarks.load.figures import Stop
from benchmarks.load.reviewers import Reviewer, Reviewers
from benchmarks.report import Figure
from demo.load import Sent
from labeling.models import ImportBatch, Prediction, Review
from training.models import TrainingRun

_DECIDED = (Review.Action.CONFIRM, Review.Action.CORRECT)


@dataclass
class Seen:
    """What one round of the load left."""

    doors: dict[str, list[Sent]]
    people: Reviewers
    predicted: list[tuple[float, str]]
    batch: ImportBatch
    run: TrainingRun
    stops: list[Stop]


def unkept(seen: Seen) -> list[float]:
    """When what was acknowledged was sent that the rows do not hold: decisions and predictions."""
    lost = []
    for person in seen.people.people:
        there = decisions(person)
        lost += [at for at, sample in person.kept if sample not in there]
    rows = Prediction.objects.filter(uid__in=[uid for _, uid in seen.predicted])
    held = set(map(str, rows.values_list("uid", flat=True)))
    return lost + [at for at, uid in seen.predicted if uid not in held]


def decisions(person: Reviewer) -> Counter[str]:
    """How often a person decided each sample, by the rows."""
    rows = Review.objects.filter(reviewer__username=person.name, action__in=_DECIDED)
    return Counter(map(str, rows.values_list("sample__uid", flat=True)))


def beside(options: argparse.Namespace, calm: Seen, hard: Seen) -> dict[str, dict[str, Figure]]:
    """The import and the training of both rounds, and the decisions by the clients' count."""
    rows: dict[str, dict[str, Figure]] = {}
    for title, seen in (("nothing stopped", calm), ("with stops", hard)):
        rows |= {f"{name}, {title}": row for name, row in work.told(seen.batch, seen.run, options.rows).items()}
        kept = sum(len(person.kept) for person in seen.people.people)
        rows[f"decisions, {title}"] = {"of": kept, "done": kept - sum(at is not None for at in unkept(seen))}
    return rows


def wrong(calm: Seen, hard: Seen, lost: dict[str, list[float]]) -> int:
    """What must not happen on any machine: something lost or taken twice, a 500, a reviewer without a page."""
    count = sum(map(len, lost.values()))
    for seen in (calm, hard):
        for fault in seen.people.faults:
            print(fault)
        count += len(seen.people.faults)
        count += sum(figures.five_hundreds(sent) for sent in seen.doors.values())
        count += seen.run.state != TrainingRun.State.SUCCEEDED
        accounted = seen.batch.imported + seen.batch.duplicates + seen.batch.bad_rows
        count += seen.batch.state != ImportBatch.State.SUCCEEDED or accounted != seen.batch.rows_read
    twice = sum(times - 1 for person in hard.people.people for times in decisions(person).values())
    return count + twice
