"""What people decide of the order: a manager the shares and the project's order, a reviewer their own."""

from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from labeling import orders, signals
from labeling.access import Right, require
from labeling.kinds import kind_of
from labeling.models import Project, ReviewOrder, Turn
from labeling.models.order import TEACH
from labeling.services import events
from labeling.services.rows import set_row
from labeling.streams import Shares

LARGEST_SEED = 2**31 - 1


def order_of(project: Project) -> ReviewOrder:
    """What a manager set, or the defaults in a row that is not kept."""
    return ReviewOrder.objects.filter(project=project).first() or ReviewOrder(project=project)


@transaction.atomic
def set_order(actor: Actor, project: Project, shares: Shares, *, order: str = TEACH, seed: int = 1) -> ReviewOrder:
    """Set the shares of the streams in percent, the project's order of training texts, and the seed of chance.

    Raises `PermissionDenied` for who does not manage the project, and `ProblemError` with what is wrong.
    """
    require(actor, project, Right.MANAGE)
    _check(project, order)
    if min(shares) < 0 or sum(shares) != 100:
        told = f"{shares.teach} + {shares.random} + {shares.blind} = {sum(shares)}"
        raise ProblemError(f"The shares of the three streams must add up to 100: {told}.")
    if not 0 <= seed <= LARGEST_SEED:
        raise ProblemError(f"The seed is a whole number from 0 to {LARGEST_SEED}.")
    values = {**shares._asdict(), "order": order, "seed": seed}
    row = set_row(actor, ReviewOrder, values, project=project)
    transaction.on_commit(lambda: signals.order_changed.send_robust(sender=Project, project_id=project.pk))
    return row


@transaction.atomic
def choose_order(actor: Actor, project: Project, order: str) -> None:
    """Have the training texts of one's own reviews come by another order; empty: the project's.

    The other streams keep their shares. Raises `PermissionDenied`, `ProblemError`.
    """
    require(actor, project, Right.REVIEW)
    if order:
        _check(project, order)
    Turn.objects.update_or_create(project=project, user_id=actor.person_id, defaults={"order": order})
    events.record(actor, "order.chosen", project, after={"order": order})
    transaction.on_commit(lambda: signals.order_changed.send_robust(sender=Project, project_id=project.pk))


def _check(project: Project, order: str) -> None:
    known = {each.name: each for each in orders.of_texts(kind_of(project))}
    if order not in known:
        raise ProblemError(f"There is no order {order!r}. Choose one of {', '.join(known)}.")
