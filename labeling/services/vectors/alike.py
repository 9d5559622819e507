"""Near-duplicates: texts whose vectors are almost the same, put into groups. No sample and no split moves."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from common.nearest import Nearest
from labeling.models import AlikeGroup, AlikeText, Project, VectorSet
from labeling.services.vectors.store import hold

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The cosine from which two texts count as nearly alike: the same but for a word or two.
ALIKE = 0.95
_LOOKED_AT = 10
# What is so near is found among few candidates, and each new text is looked for.
_EXPANSION = 64
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
    for members in _joined(found):
        joined = {group_of[each] for each in members if each in group_of}
        group_id = _group(project, generation, joined)
        # What an earlier part put into a group that is gone now goes along.
        group_of = {each: group_id if group in joined else group for each, group in group_of.items()}
        group_of |= dict.fromkeys(members, group_id)
    new = [
        AlikeText(group_id=group, generation=generation, sample_id=each, likeness=likeness[each])
        for each, group in sorted(group_of.items())
    ]
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
