"""Ask a model: the one way for predictions, proposals and benchmarks."""

import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection

from deployment.drivers import (
    AddressRefusedError,
    DriverError,
    NotThereError,
    PromptTooLongError,
    RefusedError,
    TransportError,
    driver_for,
)
from deployment.models import FailedRequest, StagedVersion
from deployment.services.live import live_servers, live_version
from deployment.services.resting import in_flight, note_failure, note_success
from labeling import answers, prompts
from labeling import services as labeling
from labeling.kinds import Spec, json_schema
from labeling.models import Prediction, Project, Sample
from labeling.problems import ProblemError, UnavailableError
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
        staged.version.decoding,
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
    """Geometric mean of the probabilities of the answer's tokens, its end left out; None where none are known."""
    return math.exp(math.fsum(logprobs) / len(logprobs)) if logprobs else None


def predict(
    project: Project, text: str, *, source: str = Prediction.Source.API, sample: Sample | None = None
) -> Prediction:
    """Ask the live version and record what it said.

    Raises `ConflictError` where nothing is live, `UnavailableError` where no server answers, and `ProblemError` where
    the text is longer than the model's context or the server refuses it. A server that is away is passed over for the
    next one; a version that was replaced while the request was on its way is left for the new one.
    """
    if not text.strip():
        raise ProblemError("The text is empty.")
    try:
        staged, answer = _ask_live(project, text)
    except UnavailableError as error:
        # A proposal waits until a server is back; nobody has asked for it yet.
        if source != Prediction.Source.QUEUE:
            live = live_version(project)
            FailedRequest.objects.create(project=project, model_tag=live.tag if live else "", sentence=str(error))
        raise
    return record(project, staged.version, answer, text=text, source=source, sample=sample)


def _ask_live(project: Project, text: str) -> tuple[StagedVersion, Answer]:
    tried: list[int] = []
    problem: DriverError | None = None
    while True:
        waiting = [staged for staged in live_servers(project) if staged.pk not in tried]
        if not waiting:
            raise UnavailableError(f"No model server answers for {project.key}: {problem}")
        staged = waiting[0]
        tried.append(staged.pk)
        try:
            with in_flight(staged.server):
                answer = ask(staged, staged.version.spec.to_spec(), text, logprobs=True)
            note_success(staged.server)
            return staged, answer
        except (TransportError, NotThereError, AddressRefusedError) as error:
            problem = error
            if not isinstance(error, NotThereError):
                note_failure(staged.server, str(error))
            logger.warning("%s did not answer: %s", staged, error)
        except PromptTooLongError as error:
            raise ProblemError(f"The text is too long for {staged.version}. {error}") from error
        except RefusedError as error:
            raise ProblemError(f"The model server refused the text: {error}") from error


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
    project: Project,
    texts: Sequence[str],
    *,
    source: str = Prediction.Source.API,
    samples: Sequence[Sample] | None = None,
) -> list[Prediction | ProblemError]:
    """Predictions in the order of `texts`, as many at once as the server has slots; a failed one is its error.

    `samples` are the rows that the texts belong to, where they are known. Raises as `predict` where nothing is live.
    """
    slots = live_servers(project)[0].server.slots

    def one(text: str, sample: Sample | None) -> Prediction | ProblemError:
        try:
            return predict(project, text, source=source, sample=sample)
        except ProblemError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=slots) as pool:
        return list(pool.map(one, texts, samples or [None] * len(texts)))
