"""A thousand texts of GoEmotions are reviewed from the true labels while labels change.

A tenth of the texts that wait get a thumb down and some are analyzed; then labels are reordered, re-cased, renamed and
merged. Beside each figure stands what the rule before kept: the answers that equal the newest form as they stand.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

from benchmarks.datasets.sources import DataSet, goemotions, key
from benchmarks.report import Figure, Result
from common.actor import system
from evaluation.services.suites import freeze_suite
from labeling import services
from labeling.access import acting
from labeling.answers import parse
from labeling.kinds import Answer, AnswerError, Spec, validate_answer
from labeling.models import GoldenSample, Membership, Prediction, Project, Role, Sample, Split, User
from labeling.ways import DRAWN, INDEPENDENT, WayIn
from training.services import freeze_snapshot

BENCHMARK = system("benchmark")
SEED = 7
SAID = '{"labels": ["neutral"]}'


def measure(options: argparse.Namespace) -> Result:
    """Figures after each change; what chose a test case by anything but chance is wrong."""
    data, chance = goemotions(options.folder), random.Random(SEED)
    texts = list(data.truth)[: options.rows + 50]
    project = make_project(data)
    expert, _ = User.objects.get_or_create(username="expert")
    Membership.objects.create(project=project, user=expert, role=Role.EXPERT)
    services.add_samples(project, map(services.NewText, texts[: options.rows]), way_in=WayIn.IMPORT)
    drawn = test_order(project)
    pointed = point_at_texts(project, expert, texts[options.rows :], chance)
    review(project, expert, data, options.rows * 6 // 10)
    wrong = tell_cases(project, drawn, pointed)
    figures = {"no change": after_change(project)}
    for name, change in changes(project):
        change()
        figures[name] = after_change(project)
    return Result(figures, wrong)


def make_project(data: DataSet) -> Project:
    """A project whose test split is a quarter."""
    return services.create_project(
        BENCHMARK,
        key=f"labels-{Project.objects.count()}",
        name="Labels that change",
        kind=data.kind,
        instruction=data.instruction,
        labels=data.labels,
        train_share=70,
        validation_share=5,
        test_share=25,
    )


def test_order(project: Project) -> list[int]:
    """The test texts that wait, in the order in which chance put them."""
    rows = Sample.objects.pending().filter(project=project, split=Split.TEST)
    return list(rows.values_list("pk", flat=True))


def point_at_texts(project: Project, expert: User, new: list[str], chance: random.Random) -> Counter[str]:
    """Thumbs down on a tenth of what waits, corrections with them, and texts analyzed, old and new ones."""
    counts, spec = Counter[str](), project.spec
    waiting = list(Sample.objects.pending().filter(project=project))
    parsed = parse(SAID, spec.to_spec(), None)
    for sample in chance.sample(waiting, len(waiting) // 10):
        prediction = services.record_prediction(
            BENCHMARK,
            project,
            spec=spec,
            model_tag="shown:v1",
            raw=SAID,
            parsed=parsed,
            source=Prediction.Source.API,
            sample=sample,
        )
        right = {"labels": ["joy"]} if chance.random() < 0.5 else None
        services.give_feedback(acting(expert), prediction, thumb=-1, answer=right)
        counts["thumbs down"] += 1
        counts["of them on test texts"] += sample.split == Split.TEST
    for text in [*new, *(sample.text for sample in chance.sample(waiting, 50))]:
        services.record_prediction(
            BENCHMARK,
            project,
            spec=spec,
            model_tag="shown:v1",
            raw=SAID,
            parsed=parsed,
            source=Prediction.Source.ANALYZE,
            input=text,
        )
        counts["analyzed"] += 1
    return counts


def review(project: Project, expert: User, data: DataSet, total: int) -> None:
    """Play the expert on what the queue hands out."""
    for _ in range(total):
        sample = services.next_sample(acting(expert), project)
        assert sample is not None, "the queue is empty"
        services.decide(acting(expert), sample, data.truth[key(sample.text)])


def tell_cases(project: Project, drawn: list[int], pointed: Counter[str]) -> int:
    """How many cases something but chance chose, or brought before their turn."""
    suite = freeze_suite(project)
    assert suite is not None, "no test text was reviewed"
    cases = set(suite.cases.values_list("sample", flat=True))
    golden = GoldenSample.objects.current().filter(sample__in=cases)
    foreign = golden.exclude(sample__way_in__in=DRAWN).count() + golden.exclude(given__in=INDEPENDENT).count()
    place = {pk: number for number, pk in enumerate(drawn)}
    reviewed = GoldenSample.objects.current().filter(project=project, sample__split=Split.TEST).order_by("pk")
    order = [place[pk] for pk in reviewed.values_list("sample", flat=True) if pk in place]
    jumped = sum(after < before for before, after in pairwise(order))
    print(", ".join(f"{count} {name}" for name, count in pointed.items()))
    print(f"{suite.size} cases; reviewed before their turn: {jumped}; chosen or not blind: {foreign}")
    print(f"left out of the suite: {suite.left_out or 'nothing'}\n")
    return jumped + foreign


def changes(project: Project) -> Iterator[tuple[str, Callable[[], object]]]:
    """What a project goes through: five changes of its labels, none of which means to lose an answer."""

    def names() -> list[str]:
        return list(project.labels.values_list("name", flat=True))

    def rename() -> None:
        for old, new in {"joy": "delight", "anger": "rage", "love": "affection"}.items():
            services.change_label(BENCHMARK, project.labels.get(name=old), name=new)

    def merge() -> None:
        for old, into in {"annoyance": "rage", "disgust": "Disapproval", "excitement": "delight"}.items():
            merged = project.labels.get(name__iexact=old)
            services.merge_label(BENCHMARK, merged, project.labels.get(name__iexact=into))

    yield "reordered", lambda: services.replace_labels(BENCHMARK, project, sorted(names(), reverse=True))
    yield "renamed (3 labels)", rename
    yield (
        "re-cased (disapproval)",
        lambda: services.replace_labels(
            BENCHMARK, project, [name.title() if name == "disapproval" else name for name in names()]
        ),
    )
    yield "merged (3 into 3)", merge
    yield "reordered again", lambda: services.replace_labels(BENCHMARK, project, sorted(names()))


def after_change(project: Project) -> dict[str, Figure]:
    """How many answers are approved, and how many of them a snapshot, a suite and the rule before take."""
    spec = project.spec.to_spec()
    golden = GoldenSample.objects.current().filter(project=project)
    snapshot, suite = freeze_snapshot(BENCHMARK, project), freeze_suite(project)
    return {
        "approved": golden.count(),
        "in the snapshot": snapshot.train_rows + snapshot.validation_rows + snapshot.test_rows,
        "left out": snapshot.left_out_total,
        "cases": suite.size if suite else 0,
        "kept by equality": sum(_equals(spec, answer) for answer in golden.values_list("answer", flat=True)),
    }


def _equals(spec: Spec, answer: Answer) -> bool:
    try:
        validate_answer(spec, answer, None)
    except AnswerError:
        return False
    return True
