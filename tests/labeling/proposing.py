"""A model's answer to a text, as tests of reviews and feedback need it."""

from typing import Any

from labeling import services
from labeling.answers import parse
from labeling.models import Prediction, Project, Sample
from labeling.splits import group_key, split_for
from tests.factories import SYSTEM


def propose(sample: Sample, raw: str = '{"labels": ["billing"]}', source: str = "queue", **fields: Any) -> Prediction:
    """The answer `raw` of version 1 to a sample."""
    return _record(sample.project, raw, source=source, sample=sample, **fields)


def predict(project: Project, text: str, raw: str = '{"labels": ["billing"]}', source: str = "api") -> Prediction:
    """The answer `raw` of version 1 to a text, which is kept as the project says."""
    return _record(project, raw, source=source, input=text)


def _record(project: Project, raw: str, **fields: Any) -> Prediction:
    spec, tag = project.spec, f"{project.key}:v1"
    parsed = parse(raw, spec.to_spec(), None)
    return services.record_prediction(SYSTEM, project, spec=spec, model_tag=tag, raw=raw, parsed=parsed, **fields)


def texts_of(split: str, project: Project, count: int, start: int = 0) -> list[str]:
    """`count` texts, no two of one group, that the project's hash puts into `split`."""
    found, number = [], start
    while len(found) < count:
        text = f"A message about {_word(number)} and nothing else"
        if split_for(group_key(text), project.shares, project.key) == split:
            found.append(text)
        number += 1
    return found


def _word(number: int) -> str:
    """Letters alone, since digits do not tell groups apart."""
    letters = "abcdefghij"
    return "".join(letters[int(digit)] for digit in str(number))
