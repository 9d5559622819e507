"""What the draft proposes to experts, and what it leaves to the live version."""

import logging
import time
from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from common import actor as actors
from common.alone import alone
from common.encoder import EncoderError
from common.queue import remind
from labeling.answers import parse
from labeling.models import Prediction, Project, Sample
from labeling.prompts import messages
from labeling.services import record_predictions
from labeling.services.predictions import Answered
from labeling.services.vectors.texts import kept_vectors
from labeling.splits import drawn
from training.heads.answering import Answering
from training.heads.rows import words_of
from training.higher import has_live
from training.models import Draft, RetrainPolicy
from training.services.drafts import obstacle_to

logger = logging.getLogger(__name__)
_DRAFT = actors.system("draft")
AHEAD = 20
# Of the texts, by chance: so many stay with what is live, which would not be seen at work otherwise.
LIVE_SHARE = 0.2


def proposing(project: Project) -> Draft | None:
    """The draft where it proposes: the project asks for it, it is of today's task, and a worker can do it."""
    rows = Draft.objects.filter(
        project=project, project__retrain_policy__draft_proposes=True, project__retrain_policy__draft_every__gt=0
    )
    draft = rows.defer("weights").filter(spec=project.spec).select_related("project").first()
    return None if draft is None or obstacle_to(project) else draft


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
    queue = list(Sample.objects.filter(project=draft.project).to_propose()[:ahead])
    mine = [sample.pk for sample in queue if not (is_live and is_for_live(sample))]
    answered = Prediction.objects.filter(sample__in=mine, model_tag=draft.tag, created_at__gte=draft.fitted_at)
    return list(Sample.objects.filter(free, pk__in=mine).to_propose().exclude(pk__in=answered.values("sample")))


def propose(project: Project, ahead: int = AHEAD) -> int:
    """Have the draft propose answers to the next samples; how many. One worker at a time in a project."""
    draft = proposing(project)
    if draft is None:
        return 0
    with alone(f"proposals of the draft of {project.pk}") as mine:
        samples = unproposed(draft, ahead) if mine else []
        if not samples:
            return 0
        try:
            found = _answers(draft, samples)
        except EncoderError as error:
            logger.warning("no proposals of %s: %s", draft, error)
            return 0
        record_predictions(_DRAFT, project, found, source=Prediction.Source.QUEUE)
    logger.info("%s: %s proposals", draft, len(found))
    return len(found)


def _answers(draft: Draft, samples: Sequence[Sample]) -> list[Answered]:
    from training.heads.quick import unpacked

    vectors = kept_vectors()
    if vectors.record.key != draft.encoder:
        raise EncoderError("its encoder was exchanged; it proposes again once it was fitted again.")
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
        draft = proposing(policy.project)
        if draft is not None and unproposed(draft):
            remind("training.propose_draft", policy.project_id)
