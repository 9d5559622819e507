"""Rank the training texts that wait, after each draft: in the background, one worker a project, the newest only.

What is computed is bounded, however many texts wait. A worker that is killed leaves the places before; a lost message
is found by the sweep.
"""

import logging
import time
from typing import Any

from django.conf import settings
from django.utils import timezone

from common.alone import alone
from common.encoder import EncoderError
from labeling.models import Project, Ranking, Sample
from labeling.querysets import capped_count
from labeling.services.order.places import forget_places, ranking_of, store_places
from training.models import Draft
from training.ordering.candidates import Candidates
from training.ordering.orders import ORDERS, Order, Placed
from training.services.candidate_texts import candidates_of, waiting
from training.services.ranking_due import BY_CHANCE, basis_of, draft_for, is_due, obstacle_to, orders_in_use, say

logger = logging.getLogger(__name__)
# The list of doubtful answers takes five fits: it is made anew after so many golden samples, or a tenth of them.
_DOUBTED_EVERY = 50


def rank_texts(project: Project) -> bool:
    """Rank what waits by the newest head; whether that was done. Not where it is not due, or another worker does it."""
    with alone(f"ranking of {project.pk}") as mine:
        if not mine or not _may(project):
            return False
        began, ranking = time.monotonic(), ranking_of(project)
        # Whole, weights and all: a fit that comes meanwhile replaces the row, and is ranked by next.
        draft = Draft.objects.filter(pk=found.pk).first() if (found := draft_for(project)) else None
        basis = basis_of(project, draft)
        if _task(ranking.basis) not in ("", _task(basis)):
            forget_places(project, "")
            ranking.doubted = 0
        in_use = orders_in_use(project, draft)
        orders = [each for each in in_use if not each.of_golden or _is_old(ranking, draft)]
        newest = Sample.objects.filter(project=project).order_by("-pk").values_list("pk", flat=True).first() or 0
        try:
            texts, places = _placed(project, draft, orders)
        except EncoderError as error:
            forget_places(project, f"{BY_CHANCE} {error}")
            return False
        told = _told(texts, draft, orders)
        told |= {"basis": basis, "last_sample": newest, "waiting": capped_count(waiting(project))}
        told["seconds"] = round(time.monotonic() - began, 2)
        lists = [each.name for each in ORDERS.values() if each.of_golden]
        store_places(project, places, lists=lists, in_use=[each.name for each in in_use], **told)
    logger.info("%s: %s texts ranked in %s s", project.key, len(texts.ids), told["seconds"])
    return True


def _placed(project: Project, draft: Draft | None, orders: list[Order]) -> tuple[Candidates, dict[str, Placed]]:
    from threadpoolctl import threadpool_limits

    # Where cores are few and busy, threads that wait for each other take ten times as long as one.
    with threadpool_limits(settings.ENCODER_THREADS):
        texts = candidates_of(project, draft)
        return texts, {order.name: order.places(texts) for order in orders}


def _may(project: Project) -> bool:
    obstacle = obstacle_to(project)
    if obstacle:
        say(project, obstacle)
    return not obstacle and is_due(project)


def _task(basis: str) -> str:
    """Of the basis of a ranking the task and the encoder: places of another one mean nothing."""
    return ":".join(basis.split(":")[:2])


def _is_old(ranking: Ranking, draft: Draft | None) -> bool:
    return draft is not None and draft.golden >= ranking.doubted + max(_DOUBTED_EVERY, ranking.doubted // 10)


def _told(texts: Candidates, draft: Draft | None, orders: list[Order]) -> dict[str, Any]:
    """What the ranking says of itself."""
    is_doubted = any(each.of_golden for each in orders)
    return {
        "by_head": texts.is_headed,
        "looked_at": len(texts.ids),
        "golden": draft.golden if draft is not None else 0,
        **({"doubted": draft.golden, "doubted_at": timezone.now()} if is_doubted and draft else {}),
        "note": "",
    }
