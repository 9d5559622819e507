"""States that are news when they begin and when they are over: looked for at every round, told once each."""

from django.db import transaction
from django.db.models import Exists, OuterRef

from common.actor import system
from common.alone import alone
from labeling import news
from labeling.models import LastingNews, Project, Sample
from labeling.services import events

_LOOK = system("look")


def look_for_lasting() -> int:
    """Hold what is so now against what was so at the last look; how many states began or ended."""
    with alone("labeling.lasting") as mine:
        if not mine:
            return 0
        return sum(
            _look(state, name, set(projects))
            for state in news.lasting().values()
            for name, projects in state.find().items()
        )


def _look(state: news.Lasting, name: str, now: set[int]) -> int:
    # Of an archived project nothing is said, so also not that it is over: it is held again once it is open.
    rows = LastingNews.objects.filter(name=name, project__archived_at=None)
    before = set(rows.values_list("project_id", flat=True))
    for project in Project.objects.filter(pk__in=now - before):
        with transaction.atomic():
            LastingNews.objects.create(project=project, name=name)
            events.record(_LOOK, state.begins, project, after=state.details(name))
    for project in Project.objects.filter(pk__in=before - now):
        with transaction.atomic():
            LastingNews.objects.filter(project=project, name=name).delete()
            events.record(_LOOK, state.over, project, after=state.details(name))
    return len(now ^ before)


def empty_queues() -> news.Found:
    """Projects that have samples and none that waits for an expert."""
    here = Sample.objects.filter(project=OuterRef("pk"))
    open_ = Project.objects.filter(archived_at=None)
    rows = open_.filter(Exists(here.in_use())).exclude(Exists(here.pending().order_by()))
    return {"queue": list(rows.values_list("pk", flat=True))}
