"""Write down what a model answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from common.text import storable
from labeling import splits
from labeling.answers import ParsedAnswer
from labeling.kinds import Input
from labeling.models import Prediction, Project, Sample, TaskSpec
from labeling.services import events
from labeling.services.describing import NOTHING, About
from labeling.services.samples import NewText, add_sample, add_samples, in_one_order, new_text, samples_of
from labeling.services.spellings import respelled
from labeling.ways import WayIn


@dataclass(frozen=True)
class Answered:
    """One answer of one model, to a sample or to an input. `confidence` 0 to 1, `latency_ms` milliseconds.

    `share` of such answers are right, where that is known; `label_chances` are of a head's likeliest labels, each by
    itself. All are 0 to 1.
    """

    spec: TaskSpec
    model_tag: str
    raw: str
    parsed: ParsedAnswer
    sample: Sample | None = None
    input: Input | None = None
    confidence: float | None = None
    latency_ms: float | None = None
    label_chances: Mapping[str, float] | None = None
    share: float | None = None
    said: About = NOTHING


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
    label_chances: Mapping[str, float] | None = None,
    share: float | None = None,
    said: About = NOTHING,
) -> Prediction:
    """Record one answer, and what is `said` of the text. Raises `ProblemError` for a sample of another project.

    An input becomes a sample to review where the project keeps texts of the API, and always from the Analyze page.
    Places in the row's answer are kept as they stand in the sample's text, and come back as in the input.
    """
    answered = Answered(spec, model_tag, raw, parsed, sample, input, confidence, latency_ms, label_chances, share, said)
    sample = _own(project, answered)
    if sample is None and input is not None and (way_in := _kept_as(project, source)):
        sample, _ = add_sample(actor, project, input, way_in=way_in, said=said)
    row = _row(project, answered, sample, source)
    row.save(force_insert=True)
    return _as_asked(row, answered)


@transaction.atomic
def record_predictions(
    actor: Actor, project: Project, answered: Sequence[Answered], *, source: str
) -> list[Prediction]:
    """Record many as `record_prediction` does, in a few statements: the rows in the order of `answered`."""
    samples = [_own(project, each) for each in answered]
    if way_in := _kept_as(project, source):
        texts = {
            place: new_text(project, each.input)
            for place, each in enumerate(answered)
            if samples[place] is None and each.input is not None
        }
        kept = _kept(actor, project, list(texts.values()), way_in)
        for place, text in texts.items():
            samples[place] = kept[splits.content_hash(text.text)]
    known = [replace(each, sample=sample) for each, sample in zip(answered, samples, strict=True)]
    rows = recorded(project, known, source=source)
    return [_as_asked(row, each) for row, each in zip(rows, known, strict=True)]


def _as_asked(row: Prediction, answered: Answered) -> Prediction:
    """For who asked, in whose text the places stand elsewhere than in an equal one that was there before."""
    row.answer = answered.parsed.answer
    return row


def recorded(project: Project, answered: Sequence[Answered], *, source: str) -> list[Prediction]:
    """The rows of answers whose samples are known."""
    return Prediction.objects.bulk_create(_row(project, each, each.sample, source) for each in answered)


def _own(project: Project, answered: Answered) -> Sample | None:
    if answered.sample is not None and answered.sample.project_id != project.pk:
        raise ProblemError("The sample belongs to another project.")
    return answered.sample


def _kept_as(project: Project, source: str) -> str:
    """How a text that a model was asked about comes in; empty where the project does not keep it."""
    if source == Prediction.Source.ANALYZE:
        return WayIn.ANALYZE
    return WayIn.PREDICT if project.keep_api_texts else ""


def _kept(actor: Actor, project: Project, texts: list[NewText], way_in: str) -> dict[str, Sample]:
    added = add_samples(project, in_one_order(texts), way_in=way_in)
    if added:
        after = {"new": len(added), "known": len(texts) - len(added), "way_in": way_in}
        events.record(actor, "samples.added", project, after=after)
    return samples_of(project, texts)


def _row(project: Project, answered: Answered, sample: Sample | None, source: str) -> Prediction:
    parsed = answered.parsed
    whole = None if sample is None else sample.whole_input
    return Prediction(
        project=project,
        sample=sample,
        spec=answered.spec,
        model_tag=answered.model_tag,
        raw=storable(answered.raw),
        answer=respelled(answered.spec, parsed.answer, answered.input, whole),
        status=str(parsed.status),
        reason=storable(parsed.words),
        confidence=answered.confidence,
        share=answered.share,
        latency_ms=answered.latency_ms,
        label_chances=None if answered.label_chances is None else dict(answered.label_chances),
        source=source,
        **answered.said.as_fields(),
    )
