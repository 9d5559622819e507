"""Keep the next samples of the review queue proposed by the live version."""

import logging

from django.db.models import Exists, OuterRef

from common import actor as actors
from common.alone import alone
from common.problems import ConflictError, ProblemError, UnavailableError
from deployment.live import live_version
from deployment.serving.batch import predict_many
from deployment.serving.predict import Answer, answered
from labeling.answers import ParsedAnswer, Status
from labeling.models import Prediction, Project, Sample, Split
from labeling.services import record_predictions
from labeling.services.order.ahead import upcoming
from training.services.draft_proposals import for_live

logger = logging.getLogger(__name__)
_PROPOSER = actors.system("proposals")
AHEAD = 20


def unproposed(project: Project, ahead: int = AHEAD) -> list[Sample]:
    """Of the next `ahead` samples to propose, in review order, those that the live version has not answered yet.

    Where a draft proposes, too, the live version has a share of them, by chance.
    """
    version = live_version(project)
    if version is None:
        return []
    queue = for_live(project, upcoming(project, ahead))
    answered = Prediction.objects.filter(sample__in=queue, model_tag=version.tag).values_list("sample_id", flat=True)
    done = set(answered)
    return [sample for sample in queue if sample.pk not in done]


def propose(project: Project, ahead: int = AHEAD) -> int:
    """Ask the live version about the next samples to review; the number of proposals made.

    One caller at a time in a project: every review asks for proposals, and nothing should be answered twice. The others
    return at once. Stops quietly where nothing is live or the server is away: experts can review without proposals. A
    text that the model cannot take gets a failed prediction with the reason, so that it is not asked again.
    """
    total = 0
    # Looked at again after each round: who came in the meantime was sent away.
    while unproposed(project, ahead):
        with alone(f"proposals of {project.pk}") as mine:
            made = _propose(project, unproposed(project, ahead)) if mine else 0
        total += made
        if not made:
            break
    return total


def propose_further(project: Project, count: int) -> int:
    """Ask the live version about `count` more training texts that wait, beyond the head of the queue; how many it told.

    For who decides by its answers, not for experts. Like `propose` it is one at a time, and stops quietly.
    """
    version = live_version(project)
    if version is None:
        return 0
    with alone(f"proposals of {project.pk}") as mine:
        if not mine:
            return 0
        asked = Exists(Prediction.objects.filter(sample=OuterRef("pk"), model_tag=version.tag))
        waiting = Sample.objects.filter(project=project, split=Split.TRAIN).to_propose().exclude(asked)
        return _propose(project, list(waiting.select_related("project")[:count]))


def _propose(project: Project, samples: list[Sample]) -> int:
    source = Prediction.Source.QUEUE
    try:
        found = predict_many(
            _PROPOSER, project, [sample.whole_input for sample in samples], source=source, samples=samples
        )
    except ProblemError as problem:
        logger.warning("no proposals for %s now: %s", project.key, problem)
        return 0
    for sample, outcome in zip(samples, found, strict=True):
        if isinstance(outcome, Prediction):
            continue
        logger.warning("no proposal for sample %s: %s", sample.uid, outcome)
        if not isinstance(outcome, UnavailableError | ConflictError):
            _record_refusal(project, sample, str(outcome))
    return sum(isinstance(outcome, Prediction) for outcome in found)


def _record_refusal(project: Project, sample: Sample, reason: str) -> None:
    version = live_version(project)
    if version is not None:
        refused = Answer("", ParsedAnswer(None, Status.FAILED, reason), None, 0.0, 0)
        given = answered(version, refused, asked=sample.whole_input, sample=sample)
        record_predictions(_PROPOSER, project, [given], source=Prediction.Source.QUEUE)
