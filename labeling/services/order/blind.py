"""Whether test texts are still wanted: the gate says, which this floor does not know."""

from collections.abc import Callable

from labeling.models import Project, Ranking

Wanted = Callable[[Project], bool]
_wanted: list[Wanted] = []


def register(wanted: Wanted) -> None:
    """Ask `wanted` whether a project's gate has too few test texts with an answer; once, however often registered."""
    if wanted not in _wanted:
        _wanted.append(wanted)


def look_whether_blind_is_wanted() -> None:
    """Beat: keep for each project that is ranked whether its stream of test texts has a share."""
    for ranking in Ranking.objects.filter(project__archived_at=None).select_related("project"):
        wants = any(wanted(ranking.project) for wanted in _wanted) or not _wanted
        if wants != ranking.wants_blind:
            Ranking.objects.filter(pk=ranking.pk).update(wants_blind=wants)
