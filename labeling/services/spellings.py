"""Answers with places, brought to the text as it is stored: equal texts may differ in case and white space."""

from collections.abc import Iterable

from common.problems import ProblemError
from labeling import splits
from labeling.kinds import Answer, AnswerError, Input, kind_of
from labeling.models import Sample, TaskSpec


def respelled(task: TaskSpec, answer: Answer | None, asked: Input | None, stored: Input | None) -> Answer | None:
    """What was said of `asked`, with its places in the text that is kept; as it is where they are not found there."""
    if answer is None or asked is None or stored is None or asked == stored:
        return answer
    try:
        return kind_of(task).respelled(task.to_spec(), answer, asked, stored)
    except AnswerError:
        return answer


class Spellings:
    """Which spelling of each of these texts is the sample's: the one that is there, else the first that comes.

    Kinds whose answers have no places are not asked about, and cost nothing.
    """

    def __init__(self, task: TaskSpec, texts: Iterable[str]) -> None:
        self.kind, self.spec = kind_of(task), task.to_spec()
        self.stored: dict[str, str] = {}
        if self.kind.has_places:
            hashes = set(map(splits.content_hash, texts))
            rows = Sample.objects.filter(project_id=task.project_id, content_hash__in=hashes)
            self.stored = dict(rows.values_list("content_hash", "text"))

    def fit(self, text: str, answer: Answer | None) -> Answer | None:
        """The answer with its places in the sample's text. Raises `ProblemError`."""
        if not self.kind.has_places:
            return answer
        stored = self.stored.setdefault(splits.content_hash(text), text)
        try:
            return answer if answer is None else self.kind.respelled(self.spec, answer, text, stored)
        except AnswerError as error:
            raise ProblemError(str(error)) from error
