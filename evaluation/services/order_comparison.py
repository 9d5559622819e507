"""Is the order of review worth it here? Two heads on equal numbers of labels, on the same blind test texts.

All texts that chance has passed by now, whichever stream gave them, are a sample of all training texts: their ranks are
hashes. The other head learns from as many of the first answers as the streams gave them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from common import actor as actors
from common.alone import alone
from common.encoder import EncoderError
from common.paired import Difference
from evaluation.models import OrderComparison
from evaluation.paired import compare
from evaluation.scorers import Scored, scorer_of
from labeling.answers import parse
from labeling.models import GoldenSample, Project, Split, Stream
from labeling.prompts import messages
from labeling.querysets import capped_count
from labeling.services import events
from labeling.services.fitting import Fitting
from labeling.services.order.drawing import SKIPPED
from labeling.services.vectors.texts import kept_vectors
from training.heads.answering import Answering
from training.heads.config import HeadTask
from training.heads.rows import Rows, described, rows_of, taught, words_of
from training.headtasks import head_task
from training.methods import HEAD
from training.services.snapshots import SAMPLE, golden_rows

_SYSTEM = actors.system("order")
# Below so many labels of each, or cases, nothing is said.
LABELS, CASES = 50, 30
# The newest test texts, and labels of each: seconds of one core.
_MOST_CASES, _MOST_LABELS = 1_000, 2_000
_STREAMS = (Stream.TEACH, Stream.RANDOM)


@dataclass(frozen=True)
class Sides:
    """The samples, by uid, that each head learns from: as many of both."""

    ordered: frozenset[str]
    by_chance: frozenset[str]

    @property
    def labels(self) -> int:
        """That each has."""
        return len(self.by_chance)


def sides_of(project: Project) -> Sides:
    """What chance has passed by, and as many of the first answers; answers of today's golden samples alone."""
    golden = GoldenSample.objects.trainable().filter(project=project, source=GoldenSample.Source.REVIEW)
    # A text that was put first or skipped has a rank that chance did not give.
    given = golden.filter(sample__stream__in=_STREAMS, sample__rank__gte=0, sample__rank__lt=SKIPPED)
    # Validation texts are drawn before their turn.
    last = given.filter(sample__stream=Stream.RANDOM, sample__split=Split.TRAIN).aggregate(last=Max("sample__rank"))[
        "last"
    ]
    if last is None:
        return Sides(frozenset(), frozenset())
    passed = given.filter(sample__rank__lte=last).order_by("sample__rank").values_list("sample__uid", flat=True)
    by_chance = [str(uid) for uid in passed[:_MOST_LABELS]]
    first = given.order_by("pk").values_list("sample__uid", flat=True)[: len(by_chance)]
    return Sides(frozenset(map(str, first)), frozenset(by_chance))


def cases_of(project: Project) -> int:
    """Test texts with an answer that may judge."""
    return capped_count(GoldenSample.objects.judging().filter(project=project), _MOST_CASES)


def is_due(project: Project) -> bool:
    """There are enough labels and cases, a fifth more labels than last time, and some that the order chose."""
    if HEAD.obstacle(project) or cases_of(project) < CASES:
        return False
    taught_by = GoldenSample.objects.trainable().filter(project=project, sample__stream=Stream.TEACH)
    known = OrderComparison.objects.filter(project=project).values_list("labels", flat=True).first() or 0
    return taught_by.exists() and sides_of(project).labels >= max(LABELS, known * 1.2)


def due() -> list[int]:
    """Projects to compare the order of."""
    streams = GoldenSample.objects.filter(sample__stream=Stream.TEACH, project__archived_at=None)
    projects = Project.objects.filter(pk__in=streams.order_by().values("project").distinct())
    return [project.pk for project in projects if is_due(project)]


def compare_orders(project: Project) -> OrderComparison | None:
    """Fit both heads and keep how they differ; None where that is not due, another worker does it, or no encoder."""
    with alone(f"order comparison of {project.pk}") as mine:
        if not mine or not is_due(project):
            return None
        sides = sides_of(project)
        try:
            found, cases = _compared(project, sides)
        except EncoderError:
            return None
        return _keep(project, sides.labels, cases, found)


def _compared(project: Project, sides: Sides) -> tuple[Difference, int]:
    from django.conf import settings
    from threadpoolctl import threadpool_limits

    spec = project.spec.to_spec()
    task = HeadTask.model_validate(head_task(spec))
    found, _ = golden_rows(project)
    kept = [*found[Split.TRAIN], *found[Split.VALIDATION]]
    vectors, fitting = kept_vectors(), Fitting(spec)
    golden = GoldenSample.objects.judging().filter(project=project).select_related("sample").order_by("-pk")
    judged = [(row, fitting.read(row.spec_id, row.answer)) for row in golden[:_MOST_CASES]]
    cases = [(row.sample, answer) for row, answer in judged if answer is not None]
    asked = vectors([words_of(messages(spec, sample.whole_input)) for sample, _ in cases])
    answers = []
    with threadpool_limits(settings.ENCODER_THREADS):
        for uids in (sides.ordered, sides.by_chance):
            rows = rows_of([row for row in kept if row[SAMPLE] in uids], task, "golden samples")
            replies = _replies(rows, task, vectors, asked)
            parsed = [parse(raw, spec, sample.whole_input) for raw, (sample, _) in zip(replies, cases, strict=True)]
            answers.append(
                [Scored(right, each.answer, each.status) for each, (_, right) in zip(parsed, cases, strict=True)]
            )
    groups = [sample.group_hash for sample, _ in cases]
    return compare(scorer_of(spec), *answers, groups=groups), len(cases)


def _replies(rows: Rows, task: HeadTask, vectors: Any, asked: Any) -> Sequence[str]:
    from training.heads.quick import fit_quickly

    said, names = described(task), [label.name for label in task.labels]
    quick = fit_quickly(vectors([*rows.texts, *said.values()]), taught(rows, list(said), names), len(rows.labels), task)
    answering: Answering = quick.answering
    return [answering.text(answering.given(row)) for row in quick.head.chances(asked).tolist()]


@transaction.atomic
def _keep(project: Project, labels: int, cases: int, found: Difference) -> OrderComparison:
    values = {
        "labels": labels, "cases": cases, "ordered": found.candidate, "by_chance": found.reference,
        "difference": found.value, "low": found.low, "high": found.high, "made_at": timezone.now(),
    }  # fmt: skip
    row, _ = OrderComparison.objects.update_or_create(project=project, defaults=values)
    events.record(_SYSTEM, "order.compared", row, after={"labels": labels, "difference": found.value})
    return row
