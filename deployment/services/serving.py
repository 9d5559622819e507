"""Ask a model: the one way for predictions, proposals and benchmarks."""

import logging
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection

from deployment.drivers import DriverError, TransportError, driver_for
from deployment.models import StagedVersion
from deployment.services.live import live_staged
from labeling import answers, prompts
from labeling import services as labeling
from labeling.kinds import Spec, json_schema
from labeling.models import Prediction, Project, Sample
from labeling.problems import UnavailableError
from training.models import ModelVersion

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What a model said, as read by `labeling.answers`. Confidence is 0 to 1, None without log-probabilities."""

    raw: str
    parsed: answers.ParsedAnswer
    confidence: float | None
    latency_ms: float
    tokens: int


def ask(staged: StagedVersion, spec: Spec, text: str, *, free: bool = False, logprobs: bool = False) -> Answer:
    """One answer of a staged version to `text`, held to the spec's JSON schema unless `free`.

    Raises `DriverError`: `TransportError` where the server gave no readable answer even on a second try.
    """
    reply = driver_for(staged.server).chat(
        staged.tag,
        prompts.messages(spec, text),
        spec.decoding,
        None if free else json_schema(spec),
        logprobs=logprobs,
    )
    return Answer(
        raw=reply.text,
        parsed=answers.parse(reply.text, spec),
        confidence=confidence(reply.logprobs),
        latency_ms=reply.latency_ms,
        tokens=reply.completion_tokens,
    )


def confidence(logprobs: tuple[float, ...]) -> float | None:
    """Geometric mean of the tokens' probabilities; None for an answer without log-probabilities."""
    return math.exp(math.fsum(logprobs) / len(logprobs)) if logprobs else None


def predict(
    project: Project, text: str, *, source: str = Prediction.Source.API, sample: Sample | None = None
) -> Prediction:
    """Ask the live version and record what it said.

    Raises `ConflictError` where nothing is live and `UnavailableError` where no server answers. A request whose version
    was replaced while it was on its way is asked again at the new one.
    """
    staged = live_staged(project)
    try:
        answer = _ask_live(staged, text)
    except DriverError as first:
        again = live_staged(project)
        if again.pk == staged.pk:
            raise UnavailableError(f"The model server {staged.server} does not answer: {first}") from first
        staged, answer = again, _ask_live(again, text)
    return record(project, staged.version, answer, text=text, source=source, sample=sample)


def _ask_live(staged: StagedVersion, text: str) -> Answer:
    return ask(staged, staged.version.spec.to_spec(), text, logprobs=True)


def record(
    project: Project, version: ModelVersion, answer: Answer, *, text: str, source: str, sample: Sample | None = None
) -> Prediction:
    """The prediction row of an answer, attributed to the version that gave it."""
    return labeling.record_prediction(
        project,
        spec=version.spec,
        model_tag=version.tag,
        raw=answer.raw,
        parsed=answer.parsed,
        source=source,
        sample=sample,
        text=text,
        confidence=answer.confidence,
        latency_ms=answer.latency_ms,
    )


def predict_many(
    project: Project, texts: list[str], *, source: str = Prediction.Source.API
) -> list[Prediction | UnavailableError]:
    """Predictions in the order of `texts`, as many at once as the server has slots; a failed one holds its error."""
    slots = live_staged(project).server.slots

    def one(text: str) -> Prediction | UnavailableError:
        try:
            return predict(project, text, source=source)
        except UnavailableError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=slots) as pool:
        return list(pool.map(one, texts))


__all__ = ["Answer", "TransportError", "ask", "confidence", "predict", "predict_many", "record"]
