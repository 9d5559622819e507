"""Write down what a model answered."""

from common.actor import Actor
from common.problems import ProblemError
from common.text import storable
from labeling.answers import ParsedAnswer
from labeling.kinds import Input
from labeling.models import Prediction, Project, Sample, TaskSpec
from labeling.services.samples import add_sample
from labeling.ways import WayIn


def record_prediction(
    actor: Actor,
    project: Project,
    *,
    spec: TaskSpec,
    model_tag: str,
    raw: str,
    parsed: ParsedAnswer,
    source: str,
    sample: Sample | None = None,
    input: Input | None = None,
    confidence: float | None = None,
    latency_ms: float | None = None,
) -> Prediction:
    """Record one answer of one model, to a sample or to an input. `confidence` 0 to 1, `latency_ms` milliseconds.

    An input becomes a sample to review where the project keeps texts of the API, and always from the Analyze page.
    """
    if sample is not None and sample.project_id != project.pk:
        raise ProblemError("The sample belongs to another project.")
    analyzed = source == Prediction.Source.ANALYZE
    if sample is None and input is not None and (project.keep_api_texts or analyzed):
        sample, _ = add_sample(actor, project, input, way_in=WayIn.ANALYZE if analyzed else WayIn.PREDICT)
    return Prediction.objects.create(
        project=project,
        sample=sample,
        spec=spec,
        model_tag=model_tag,
        raw=storable(raw),
        answer=parsed.answer,
        status=str(parsed.status),
        reason=storable(parsed.words),
        confidence=confidence,
        latency_ms=latency_ms,
        source=source,
    )
