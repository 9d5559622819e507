"""Which text a reviewer gets next: by the streams' shares where there is an order, else as chance has it.

Three statements more than one queue takes, each by an index, however many texts wait.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from labeling import streams
from labeling.models import Project, Sample, Split, Stream
from labeling.models.order import TEACH
from labeling.streams import Shares

# Ranks of skipped texts are above this, and those of new ones below 2**32.
SKIPPED = 2**40


class Plan(NamedTuple):
    """What holds in a project now. `order`: of the training texts, where the reviewer chose no other."""

    shares: Shares
    order: str


def plan_of(project: Project) -> Plan | None:
    """The shares that are in force; None where nobody set any and nothing was ranked: there is one queue then."""
    fields = [f"review_order__{name}" for name in ("teach", "random", "blind", "order")]
    rows = Project.objects.filter(pk=project.pk).values_list(*fields, "ranking__wants_blind", "ranking__orders")
    row = rows.first()
    if row is None or (row[0] is None and not row[-1]):
        return None
    *shares, order, wants_blind, _ = row
    found = Shares() if shares[0] is None else Shares(*shares)
    return Plan(found.without_blind() if wants_blind is False else found, order or TEACH)


def queues(
    rows: QuerySet[Sample], project: Project, plan: Plan | None, person: int | None
) -> Iterator[tuple[Stream | None, QuerySet[Sample]]]:
    """The parts of what waits, in the order in which they are looked into, each with its stream; None: see `chance`."""
    if plan is None:
        yield None, rows
        return
    yield Stream.FIRST, rows.filter(rank__lt=0)
    number, own = _turn(project, person) if person is not None else (0, "")
    first = streams.stream_at(number, plan.shares)
    if first == Stream.RANDOM and streams.wants_validation(number, plan.shares, _validation_share(project)):
        yield Stream.RANDOM, rows.filter(split=Split.VALIDATION, rank__lt=SKIPPED)
    for stream in streams.then(first):
        yield Stream(stream), part(rows, project, stream, own or plan.order)
    yield None, rows


def _validation_share(project: Project) -> float:
    """Of the texts outside the test split those that validate."""
    train, validation, _ = project.shares
    return validation / (train + validation) if validation else 0.0


def part(rows: QuerySet[Sample], project: Project, stream: str, order: str) -> QuerySet[Sample]:
    """What of the rows a stream gives out, in its order."""
    if stream == Stream.BLIND:
        return rows.filter(split=Split.TEST)
    if stream == Stream.RANDOM:
        return rows.filter(split__in=(Split.TRAIN, Split.VALIDATION), rank__lt=SKIPPED)
    # A test text has no place; were one given by mistake, it would not come by it.
    mine = {"places__project": project, "places__order": order, "split": Split.TRAIN, "rank__lt": SKIPPED}
    return rows.filter(is_audit=False, **mine).order_by("places__place")


def chance(sample: Sample) -> Stream:
    """The stream of a text that the one queue gave."""
    if sample.rank < 0:
        return Stream.FIRST
    return Stream.BLIND if sample.split == Split.TEST else Stream.RANDOM


def _turn(project: Project, person: int) -> tuple[int, str]:
    """The number of this turn of a reviewer, and the order that they chose. Each begins elsewhere in the round."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO labeling_turn (project_id, user_id, given, \"order\") VALUES (%s, %s, 1, '') "
            "ON CONFLICT (project_id, user_id) DO UPDATE SET given = labeling_turn.given + 1 "
            'RETURNING given, "order"',
            [project.pk, person],
        )
        given, order = cursor.fetchone()
    return given + person, order
