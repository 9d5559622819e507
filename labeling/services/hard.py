"""Which test texts are hard cases, as far as people said or did something that tells.

What models answered in benchmarks tells more; the floor above adds that.
"""

from collections import defaultdict

from django.db.models import Exists, F, OuterRef, Q

from labeling.kinds import Answer
from labeling.models import Feedback, GoldenSample, Hard, MustPass, Project, Review, Split
from labeling.querysets import analyzed_before
from labeling.services.fitting import Fitting
from labeling.ways import DRAWN

Reasons = dict[int, set[Hard]]


def hard_texts(project: Project) -> Reasons:
    """The test texts of a project that are hard cases, by their id, each with why.

    None of these takes a text out of the suite that carries figures: who complains of one may not bend them.
    """
    found: Reasons = defaultdict(set)
    golden = GoldenSample.objects.hard().filter(project=project)
    marked = MustPass.objects.in_force().filter(sample__project=project)
    chosen = golden.filter(Q(analyzed_before()) | ~Q(sample__way_in__in=DRAWN))
    for reason, rows in (
        (Hard.MUST_PASS, marked.values_list("sample", flat=True)),
        (Hard.COMPLAINT, _complaints(project)),
        (Hard.CHOSEN, chosen.values_list("sample", flat=True)),
        (Hard.DISAGREED, _disagreed(project)),
    ):
        for sample in rows:
            found[sample].add(reason)
    return found


def _complaints(project: Project) -> set[int]:
    """Texts where feedback was a thumb down, or another answer than the one that was given."""
    differs = Q(prediction__answer__isnull=True) | ~Q(answer=F("prediction__answer"))
    other = Q(answer__isnull=False, thumb=None) & differs
    said = Feedback.objects.filter(
        Q(thumb=Feedback.Thumb.DOWN) | other, project=project, prediction__sample__split=Split.TEST
    )
    return set(said.values_list("prediction__sample", flat=True))


def _disagreed(project: Project) -> set[int]:
    """Texts to which another person gave another answer than the one in force; what one took back oneself is none."""
    golden = GoldenSample.objects.hard().filter(project=project)
    reviews = Review.objects.filter(sample__project=project, sample__split=Split.TEST, answer__isnull=False)
    others = reviews.exclude(undone_by__reviewer=F("reviewer")).exclude(
        Exists(golden.filter(sample=OuterRef("sample"), review__reviewer=OuterRef("reviewer")))
    )
    said = defaultdict[int, list[tuple[int, Answer]]](list)
    for sample, spec, answer in others.values_list("sample", "spec", "answer"):
        said[sample].append((spec, answer or {}))
    fitting = Fitting(project.spec.to_spec())
    return {
        row.sample_id
        for row in golden.filter(sample__in=list(said))
        for spec, answer in said[row.sample_id]
        if fitting.read(spec, answer) not in (None, fitting.read(row.spec_id, row.answer))
    }
