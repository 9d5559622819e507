"""Keep the next samples of the review queue proposed by the live version."""

import logging

from django.db.models import Exists, OuterRef

from deployment.services.live import live_version
from deployment.services.serving import predict
from labeling.models import Prediction, Project, Sample, SampleState
from labeling.problems import ProblemError

logger = logging.getLogger(__name__)
AHEAD = 20


def unproposed(project: Project, ahead: int = AHEAD) -> list[Sample]:
    """The next `ahead` pending samples that the live version has not answered yet, in review order."""
    version = live_version(project)
    if version is None:
        return []
    queue = Sample.objects.filter(project=project, state=SampleState.PENDING).order_by("rank", "id")[:ahead]
    answered = Prediction.objects.filter(sample=OuterRef("pk"), model_tag=version.tag)
    return [row for row in queue.annotate(answered=Exists(answered)) if not row.answered]


def propose(project: Project, ahead: int = AHEAD) -> int:
    """Ask the live version about the next samples to review; the number of proposals made.

    Stops quietly where nothing is live or the server is away: experts can review without proposals.
    """
    made = 0
    for sample in unproposed(project, ahead):
        try:
            predict(project, sample.text, source=Prediction.Source.QUEUE, sample=sample)
        except ProblemError as problem:
            logger.warning("no proposals for %s now: %s", project.key, problem)
            break
        made += 1
    return made
