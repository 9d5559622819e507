"""Have the answer of a test text given once more: blind, by somebody else, and as many untouched ones with it.

Who looks again only at what a model had otherwise moves the answers towards that model. So an untouched test text comes
to review beside each one that was asked for, and nobody is told which is which.
"""

import random

from django.db import transaction
from django.db.models import Exists, OuterRef

from common.actor import Actor
from common.problems import ConflictError
from labeling.access import Right, require
from labeling.models import GoldenSample, Review, Sample, SampleState, Split
from labeling.services.reviews import sent_back


@transaction.atomic
def recheck(actor: Actor, sample: Sample) -> list[Sample]:
    """Send an answered test text back to review with one that nobody ever sent back, where there is one; both of them.

    Neither is held for the person who asks, and neither has an answer filled in. Until they are answered they are in no
    new suite. Raises `PermissionDenied`, and `ConflictError` where it is no test text with an answer.
    """
    require(actor, sample.project, Right.REVIEW)
    mixed_in = _untouched(sample)
    wanted = [sample.pk, *([mixed_in] if mixed_in else [])]
    rows = {row.pk: row for row in Sample.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")}
    asked = rows[sample.pk]
    if asked.split != Split.TEST or asked.state != SampleState.GOLDEN:
        raise ConflictError("Only a test text that has its answer can be asked again.")
    # Somebody may have decided about the other one in between.
    both = [row for row in rows.values() if row.state == SampleState.GOLDEN]
    random.shuffle(both)
    for row in both:
        sent_back(actor, row, None)
    return both


def _untouched(sample: Sample) -> int | None:
    """A test text of the project that judges and was never sent back, by chance."""
    touched = Review.objects.filter(sample=OuterRef("sample"), action=Review.Action.UNDO)
    golden = GoldenSample.objects.judging().filter(project=sample.project_id).exclude(sample=sample)
    return golden.exclude(Exists(touched)).order_by("?").values_list("sample", flat=True).first()
