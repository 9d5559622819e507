"""Near-duplicates: texts whose vectors are almost the same, in groups. Only told: no sample and no split moves."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Greatest, Left

from common.nearest import Nearest
from labeling.models import AlikeGroup, AlikeText, Project, SampleState, Split, VectorSet
from labeling.services.vectors.store import hold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The cosine from which two texts count as nearly alike: the same but for a word or two.
ALIKE = 0.95
_LOOKED_AT = 10
# What is so near is found among few candidates, and each new text is looked for.
_EXPANSION = 64
# Texts of a group that a list shows, and characters of a text.
SHOWN, HEAD = 10, 200
# The newest groups, which a summary is made of.
SUMMED = 1_000
_BLIND = Q(sample__split=Split.TEST, sample__state=SampleState.PENDING)
Pair = tuple[int, int, float]


def pairs(nearest: Nearest, ids: Sequence[int], rows: "NDArray[np.float32]") -> list[Pair]:
    """(sample, sample, cosine) of what is nearly alike to one of these, which the index has already."""
    return [
        (mine, other, min(cosine, 1.0))
        for mine, row in zip(ids, rows, strict=True)
        for other, cosine in nearest.search(row, _LOOKED_AT + 1, _EXPANSION)
        if other != mine and cosine >= ALIKE
    ]


@transaction.atomic
def note(project: Project, found: Sequence[Pair], generation: int = 0) -> None:
    """Put the samples of these pairs into groups; groups that a pair joins become one. Twice does no harm.

    Call it under the project's lease: nobody else changes its groups.
    """
    there = hold([each for one, other, _ in found for each in (one, other)])
    found = [pair for pair in found if pair[0] in there and pair[1] in there]
    known = {row.sample_id: row for row in AlikeText.objects.filter(sample__in=there, generation=generation)}
    likeness = defaultdict(float, {pk: row.likeness for pk, row in known.items()})
    for one, other, cosine in found:
        for each in (one, other):
            likeness[each] = max(likeness[each], cosine)
    group_of = {pk: row.group_id for pk, row in known.items()}
    new: list[AlikeText] = []
    for members in _joined(found):
        group_id = _group(project, generation, {group_of[each] for each in members if each in group_of})
        group_of |= dict.fromkeys(members, group_id)
        fixed = {"group_id": group_id, "generation": generation}
        new += [AlikeText(**fixed, sample_id=each, likeness=likeness[each]) for each in members]
    AlikeText.objects.bulk_create(
        new, update_conflicts=True, unique_fields=["sample", "generation"], update_fields=["group", "likeness"]
    )


def next_generation(vectors: VectorSet) -> int:
    """Where groups go while the index is made anew: those that are shown stay until the new are whole."""
    only_shown(vectors)
    shown = AlikeGroup.objects.filter(project=vectors.project, generation=vectors.generation)
    return vectors.generation + int(shown.exists())


def only_shown(vectors: VectorSet) -> int:
    """Remove all groups but those that are shown, and give their generation."""
    AlikeGroup.objects.filter(project=vectors.project).exclude(generation=vectors.generation).delete()
    return vectors.generation


def _group(project: Project, generation: int, known: set[int]) -> int:
    """The one group of all that these hold, the oldest of them, or a new one."""
    if not known:
        return AlikeGroup.objects.create(project=project, generation=generation).pk
    oldest = min(known)
    others = known - {oldest}
    if others:
        AlikeText.objects.filter(group__in=others).update(group=oldest)
        AlikeGroup.objects.filter(pk__in=others).delete()
    return oldest


def _joined(found: Sequence[Pair]) -> list[set[int]]:
    """The samples that pairs connect, group by group."""
    links: dict[int, set[int]] = defaultdict(set)
    for one, other, _ in found:
        links[one].add(other)
        links[other].add(one)
    groups, seen = [], set[int]()
    for start in links:
        if start in seen:
            continue
        group, waiting = {start}, [start]
        while waiting:
            more = links[waiting.pop()] - group
            group |= more
            waiting += more
        seen |= group
        groups.append(group)
    return groups


def groups(project: Project, *, crossing: bool = False) -> QuerySet[AlikeGroup]:
    """The groups of texts in use with `size`, `test` and `training` (validation included), newest first.

    `crossing`: those alone that hold test texts beside texts that training uses.
    """
    in_use = ~Q(texts__sample__state=SampleState.WITHDRAWN)
    test = Q(texts__sample__split=Split.TEST)
    shown = VectorSet.objects.filter(project=project).values_list("generation", flat=True).first() or 0
    rows = AlikeGroup.objects.filter(project=project, generation=shown).annotate(
        size=Count("texts", filter=in_use),
        test=Count("texts", filter=in_use & test),
        training=Count("texts", filter=in_use & ~test),
    )
    rows = rows.filter(size__gt=1).order_by("-pk")
    return rows.filter(test__gt=0, training__gt=0) if crossing else rows


@dataclass(frozen=True)
class Summary:
    """How many groups of how many texts; how many of them cross the splits, and the test texts in these.

    `is_part`: of the newest `SUMMED` groups alone.
    """

    groups: int
    texts: int
    crossing: int
    test_texts: int
    is_part: bool = False


def summary(project: Project) -> Summary:
    """Over the groups of a project."""
    across = Q(test__gt=0, training__gt=0)
    told = groups(project)[:SUMMED].aggregate(
        groups=Count("pk"),
        texts=Coalesce(Sum("size"), 0),
        crossing=Count("pk", filter=across),
        test_texts=Coalesce(Sum("test", filter=across), 0),
    )
    return Summary(**told, is_part=told["groups"] == SUMMED)


def with_texts(rows: QuerySet[AlikeGroup], most: int = SHOWN) -> QuerySet[AlikeGroup]:
    """The same with `shown`, the first texts of each, with the `head` of the text alone.

    `hidden` counts those that wait for a blind answer, `unlisted` the others that are not among the first. What such a
    text is like would tell its answer, so it stands in no list.
    """
    texts = AlikeText.objects.exclude(sample__state=SampleState.WITHDRAWN).exclude(_BLIND).select_related("sample")
    # A text may have a million characters.
    texts = texts.defer("sample__text", "sample__input").annotate(head=Left("sample__text", HEAD + 1))
    waiting = Q(texts__sample__split=Split.TEST, texts__sample__state=SampleState.PENDING)
    first = Prefetch("texts", queryset=texts.order_by("-likeness", "pk")[:most], to_attr="shown")
    counted = rows.annotate(hidden=Count("texts", filter=waiting))
    return counted.annotate(unlisted=Greatest(F("size") - F("hidden") - most, 0)).prefetch_related(first)
