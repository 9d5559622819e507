"""When the training texts of a project are to be ranked anew, and what stands in the way. Decided by the rows."""

from django.conf import settings

from common.encoder import EncoderError, read_record
from common.queue import enqueue, remind
from labeling.models import Place, Project, Ranking, ReviewOrder, Sample, SampleState, Turn, VectorSet
from labeling.models.order import TEACH
from labeling.services.order.drawing import SKIPPED
from labeling.services.order.places import ranking_of, tell
from training.methods import HEAD
from training.models import Draft
from training.ordering.candidates import MOST
from training.ordering.orders import ORDERS, Order
from training.services.candidate_texts import waiting
from training.services.drafts import NO_WORKER
from training.workers import queue_is_alive

# Vectors of so many texts are there long before all of a large import are.
_ENOUGH = 5_000
# So few places that are left want others, where there are other texts.
_FEW = 40
BY_CHANCE = "Training texts come by chance:"
NO_VECTORS = f"{BY_CHANCE} they have no vectors yet, which are made in the background. The project's page says how far."


def obstacle_to(project: Project) -> str:
    """Why nothing is ranked here, and what to do, in a sentence; empty where nothing stands in the way."""
    try:
        key = read_record(settings.ENCODER_DIR).key
    except EncoderError as error:
        return f"{BY_CHANCE} {error}"
    vectors = VectorSet.objects.filter(project=project, revision=key).first()
    if vectors is None or (vectors.state != VectorSet.State.WHOLE and vectors.done < _ENOUGH):
        return NO_VECTORS if vectors is None or not vectors.error else f"{NO_VECTORS} {vectors.error}"
    return "" if queue_is_alive(HEAD.queue) else f"{BY_CHANCE} {NO_WORKER}"


def draft_for(project: Project) -> Draft | None:
    """The draft whose chances may rank: of today's task, by the encoder of the vectors. Without its weights."""
    rows = Draft.objects.filter(project=project, spec=project.spec).defer("weights")
    return rows.filter(encoder=read_record(settings.ENCODER_DIR).key).first()


def basis_of(project: Project, draft: Draft | None) -> str:
    """What a ranking follows from, beside the texts that wait."""
    seed = ReviewOrder.objects.filter(project=project).values_list("seed", flat=True).first() or 1
    key = read_record(settings.ENCODER_DIR).key
    return f"{project.spec.pk}:{key[:32]}:{draft.number if draft else 0}:{seed}"


def orders_in_use(project: Project, draft: Draft | None) -> list[Order]:
    """The project's order, those that reviewers chose, and the lists of golden samples, as far as there is a head."""
    chosen = Turn.objects.filter(project=project).exclude(order="").values_list("order", flat=True).distinct()
    own = ReviewOrder.objects.filter(project=project).values_list("order", flat=True).first() or TEACH
    names = dict.fromkeys([own, *chosen.order_by("order"), *(each.name for each in ORDERS.values() if each.of_golden)])
    found = [ORDERS[name] for name in names if name in ORDERS]
    return [order for order in found if draft is not None or not order.needs_head]


def is_due(project: Project) -> bool:
    """There is a newer head, task or encoder, an order that was never ranked, or few places are left and more texts."""
    draft, ranking = draft_for(project), Ranking.objects.filter(project=project).first()
    if ranking is None or ranking.basis != basis_of(project, draft):
        return waiting(project).exists()
    missing = {order.name for order in orders_in_use(project, draft) if not order.of_golden} - set(ranking.orders)
    return bool(missing and waiting(project).exists()) or _runs_low(project, ranking)


def _runs_low(project: Project, ranking: Ranking) -> bool:
    """Of an order few places are left, and another ranking would give more: of new texts, or after some were used."""
    newest = Sample.objects.filter(project=project).order_by("-pk").values_list("pk", flat=True).first() or 0
    for name in ranking.orders:
        if name in ORDERS and not ORDERS[name].of_golden:
            given = Place.objects.filter(project=project, order=name)
            left = given.filter(sample__state=SampleState.PENDING, sample__rank__lt=SKIPPED)[: _FEW + 1].count()
            is_used = ranking.waiting > MOST and given.count() > left
            if left <= _FEW and (is_used or newest != ranking.last_sample):
                return True
    return False


def check_ranking(project: Project) -> None:
    """Have the texts ranked again where that can be, and is due; else say why not."""
    if obstacle := obstacle_to(project):
        say(project, obstacle)
    elif is_due(project):
        enqueue("training.rank_texts", project.pk)


def check_all_rankings() -> None:
    """Beat: the same for every project, in case a message was lost."""
    for project in Project.objects.filter(archived_at=None, specs__isnull=False).distinct():
        if obstacle := obstacle_to(project):
            say(project, obstacle)
        elif is_due(project):
            remind("training.rank_texts", project.pk)


def say(project: Project, obstacle: str) -> None:
    """Tell people why their texts come by chance; of a project where nothing waits there is nothing to say."""
    if waiting(project).exists():
        ranking_of(project)
        tell(project, obstacle)
