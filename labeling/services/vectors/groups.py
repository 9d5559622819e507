"""What is told of near-duplicates: groups with their sizes, their first texts, and how many cross the splits.

A group is all that hangs together, so one may hold a great part of a project's texts. Of each `COUNTED` texts at most
are looked at: a group costs the same however large it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Left

from labeling.models import AlikeGroup, AlikeText, Project, SampleState, Split, VectorSet
from labeling.querysets import blind

# Texts of a group that a list shows, and characters of a text.
SHOWN, HEAD = 10, 200
# Texts of a group that are looked at.
COUNTED = 1_000
# The newest groups, which a summary is made of.
SUMMED = 1_000
_IN_USE = ~Q(sample__state=SampleState.WITHDRAWN)
_TEST = Q(sample__split=Split.TEST)
_BLIND = blind("sample__")


def groups(project: Project, *, crossing: bool = False) -> QuerySet[AlikeGroup]:
    """The groups of texts in use with `size`, `test` and `training` (validation included), newest first.

    `is_part`: it holds more than `COUNTED` texts in use, and these are of so many of them. `crosses`: among all of them
    are test texts beside texts that training uses; `crossing`: such groups alone.
    """
    shown = VectorSet.objects.filter(project=project).values_list("generation", flat=True).first() or 0
    texts = AlikeText.objects.filter(_IN_USE, group=OuterRef("pk"))
    rows = AlikeGroup.objects.filter(project=project, generation=shown).annotate(
        size=_count(Q()),
        test=_count(_TEST),
        is_part=Exists(texts[COUNTED : COUNTED + 1]),
        crosses=Exists(texts.filter(_TEST)) & Exists(texts.exclude(_TEST)),
    )
    rows = rows.annotate(training=F("size") - F("test")).order_by("-pk")
    return rows.filter(crosses=True) if crossing else rows.filter(size__gt=1)


def _first() -> QuerySet[AlikeText, Any]:
    """The texts of a group that are looked at, the oldest in use, for a query within one of groups."""
    texts = AlikeText.objects.filter(_IN_USE, group=OuterRef(OuterRef("pk")))
    return texts.order_by("pk").values("pk")[:COUNTED]


def _count(which: Q) -> Coalesce:
    rows = AlikeText.objects.filter(which, pk__in=_first()).order_by().annotate(one=Value(1)).values("one")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


@dataclass(frozen=True)
class Summary:
    """How many groups of how many texts; how many of them cross the splits, and the test texts in these.

    `is_part`: of the newest `SUMMED` groups alone. `is_counted_short`: of some of them `COUNTED` texts alone.
    """

    groups: int
    texts: int
    crossing: int
    test_texts: int
    is_part: bool = False
    is_counted_short: bool = False


def summary(project: Project) -> Summary:
    """Over the groups of a project."""
    rows: Any = groups(project)  # annotated
    told = list(rows.values_list("size", "test", "crosses", "is_part")[:SUMMED])
    across = [test for _, test, crosses, _ in told if crosses]
    return Summary(
        groups=len(told),
        texts=sum(size for size, *_ in told),
        crossing=len(across),
        test_texts=sum(across),
        is_part=len(told) == SUMMED,
        is_counted_short=any(is_part for *_, is_part in told),
    )


def to_list(rows: QuerySet[AlikeGroup], most: int = SHOWN) -> QuerySet[AlikeGroup]:
    """The same with what a list says of each, but for the texts themselves (`with_texts`).

    `hidden` counts those that wait for a blind answer. What such a text is like would tell its answer, so it stands in
    no list.
    """
    first = AlikeText.objects.filter(~_BLIND, pk__in=_first()).order_by("-likeness", "pk")
    return rows.annotate(hidden=_count(_BLIND), listed=ArraySubquery(first.values("pk")[:most]))


def with_texts(found: Sequence[AlikeGroup]) -> list[AlikeGroup]:
    """Groups of `to_list` with `shown`, the first texts of each, with the `head` of the text alone.

    `unlisted` counts the others that may be shown.
    """
    wanted = [pk for group in found for pk in group.listed]  # type: ignore[attr-defined]  # annotated
    texts = AlikeText.objects.filter(pk__in=wanted).select_related("sample")
    # A text may have a million characters.
    rows = texts.defer("sample__text", "sample__input").annotate(head=Left("sample__text", HEAD + 1)).in_bulk()
    for group in found:
        group.shown = [rows[pk] for pk in group.listed if pk in rows]  # type: ignore[attr-defined]  # told of here
        group.unlisted = group.size - group.hidden - len(group.listed)  # type: ignore[attr-defined]  # for the page
    return list(found)
