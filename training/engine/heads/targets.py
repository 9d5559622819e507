"""The labels of a run's rows, read from the answers that the rows teach. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from common import jsonbounds
from training.engine.chat import Message, render, token_ids
from training.engine.data import IGNORED, Encoded, messages_of
from training.engine.errors import EngineError, Exit
from training.engine.files import read_jsonl
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Targets:
    """All labels of a run in order, whether a text may have several, and each answer once, as places among them.

    `limit`: how many labels are given to a text at most, where the task says so.
    """

    labels: tuple[str, ...]
    several: bool
    answers: tuple[tuple[int, ...], ...]
    limit: int | None = None

    @classmethod
    def of(cls, run: RunDir, limit: int | None = None) -> "Targets":
        """Those of both files. Raises `EngineError` where an answer is not made of labels."""
        found: list[frozenset[str]] = []
        forms = set[bool]()
        for path in (run.train, run.validation):
            for number, row in enumerate(read_jsonl(path) if path.is_file() else [], start=1):
                where = f"{path.name}, row {number}"
                labels, several = labels_in(messages_of(row, where)[1], where)
                found.append(frozenset(labels))
                forms.add(several)
        if len(forms) > 1:
            raise EngineError("Some answers are one label and others a list of them.", Exit.BAD_CONFIG)
        labels = sorted(frozenset[str]().union(*found))
        if len(labels) < 2:
            raise EngineError(
                "The rows show fewer than two labels, so there is nothing to tell apart. Review more samples first.",
                Exit.BAD_CONFIG,
            )
        places = {label: place for place, label in enumerate(labels)}
        answers = {tuple(sorted(places[label] for label in each)) for each in found}
        return cls(tuple(labels), True in forms, tuple(sorted(answers)), limit)

    def encode(
        self,
        tokenizer: "PreTrainedTokenizerBase",
        instruction: str | None,
        prompt: Sequence[Message],
        completion: Sequence[Message],
    ) -> Encoded:
        """One row: the question's ids. Its only label stands at the last of them, and is the number of the answer."""
        ids = asked_ids(tokenizer, instruction, prompt)
        labels, _ = labels_in(completion, "a row")
        answer = tuple(sorted(self._places[label] for label in set(labels)))
        return {"input_ids": ids, "labels": [IGNORED] * (len(ids) - 1) + [self._numbers[answer]]}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {label: place for place, label in enumerate(self.labels)}

    @cached_property
    def _numbers(self) -> dict[tuple[int, ...], int]:
        return {answer: number for number, answer in enumerate(self.answers)}


def asked_ids(tokenizer: "PreTrainedTokenizerBase", instruction: str | None, prompt: Sequence[Message]) -> list[int]:
    """The ids of a question, up to where a model would begin its answer: `instruction` in place of the system turn."""
    return token_ids(tokenizer, render(tokenizer, asked_messages(instruction, prompt)))


def asked_messages(instruction: str | None, prompt: Sequence[Message]) -> list[Message]:
    """What is asked: with `instruction` in place of the system turn, where there is one; empty: no such turn."""
    if instruction is None:
        return list(prompt)
    said: list[Message] = [{"role": "system", "content": instruction}] if instruction else []
    return [*said, *(each for each in prompt if each["role"] != "system")]


def labels_in(completion: Sequence[Message], where: str) -> tuple[list[str], bool]:
    """The labels that an answer gives, and whether it is a list: JSON of either, alone or under one key."""
    try:
        value: Any = jsonbounds.loads(completion[-1]["content"])
    except ValueError:
        value = None
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    if isinstance(value, str):
        return [value], False
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value, True
    raise EngineError(
        f"{where}: the answer is not made of labels, and a classification head learns nothing else. Train by sft.",
        Exit.BAD_CONFIG,
    )
