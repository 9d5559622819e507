"""Keep the places that a ranking gave. Whoever ranks knows the head; this floor keeps what came of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from labeling.models import Place, Project, Ranking, Sample, Split

Placed = Sequence[tuple[int, float | None]]


def ranking_of(project: Project) -> Ranking:
    """The row that says how far a project's places are."""
    row, _ = Ranking.objects.get_or_create(project=project)
    return row


@transaction.atomic
def store_places(
    project: Project,
    places: Mapping[str, Placed],
    *,
    lists: Sequence[str] = (),
    in_use: Collection[str] | None = None,
    **told: Any,
) -> None:
    """Replace the places of these orders, in one transaction: whoever hands out sees the old ones or the new ones.

    `lists`: those of the orders that list decided samples. Of the others only training texts of the project keep a
    place. `in_use`: the orders that are ranked again; places of any other one would grow old, and go. `told` are fields
    of the `Ranking`. Who calls it holds the project's lock of rankings.
    """
    ranking = Ranking.objects.select_for_update().get(project=project)
    unused = set() if in_use is None else {*ranking.orders}.difference(in_use)
    Place.objects.filter(project=project, order__in={*places, *unused}).delete()
    wanted = {pk for rows in places.values() for pk, _ in rows}
    mine = Sample.objects.filter(project=project, pk__in=wanted).exclude(split=Split.TEST)
    decided = set(mine.values_list("pk", flat=True))
    texts = set(mine.filter(split=Split.TRAIN, is_audit=False).values_list("pk", flat=True))
    for order, rows in places.items():
        may = decided if order in lists else texts
        kept = [(pk, score) for pk, score in rows if pk in may]
        Place.objects.bulk_create(
            Place(project=project, sample_id=pk, order=order, place=number, score=score)
            for number, (pk, score) in enumerate(kept)
        )
    orders = sorted({*ranking.orders, *places} - unused)
    Ranking.objects.filter(pk=ranking.pk).update(orders=orders, ranked_at=timezone.now(), **told)


def tell(project: Project, note: str) -> None:
    """Say why nothing is ranked, and what to do; empty where all is well."""
    Ranking.objects.filter(project=project).exclude(note=note).update(note=note)


@transaction.atomic
def forget_places(project: Project, note: str) -> None:
    """What was ranked counts no more: texts come by chance until there is a new ranking."""
    ranking = Ranking.objects.select_for_update().get(project=project)
    if ranking.orders:
        Place.objects.filter(project=project).delete()
    Ranking.objects.filter(pk=ranking.pk).update(orders=[], basis="", by_head=False, doubted=0, note=note)
