"""Answers of the model that is being trained, many at once: greedy, and without a trace in the training's state."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.engine.chat import end_ids
from training.engine.data import IGNORED, Encoded
from training.engine.decoding import Beginning, decode, shared
from training.engine.figure import Parts, figure_from, parts_of

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Rows that are answered at once for each that is trained on at once: an answer keeps no activations.
AT_ONCE = 8
# Tokens of prompts and answers at once, at most: a cache of long rows takes more memory than their training.
TOKENS = 16_384
# Tokens that an answer may have beyond the longest golden one.
SLACK = 8


@dataclass(frozen=True)
class Question:
    """A prompt's ids, those of its golden answer without the end, and its place among the validation rows."""

    prompt: list[int]
    answer: list[int]
    at: int = 0

    @classmethod
    def of(cls, row: Encoded, at: int = 0) -> "Question":
        """From a row of the trainer."""
        start = next((at for at, label in enumerate(row["labels"]) if label != IGNORED), len(row["labels"]))
        return cls(row["input_ids"][:start], row["input_ids"][start:-1], at)


def chosen(rows: Sequence[Encoded], most: int) -> list[Question]:
    """At most so many of the rows, evenly out of all of them."""
    count = min(most, len(rows))
    places = [number * len(rows) // count for number in range(count)]
    return [Question.of(rows[at], at) for at in places]


class Answering:
    """Asks a model the same rows again and again, and says by the task's figure how it does."""

    def __init__(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        questions: Sequence[Question],
        *,
        at_once: int,
        share: bool,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """`at_once`: rows of a batch at most. `share`: what all prompts begin with is taken once.

        `beat` is called for each token of a batch: a sign of life.
        """
        self._tokenizer, self._ends = tokenizer, end_ids(tokenizer)
        self._beat = beat
        self.parts: dict[int, Parts] = {}
        self._questions = sorted(questions, key=lambda question: -len(question.prompt))
        prompts = [question.prompt for question in self._questions]
        self._prefix = shared(prompts) if share and len(prompts) > 1 else []
        self._limit = max(len(question.answer) for question in questions) + 1 + SLACK
        self._at_once = max(1, min(at_once, TOKENS // (len(prompts[0]) + self._limit)))

    def figure(self, model: "PreTrainedModel", autocast: Callable[[], AbstractContextManager[Any]]) -> float:
        """The figure of the answers as the model gives them now, and their `parts`; the model is left as it was."""
        import torch

        was_training = model.training
        model.train(False)
        try:
            with torch.no_grad(), autocast():
                given = self.answers(model)
        finally:
            model.train(was_training)
        found = parts_of([self._text(question.answer) for question in self._questions], [*map(self._text, given)])
        self.parts = {question.at: parts for question, parts in zip(self._questions, found, strict=True)}
        return float(figure_from([sum(column) for column in zip(*found, strict=True)]))

    def answers(self, model: "PreTrainedModel") -> list[list[int]]:
        """The ids of each question's answer, those with the longest prompts first."""
        beginning, found = Beginning(model, self._prefix), list[list[int]]()
        for at in range(0, len(self._questions), self._at_once):
            prompts = [each.prompt for each in self._questions[at : at + self._at_once]]
            answers = decode(beginning, prompts, _likeliest, self._ends, self._limit, self._beat)
            found += [answer.ids for answer in sorted(answers, key=lambda answer: answer.row)]
        return found

    def _text(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def _likeliest(given: list[list[int]], logits: "torch.Tensor") -> list[int]:
    found: list[int] = logits.argmax(-1).tolist()
    return found
