"""What pages and the API tell of the order of review: shares, what each stream gave, and how far the ranking is."""

from dataclasses import dataclass

from django.db.models import Count

from labeling import orders
from labeling.models import GoldenSample, Place, Project, Ranking, ReviewOrder, SampleState, Stream, Turn
from labeling.services.order.choosing import order_of
from labeling.streams import Shares

NOT_BEGUN = "Not ranked yet: training texts come by chance until a worker has looked at them, about once a minute."
MOST_DOUBTFUL = 50


@dataclass(frozen=True)
class OrderFacts:
    """`shares` as a manager set them, `now` as they are in force; `answered`: of each stream, by hand, still golden.

    `note`: why training texts come by chance, and what to do; empty where they are ranked.
    """

    row: ReviewOrder
    shares: Shares
    now: Shares
    answered: dict[str, int]
    ranking: Ranking | None
    note: str
    mine: str

    @property
    def title(self) -> str:
        """What the project's order is called."""
        return title_of(self.row.order)

    @property
    def wants_blind(self) -> bool:
        """The gate has too few answered test texts yet."""
        return self.ranking is None or self.ranking.wants_blind


def order_facts(project: Project, person: int | None = None) -> OrderFacts:
    """All of it; `person`: whose own order is told, too."""
    row, ranking = order_of(project), Ranking.objects.filter(project=project).first()
    shares = Shares(row.teach, row.random, row.blind)
    note = NOT_BEGUN if ranking is None else ranking.note
    if not note and ranking is not None and not ranking.orders:
        note = NOT_BEGUN
    own = Turn.objects.filter(project=project, user=person).values_list("order", flat=True).first() if person else ""
    return OrderFacts(
        row=row,
        shares=shares,
        now=shares.without_blind() if ranking is not None and not ranking.wants_blind else shares,
        answered=answered(project),
        ranking=ranking,
        note=note,
        mine=own or "",
    )


def answered(project: Project) -> dict[str, int]:
    """How many answers in force were given by hand, by the stream that gave the text."""
    golden = GoldenSample.objects.current().filter(project=project, source=GoldenSample.Source.REVIEW)
    # They all have a review, and an index tells which do: of a million imported answers none is looked at.
    golden = golden.exclude(review=None)
    counts = dict(golden.order_by().values_list("sample__stream").annotate(Count("pk")))
    return {stream.value: counts.get(stream.value, 0) for stream in Stream}


def title_of(order: str) -> str:
    """What an order is called; its name where no floor knows it any more."""
    found = orders.registered().get(order)
    return found.title if found else order


def doubtful(project: Project, most: int = MOST_DOUBTFUL) -> list[Place]:
    """The golden answers that heads would give otherwise, the most doubtful first; those decided anew are left out."""
    rows = Place.objects.filter(project=project, order="doubtful", sample__state=SampleState.GOLDEN)
    since = Ranking.objects.filter(project=project).values_list("doubted_at", flat=True).first()
    if since is not None:
        newer = GoldenSample.objects.filter(project=project, retired_at=None, created_at__gt=since)
        rows = rows.exclude(sample__in=newer.values("sample"))
    return list(rows.select_related("sample").order_by("place")[:most])
