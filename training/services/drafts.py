"""The draft: a head that is fitted again after every few golden samples. Newest only, never judged, never promoted.

Done by workers on the queue heads, one at a time in a project. Whoever is killed leaves the draft before: a row that is
replaced in one statement. A lost message is found by the sweep.
"""

import logging
import time
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
from labeling.services.fitting import count_fitting
from labeling.services.vectors.texts import TextVectors, kept_vectors
from training.heads.config import HeadTask
from training.heads.rows import Rows, described, rows_of
from training.headtasks import head_task
from training.methods import HEAD
from training.models import BaseModel, Draft, RetrainPolicy
from training.services.encoders import NO_ENCODER, encoder_rows
from training.services.snapshots import golden_rows
from training.workers import queue_is_alive

if TYPE_CHECKING:
    from training.heads.quick import Quick

logger = logging.getLogger(__name__)
_DRAFT = actors.system("draft")
NO_WORKER = "No worker on the queue heads is alive; start one: celery -A config worker -Q heads."


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


def new_for_draft(policy: RetrainPolicy, draft: Draft | None) -> int:
    """Golden samples outside the test split that fit today's task and that the draft has not learnt from.

    To a draft of another task, or of an encoder that was exchanged, all are new.
    """
    rows = GoldenSample.objects.trainable().filter(project_id=policy.project_id)
    if draft is not None and draft.spec_id == policy.project.spec.pk and draft.encoder == (_key() or draft.encoder):
        rows = rows.filter(pk__gt=draft.counted_to)
    return count_fitting(rows, policy.project.spec.to_spec())


def _key() -> str:
    """That of the encoder on this host; empty where there is none."""
    try:
        return read_record(settings.ENCODER_DIR).key
    except EncoderError:
        return ""


def is_due(project: Project) -> bool:
    """There are as many new golden samples as the policy says."""
    policy = RetrainPolicy.objects.select_related("project").filter(project=project, draft_every__gt=0).first()
    if policy is None or HEAD.obstacle(project):
        return False
    return new_for_draft(policy, Draft.objects.filter(project=project).first()) >= policy.draft_every


def check_draft(project: Project) -> None:
    """Have it fitted again where that is due, and can be."""
    if is_due(project) and not obstacle_to(project):
        enqueue("training.fit_draft", project.pk)


def check_all_drafts() -> None:
    """Beat: the same for every project, in case a message was lost."""
    policies = RetrainPolicy.objects.filter(draft_every__gt=0, project__archived_at=None).select_related("project")
    for policy in policies:
        if is_due(policy.project) and not obstacle_to(policy.project):
            remind("training.fit_draft", policy.project_id)


def fit_draft(project: Project) -> Draft | None:
    """Fit it on what is golden now; None where that is not due, where another worker does it, and without an encoder.

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
        rows = rows_of([*found[Split.TRAIN], *found[Split.VALIDATION]], task, "golden samples")
        try:
            vectors = kept_vectors()
            fitted = _fitted(rows, task, vectors)
        except EncoderError as error:
            logger.warning("no draft of %s: %s", project.key, error)
            return None
        learnt = {"spec": spec, "encoder": vectors.record.key, "golden": len(rows.labels), "counted_to": counted_to}
        draft = _keep(project, fitted, {**learnt, "seconds": round(time.monotonic() - began, 2)})
    logger.info("%s: fitted on %s golden samples in %s s", draft, draft.golden, draft.seconds)
    enqueue("training.propose_draft", project.pk)
    return draft


def _fitted(rows: Rows, task: HeadTask, vectors: TextVectors) -> "Quick":
    import numpy as np

    from training.heads.quick import fit_quickly

    said, names = described(task), [label.name for label in task.labels]
    told = Rows([], [frozenset({name}) for name in said])
    targets = np.vstack([rows.targets(names), told.targets(names)])
    return fit_quickly(vectors([*rows.texts, *said.values()]), targets, len(rows.labels), task)


def _keep(project: Project, fitted: "Quick", learnt: dict[str, Any]) -> Draft:
    """In the place of the one before."""
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
        number = known.number + 1 if known else 1
        draft, _ = Draft.objects.update_or_create(project=project, defaults={**values, "number": number})
        after = {"number": number, "golden": draft.golden, "figure": draft.figure}
        events.record(_DRAFT, "draft.fitted", draft, after=after)
    return draft
