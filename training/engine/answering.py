"""Answers of the model that is being trained, many at once: greedy, and without a trace in the training's state."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.engine.batches.blocks import common_prefix
from training.engine.chat import end_ids
from training.engine.data import IGNORED, Encoded
from training.engine.figure import figure_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Rows that are answered at once for each that is trained on at once: an answer keeps no activations.
AT_ONCE = 8
# Tokens of prompts and answers at once, at most: a cache of long rows takes more memory than their training.
TOKENS = 16_384
# Tokens that an answer may have beyond the longest golden one.
SLACK = 8


@dataclass(frozen=True)
class Question:
    """A prompt's ids, and those of its golden answer without the end."""

    prompt: list[int]
    answer: list[int]

    @classmethod
    def of(cls, row: Encoded) -> "Question":
        """From a row of the trainer."""
        start = next((at for at, label in enumerate(row["labels"]) if label != IGNORED), len(row["labels"]))
        return cls(row["input_ids"][:start], row["input_ids"][start:-1])


def chosen(rows: Sequence[Encoded], most: int) -> list[Question]:
    """At most so many of the rows, evenly out of all of them."""
    count = min(most, len(rows))
    return [Question.of(rows[at * len(rows) // count]) for at in range(count)]


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
        self._questions = sorted(questions, key=lambda question: -len(question.prompt))
        prompts = [question.prompt for question in self._questions]
        several = share and len(prompts) > 1
        self._prefix = common_prefix(prompts, min(map(len, prompts)) - 1) if several else 0
        self._limit = max(len(question.answer) for question in questions) + 1 + SLACK
        self._at_once = max(1, min(at_once, TOKENS // (len(prompts[0]) + self._limit)))

    def figure(self, model: "PreTrainedModel", autocast: Callable[[], AbstractContextManager[Any]]) -> float:
        """The figure of the answers as the model gives them now; the model is left as it was."""
        import torch

        was_training = model.training
        model.train(False)
        try:
            with torch.no_grad(), autocast():
                given = self.answers(model)
        finally:
            model.train(was_training)
        return figure_of([self._text(question.answer) for question in self._questions], [*map(self._text, given)])

    def answers(self, model: "PreTrainedModel") -> list[list[int]]:
        """The ids of each question's answer, those with the longest prompts first."""
        found: list[list[int]] = []
        for at in range(0, len(self._questions), self._at_once):
            found += self._batch(model, [each.prompt for each in self._questions[at : at + self._at_once]])
        return found

    def _batch(self, model: "PreTrainedModel", prompts: list[list[int]]) -> list[list[int]]:
        import torch

        rests = [prompt[self._prefix :] for prompt in prompts]
        width, filling = max(map(len, rests)), min(self._ends)
        ids = torch.tensor([[filling] * (width - len(rest)) + rest for rest in rests], device=model.device)
        seen = torch.tensor([[0] * (width - len(rest)) + [1] * len(rest) for rest in rests], device=model.device)
        seen = torch.cat([seen.new_ones(len(rests), self._prefix), seen], dim=1)
        past = self._past(model, prompts[0][: self._prefix], len(rests))
        positions = (seen.cumsum(1) - 1).clamp(min=0)[:, self._prefix :]
        ends, open_rows = torch.tensor(sorted(self._ends), device=model.device), seen.new_ones(len(rests)).bool()
        given: list[torch.Tensor] = []
        while True:
            out = model(
                input_ids=ids,
                attention_mask=seen,
                position_ids=positions,
                past_key_values=past,
                use_cache=True,
                logits_to_keep=1,
            )
            self._beat()
            past, tokens = out.past_key_values, out.logits[:, -1].argmax(-1)
            given.append(torch.where(open_rows, tokens, filling))
            open_rows = open_rows & ~torch.isin(tokens, ends)
            if len(given) == self._limit or not open_rows.any():
                break
            ids, positions = given[-1][:, None], positions[:, -1:] + 1
            seen = torch.cat([seen, seen.new_ones(len(rests), 1)], dim=1)
        return [self._until_end(row) for row in torch.stack(given, dim=1).tolist()]

    def _past(self, model: "PreTrainedModel", prefix: list[int], rows: int) -> Any:
        """The cache of what all prompts begin with, for so many rows."""
        import torch

        if not prefix:
            return None
        past = model(input_ids=torch.tensor([prefix], device=model.device), use_cache=True, logits_to_keep=1)
        past.past_key_values.batch_repeat_interleave(rows)
        return past.past_key_values

    def _until_end(self, ids: list[int]) -> list[int]:
        return ids[: next((at for at, token in enumerate(ids) if token in self._ends), len(ids))]

    def _text(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
