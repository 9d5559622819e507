"""What the draft proposes to experts, and what it leaves to the live version."""

import logging
import time
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common import actor as actors
from common.alone import alone
from common.encoder import EncoderError
from common.queue import remind
from labeling.answers import parse
from labeling.models import Prediction, Project, Sample
from labeling.prompts import messages
from labeling.services import record_predictions
from labeling.services.order.ahead import upcoming
from labeling.services.predictions import Answered
from labeling.splits import drawn
from training.heads.answering import Answering
from training.heads.rows import words_of
from training.higher import has_live
from training.models import Draft, RetrainPolicy
from training.services.draft_vectors import draft_vectors
from training.services.drafts import failed, obstacle_to, rests, works

logger = logging.getLogger(__name__)
_DRAFT = actors.system("draft")
AHEAD = 20
# Of the texts, by chance: so many stay with what is live, which would not be seen at work otherwise.
LIVE_SHARE = 0.2


class OtherEncoderError(EncoderError):
    """The draft takes the vectors of another encoder."""


def proposing(project: Project) -> Draft | None:
    """The draft where it proposes: `able_draft`, and nothing went wrong when it was tried last."""
    draft = able_draft(project)
    return None if draft is None or draft.project.retrain_policy.draft_problem else draft


def able_draft(project: Project) -> Draft | None:
    """The draft where the project asks for its proposals, it is of today's task, and a worker is there; no weights."""
    draft = _wanted(project).defer("weights").first()
    return None if draft is None or obstacle_to(project) else draft


def _wanted(project: Project) -> QuerySet[Draft]:
    asked = {"project__retrain_policy__draft_proposes": True, "project__retrain_policy__draft_every__gt": 0}
    rows = Draft.objects.filter(project=project, spec=project.spec, **asked)
    return rows.select_related("project__retrain_policy")


def is_for_live(sample: Sample) -> bool:
    """Whether chance left the sample to the live version."""
    return drawn(str(sample.uid), "draft") < LIVE_SHARE


def for_live(project: Project, samples: Sequence[Sample]) -> list[Sample]:
    """Those that the live version proposes answers to: all of them where no draft does."""
    return list(samples) if proposing(project) is None else [each for each in samples if is_for_live(each)]


def unproposed(draft: Draft, ahead: int = AHEAD) -> list[Sample]:
    """Of the next `ahead` samples to propose, in review order, those that wait for this very fit.

    What an expert has before them is left as it is, and what is live has its share.
    """
    is_live = has_live(draft.project)
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    queue = upcoming(draft.project, ahead)
    mine = [sample.pk for sample in queue if not (is_live and is_for_live(sample))]
    answered = Prediction.objects.filter(sample__in=mine, model_tag=draft.tag, created_at__gte=draft.fitted_at)
    return list(Sample.objects.filter(free, pk__in=mine).to_propose().exclude(pk__in=answered.values("sample")))


def propose(project: Project, ahead: int = AHEAD) -> int:
    """Have the draft propose answers to the next samples; how many. One worker at a time in a project.

    Where it fails that is kept, what is live proposes to all, and it is tried again after a while.
    """
    # Whole, weights and all: a fit that comes meanwhile replaces the row.
    draft = _wanted(project).first()
    if draft is None or rests(draft.project.retrain_policy) or obstacle_to(project):
        return 0
    with alone(f"proposals of the draft of {project.pk}") as mine:
        samples = unproposed(draft, ahead) if mine else []
        if not samples:
            return 0
        try:
            found = _answers(draft, samples)
        except OtherEncoderError as error:
            failed(project, error, rest=False)  # it is fitted again at once
            return 0
        except EncoderError as error:
            failed(project, error)
            return 0
        count = _keep(draft, found)
    logger.info("%s: %s proposals", draft, count)
    return count


def _keep(draft: Draft, found: Sequence[Answered]) -> int:
    """How many are kept: none where it was fitted again meanwhile, as that one proposes anew, or switched off."""
    with transaction.atomic():
        rows = Draft.objects.select_for_update().filter(pk=draft.pk, number=draft.number)
        if not rows.values_list("pk", flat=True).first():
            return 0
        wanted = RetrainPolicy.objects.filter(project=draft.project, draft_proposes=True, draft_every__gt=0)
        if wanted.select_for_update().first() is None:
            return 0
        record_predictions(_DRAFT, draft.project, found, source=Prediction.Source.QUEUE)
        works(draft.project)
    return len(found)


def _answers(draft: Draft, samples: Sequence[Sample]) -> list[Answered]:
    from training.heads.quick import unpacked

    vectors = draft_vectors()
    if vectors.record.key != draft.encoder:
        raise OtherEncoderError("Its encoder was exchanged: it proposes again once it was fitted again.")
    began, spec = time.monotonic(), draft.spec.to_spec()
    answering = Answering.model_validate(draft.answering)
    head = unpacked(bytes(draft.weights), exclusive=not answering.several)
    chances = head.chances(vectors([words_of(messages(spec, each.whole_input)) for each in samples]))
    ms = 1000 * (time.monotonic() - began) / len(samples)
    found = []
    for sample, row in zip(samples, chances.tolist(), strict=True):
        places = answering.given(row)
        raw = answering.text(places)
        found.append(
            Answered(
                spec=draft.spec,
                model_tag=draft.tag,
                raw=raw,
                parsed=parse(raw, spec, sample.whole_input),
                sample=sample,
                confidence=answering.confidence(row, places),
                latency_ms=ms,
            )
        )
    return found


def propose_due() -> None:
    """Beat: have every draft propose whose next samples wait for it, in case a message was lost."""
    policies = RetrainPolicy.objects.filter(draft_proposes=True, draft_every__gt=0, project__archived_at=None)
    for policy in policies.select_related("project"):
        draft = None if rests(policy) else able_draft(policy.project)
        if draft is not None and unproposed(draft):
            remind("training.propose_draft", policy.project_id)
