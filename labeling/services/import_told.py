"""What models of outside said of imported texts, recorded as any prediction: never twice for one text."""

from collections.abc import Iterable
from typing import Any

from common import jsonl
from common.text import storable
from labeling import splits
from labeling.answers import parse
from labeling.kinds import AnswerError, Spec, canonical, kind_of
from labeling.models import Prediction, Project, TaskSpec
from labeling.services.predictions import Answered, recorded
from labeling.services.samples import NewText, samples_of

_LONGEST_TAG = 200
_RENAMED = "imported/"


def record_told(task: TaskSpec, texts: Iterable[NewText]) -> int:
    """Record what models said of these texts, which are samples by now; how many answers were not there before.

    Of a test text they are hidden from its experts like all predictions. A tag of the project's own, such as that of a
    version, is imported under another name: `imported/support-tags:v7`. The caller's transaction holds it.
    """
    spec, told = task.to_spec(), [text for text in texts if text.told]
    samples = samples_of(task.project, told)
    rows = Prediction.objects.filter(sample__in=[sample.pk for sample in samples.values()])
    known = set(rows.values_list("sample_id", "model_tag", "raw"))
    answered: dict[tuple[int, str, str], Answered] = {}
    for text in told:
        sample = samples[splits.content_hash(text.text)]
        for said in text.told:
            named, raw = storable(said.model), storable(_raw(spec, said.answer, text))
            if (sample.pk, named[:_LONGEST_TAG], raw) in known:
                continue  # our own answer, back from an export
            tag = _tag(task.project, named)
            parsed = parse(raw, spec, sample.whole_input)
            answered[sample.pk, tag, raw] = Answered(task, tag, raw, parsed, sample, confidence=said.confidence)
    new = [each for key, each in answered.items() if key not in known]
    return len(recorded(task.project, new, source=Prediction.Source.OUTSIDE))


def _tag(project: Project, named: str) -> str:
    """The tag to keep: a file cannot speak for a version of the project, nor for one that is still to come."""
    return (f"{_RENAMED}{named}" if named.startswith(f"{project.key}:") else named)[:_LONGEST_TAG]


def _raw(spec: Spec, answer: Any, text: NewText) -> str:
    """The text that a model would have written; labels that the task does not have stay as they are told."""
    if isinstance(answer, str):
        return answer
    try:
        return kind_of(spec).dumps(spec, canonical(spec, answer, text.whole_input), text.whole_input)
    except AnswerError:
        return jsonl.dumps(answer)
