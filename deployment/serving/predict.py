"""Ask a model: the one way for predictions, proposals and benchmarks."""

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from common import patience
from common.actor import Actor
from common.problems import ProblemError, UnavailableError
from deployment.live import live_version
from deployment.models import FailedRequest, StagedVersion
from deployment.servers.availability import FAILURES, busy, in_flight, may_ask, note_failure, note_success
from deployment.servers.drivers import (
    AddressRefusedError,
    CrowdedError,
    DriverError,
    ModelBrokenError,
    NotThereError,
    PromptTooLongError,
    RefusedError,
    Reply,
    TransportError,
    UnreadableError,
    driver_for,
)
from deployment.serving.routing import live_servers
from deployment.serving.shares import share_of
from deployment.signals import version_broken, version_lost
from labeling import answers, prompts
from labeling import services as labeling
from labeling.access import Right, require
from labeling.kinds import Input, Spec, json_schema
from labeling.models import Prediction, Project, Sample
from labeling.services.describing import NOTHING, About
from labeling.services.samples import checked_input
from training.models import ModelVersion

logger = logging.getLogger(__name__)
# Of a web process's places for model servers, so many stay free for moves and for pages about servers.
FOR_OTHERS = 1
# Of a head's labels so many are kept with a prediction, those of so high a probability.
MOST_LIKELY, LIKELY = 10, 0.01


@dataclass(frozen=True)
class Answer:
    """What a model said, as read by `labeling.answers`.

    Confidence is the model's own probability of the whole answer, 0 to 1; None where it is not known: of thoughts, and
    from a server that tells no probabilities of tokens. `label_chances`: of a head's likeliest labels, each by itself.
    `share`: of such answers that are right, where that is known.
    """

    raw: str
    parsed: answers.ParsedAnswer
    confidence: float | None
    latency_ms: float
    tokens: int
    label_chances: Mapping[str, float] | None = None
    share: float | None = None


def ask(
    staged: StagedVersion, spec: Spec, asked: Input, *, free: bool = False, logprobs: bool = False, name: str = ""
) -> Answer:
    """One answer of a staged version to `asked`, held to the spec's JSON schema unless `free`.

    `name`: another one of the very same bytes on the server. Raises `DriverError`: `TransportError` where the server
    gave no readable answer even on a second try.
    """
    reply = driver_for(staged.server).chat(
        name or staged.tag,
        prompts.messages(spec, asked, staged.marks),
        staged.version.decoding,
        None if free else json_schema(spec),
        logprobs=logprobs,
        thinking=spec.thinking,
    )
    parsed = answers.parse(reply.text, spec, asked, complete=reply.complete)
    return Answer(
        raw=reply.whole,
        parsed=replace(parsed, note=reply.head.note) if reply.head else parsed,
        confidence=_confidence(reply),
        latency_ms=reply.latency_ms,
        tokens=reply.completion_tokens,
        label_chances=_likely(reply.head.probabilities) if reply.head else None,
    )


def _likely(chances: Mapping[str, float]) -> dict[str, float]:
    """The labels that a person might want to know of, the likeliest first."""
    found = sorted(((chance, name) for name, chance in chances.items() if chance >= LIKELY), reverse=True)
    return {name: round(chance, 4) for chance, name in found[:MOST_LIKELY]}


def _confidence(reply: Reply) -> float | None:
    if reply.head is not None:
        return reply.head.confidence
    # Thoughts have probabilities, too, which say nothing of the answer.
    return None if reply.reasoning else confidence(reply.logprobs)


def confidence(logprobs: tuple[float, ...]) -> float | None:
    """The probability of the whole answer, of all its tokens in their order, its end left out; None where unknown."""
    return math.exp(min(0.0, math.fsum(logprobs))) if logprobs else None


def predict(
    actor: Actor,
    project: Project,
    asked: Input,
    *,
    source: str = Prediction.Source.API,
    sample: Sample | None = None,
    said: About = NOTHING,
) -> Prediction:
    """Ask the live version and record what it said. `asked` is the whole input of `sample`, where that is given.

    `said`: what is kept of the text besides. Raises `PermissionDenied`, `ConflictError` where nothing is live,
    `UnavailableError` where no server answers, and `ProblemError` where the text is longer than the model's context or
    the server refuses it. A server that is away is passed over for the next one; a version that was replaced while the
    request was on its way is left for the new one.
    """
    require(actor, project, Right.PREDICT)
    if sample is None:
        asked = checked_input(project, asked)
    try:
        staged, answer = ask_live(project, asked)
    except UnavailableError as error:
        note_failed(project, error, source)
        raise
    return labeling.record_prediction(
        actor,
        project,
        **vars(replace(answered(staged.version, answer, asked=asked, sample=sample), said=said)),
        source=source,
    )


def note_failed(project: Project, error: UnavailableError, source: str) -> None:
    """Count a request that no server answered. A proposal waits until one is back; nobody has asked for it yet."""
    if source != Prediction.Source.QUEUE:
        live = live_version(project)
        FailedRequest.objects.create(project=project, model_tag=live.tag if live else "", sentence=str(error))


def ask_live(project: Project, asked: Input, known: Sequence[StagedVersion] = ()) -> tuple[StagedVersion, Answer]:
    """The answer of the version that is live, and where it was asked. Raises as `predict`.

    `known`: what `live_servers` said when the caller's request began, for one that asks about many texts.
    """
    tried: list[int] = []
    problem: DriverError | None = None
    while True:
        staged = _next(project, tried, problem) if tried or not known else min(known, key=lambda row: busy(row.server))
        tried.append(staged.pk)
        if not may_ask(staged.server):
            continue
        try:
            with in_flight(staged.server), patience.within(staged.server.answer_seconds), patience.leaving(FOR_OTHERS):
                answer = _ask_by_any_name(staged, asked)
            note_success(staged.server)
            readable = answer.parsed.answer is not None
            return staged, replace(answer, share=share_of(staged, answer.confidence)) if readable else answer
        except CrowdedError as error:
            raise UnavailableError(f"{error}. Try again in a moment.", retry_after=1) from error
        except (ModelBrokenError, NotThereError, TransportError, AddressRefusedError) as error:
            problem = error
            _note(staged, error)
        except PromptTooLongError as error:
            note_success(staged.server)
            raise ProblemError(f"The text is too long for {staged.version}. {error}") from error
        except RefusedError as error:
            note_success(staged.server)
            raise ProblemError(f"The model server refused the text: {error}") from error


def _next(project: Project, tried: list[int], problem: DriverError | None) -> StagedVersion:
    """Where the live version stands and was not asked yet; `UnavailableError` where that is nowhere."""
    try:
        waiting = [staged for staged in live_servers(project) if staged.pk not in tried]
    except UnavailableError as error:
        raise (_unavailable(project, problem) if problem else error) from None
    if not waiting:
        raise _unavailable(project, problem)
    return waiting[0]


def _note(staged: StagedVersion, error: DriverError) -> None:
    """Nothing is wrong with the text: another server is asked, and whoever watches over this floor mends the first."""
    if isinstance(error, NotThereError):
        note_success(staged.server)
        logger.warning("%s is not there: %s", staged, error)
        return
    note_failure(staged.server, str(error), tried=_failed_before(staged))
    if isinstance(error, ModelBrokenError):
        logger.error("%s cannot be loaded: %s", staged, error)
        version_broken.send(sender=StagedVersion, staged_id=staged.pk, sentence=str(error))
    else:
        logger.warning("%s did not answer: %s", staged, error)


def _failed_before(staged: StagedVersion) -> bool:
    """This request was the one that tried whether the server answers again."""
    return staged.server.failures >= FAILURES


def _ask_by_any_name(staged: StagedVersion, asked: Input) -> Answer:
    """Ask by the version's own tag; where that is lost, by another name of the same digest, the alias as a rule."""
    spec = staged.version.spec.to_spec()
    try:
        return ask(staged, spec, asked, logprobs=True)
    except (NotThereError, UnreadableError):
        names = driver_for(staged.server).names_of(staged.manifest_digest)
        version_lost.send(sender=StagedVersion, staged_id=staged.pk)
        if not names:
            raise
    logger.warning("%s is lost; %s has its digest and answers", staged, names[0])
    return ask(staged, spec, asked, logprobs=True, name=names[0])


def _unavailable(project: Project, problem: DriverError | None) -> UnavailableError:
    if isinstance(problem, ModelBrokenError):
        return UnavailableError(f"What is live in {project.key} cannot be loaded on any of its servers: {problem}")
    return UnavailableError(f"No model server answers for {project.key}: {problem}")


def answered(version: ModelVersion, answer: Answer, *, asked: Input, sample: Sample | None = None) -> labeling.Answered:
    """An answer for the record, attributed to the version that gave it."""
    return labeling.Answered(
        spec=version.spec,
        model_tag=version.tag,
        raw=answer.raw,
        parsed=answer.parsed,
        sample=sample,
        input=asked,
        confidence=answer.confidence,
        latency_ms=answer.latency_ms,
        label_chances=answer.label_chances,
        share=answer.share,
    )
