"""The draft: a head that is fitted again after every few golden samples. Newest only, never judged, never promoted.

Done by workers on the queue heads, one at a time in a project. Whoever is killed leaves the draft before: a row that is
replaced in one statement. A lost message is found by the sweep.
"""

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common import actor as actors
from common.alone import alone
from common.encoder import EncoderError, read_record
from common.queue import enqueue, remind
from labeling.models import GoldenSample, Project, Split
from labeling.services import events
from labeling.services.fitting import count_fitting_up_to
from labeling.services.vectors.texts import TextVectors
from training.engine.errors import EngineError
from training.heads.config import HeadTask
from training.heads.rows import Rows, described, rows_of, taught
from training.headtasks import head_task
from training.methods import HEAD
from training.models import BaseModel, Draft, RetrainPolicy
from training.services.draft_vectors import draft_vectors
from training.services.encoders import NO_ENCODER, encoder_rows
from training.services.snapshots import golden_rows
from training.workers import queue_is_alive

if TYPE_CHECKING:
    from training.heads.quick import Quick

logger = logging.getLogger(__name__)
_DRAFT = actors.system("draft")
NO_WORKER = "No worker on the queue heads is alive; start one: celery -A config worker -Q heads."
# So long nothing is tried again after a failure.
RESTS = timedelta(minutes=10)
_OF_KNOWN = 50


def obstacle_to(project: Project) -> str:
    """Why no draft is fitted here, and what to do, in a sentence; empty where nothing stands in the way."""
    if obstacle := HEAD.obstacle(project):
        return obstacle
    try:
        HeadTask.model_validate(head_task(project.spec.to_spec()))
    except ValueError:
        return "A head tells labels apart, and the task has too few of them, or two with one name. See the labels."
    encoder = encoder_rows().order_by("-pk").first()
    if encoder is None:
        return NO_ENCODER
    if encoder.state == BaseModel.State.REFUSED:
        return encoder.obstacle
    return "" if queue_is_alive(HEAD.queue) else NO_WORKER


def rests(policy: RetrainPolicy) -> bool:
    """It failed a moment ago, and is left alone for a while."""
    return policy.draft_failed_at is not None and timezone.now() < policy.draft_failed_at + RESTS


def failed(project: Project, error: Exception, *, rest: bool = True) -> None:
    """Keep why the project's draft could not be fitted, or not propose; it does not propose until it works again."""
    logger.warning("the draft of %s: %s", project.key, error)
    since = timezone.now() if rest else None
    with transaction.atomic():
        policy = RetrainPolicy.objects.select_for_update().filter(project=project).first()
        if policy is not None:
            policy.draft_problem, policy.draft_failed_at = str(error), since
            policy.save(update_fields=["draft_problem", "draft_failed_at"])
            events.record(_DRAFT, "draft.failed", policy)


def works(project: Project) -> None:
    """Nothing is wrong any more. Call it in a transaction."""
    policy = RetrainPolicy.objects.select_for_update().filter(project=project).exclude(draft_problem="").first()
    if policy is not None:
        policy.draft_problem, policy.draft_failed_at = "", None
        policy.save(update_fields=["draft_problem", "draft_failed_at"])
        events.record(_DRAFT, "draft.recovered", policy)


def step_of(policy: RetrainPolicy, draft: Draft | None) -> int:
    """New golden samples that have it fitted again: more once it knows many, as a fit takes longer and changes less."""
    return max(policy.draft_every, draft.golden // _OF_KNOWN if draft else 0)


def new_for_draft(policy: RetrainPolicy, draft: Draft | None, most: int) -> int:
    """Golden samples outside the test split that fit today's task and that the draft has not learnt from, up to `most`.

    To a draft of another task, or of an encoder that was exchanged, all are new.
    """
    rows = GoldenSample.objects.trainable().filter(project_id=policy.project_id)
    if draft is not None and draft.spec_id == policy.project.spec.pk and draft.encoder == (_key() or draft.encoder):
        rows = rows.filter(pk__gt=draft.counted_to)
    return count_fitting_up_to(most, rows, policy.project.spec.to_spec())


def _key() -> str:
    """That of the encoder on this host; empty where there is none."""
    try:
        return read_record(settings.ENCODER_DIR).key
    except EncoderError:
        return ""


def is_due(project: Project) -> bool:
    """There are as many new golden samples as the policy says, and it did not fail a moment ago."""
    policy = RetrainPolicy.objects.select_related("project").filter(project=project, draft_every__gt=0).first()
    if policy is None or rests(policy) or HEAD.obstacle(project):
        return False
    draft = Draft.objects.filter(project=project).defer("weights").first()
    step = step_of(policy, draft)
    return new_for_draft(policy, draft, step) >= step


def check_draft(project: Project) -> None:
    """Have it fitted again where that can be, and is due."""
    if not obstacle_to(project) and is_due(project):
        enqueue("training.fit_draft", project.pk)


def check_all_drafts() -> None:
    """Beat: the same for every project, in case a message was lost."""
    policies = RetrainPolicy.objects.filter(draft_every__gt=0, project__archived_at=None).select_related("project")
    for policy in policies:
        if not rests(policy) and not obstacle_to(policy.project) and is_due(policy.project):
            remind("training.fit_draft", policy.project_id)


def fit_draft(project: Project) -> Draft | None:
    """Fit it on what is golden now; None where that is not due, another worker does it, it is switched off or fails.

    Then it proposes, where the project asks for that.
    """
    with alone(f"draft of {project.pk}") as mine:
        if not mine or not is_due(project):
            return None
        began, spec = time.monotonic(), project.spec
        golden = GoldenSample.objects.trainable().filter(project=project).order_by("-pk").values_list("pk", flat=True)
        counted_to = golden.first() or 0
        task = HeadTask.model_validate(head_task(spec.to_spec()))
        found, _ = golden_rows(project)
        try:
            rows = rows_of([*found[Split.TRAIN], *found[Split.VALIDATION]], task, "golden samples")
            vectors = draft_vectors()
            fitted = _fitted(rows, task, vectors)
        except (EncoderError, EngineError) as error:
            failed(project, error)
            return None
        learnt = {"spec": spec, "encoder": vectors.record.key, "golden": len(rows.labels), "counted_to": counted_to}
        draft = _keep(project, fitted, {**learnt, "seconds": round(time.monotonic() - began, 2)})
    if draft is None:
        logger.info("%s: its draft was switched off while it was fitted", project.key)
        return None
    logger.info("%s: fitted on %s golden samples in %s s", draft, draft.golden, draft.seconds)
    enqueue("training.propose_draft", project.pk)
    enqueue("training.rank_texts", project.pk)
    return draft


def _fitted(rows: Rows, task: HeadTask, vectors: TextVectors) -> "Quick":
    from training.heads.quick import fit_quickly

    said, names = described(task), [label.name for label in task.labels]
    targets = taught(rows, list(said), names)
    return fit_quickly(vectors([*rows.texts, *said.values()]), targets, len(rows.labels), task)


def _keep(project: Project, fitted: "Quick", learnt: dict[str, Any]) -> Draft | None:
    """In the place of the one before; None where somebody switched it off meanwhile."""
    from training.heads.quick import packed

    values = {
        **learnt,
        "weights": packed(fitted.head),
        "answering": fitted.answering.model_dump(mode="json"),
        "figure": fitted.tuned.figure,
        "fitted_at": timezone.now(),
    }
    with transaction.atomic():
        known = Draft.objects.select_for_update().filter(project=project).first()
        # Who switches it off waits for this, or this for them.
        wanted = RetrainPolicy.objects.select_for_update().filter(project=project, draft_every__gt=0)
        if wanted.first() is None:
            return None
        number = known.number + 1 if known else 1
        draft, _ = Draft.objects.update_or_create(project=project, defaults={**values, "number": number})
        after = {"number": number, "golden": draft.golden, "figure": draft.figure}
        events.record(_DRAFT, "draft.fitted", draft, after=after)
        works(project)
    return draft
