"""The chat messages of a task and an input: the same for training rows, benchmarks and serving.

The system message is always sent (some chat templates put in one of their own where there is none) and is kept
short, since small models read it and every token costs. Chat marks inside texts are neutralised here (see
`labeling.marks`), those of a version's own tokenizer too where it is known; the engine breaks them as it reads rows.
"""

from typing import Any

from labeling.kinds import Answer, Input, Spec, dumps, kind_of
from labeling.marks import neutralise

Message = dict[str, str]


def messages(spec: Spec, input: Input, marks: tuple[str, ...] = ()) -> list[Message]:
    """The chat messages that ask `spec` about `input`: a system message, then the input's own turns.

    `marks` are those of the version that is asked.
    """
    turns = kind_of(spec).input.turns(spec.prompt_template, input)
    asked = [{"role": "system", "content": system_message(spec)}, *turns]
    return [{"role": each["role"], "content": neutralise(each["content"], marks)} for each in asked]


def input_of(spec: Spec, messages: list[Message]) -> Input:
    """What messages that `messages` made ask about, as the model read it: chat marks stay broken."""
    return kind_of(spec).input.of_turns(spec.prompt_template, messages[1:])


def training_row(spec: Spec, input: Input, answer: Answer) -> dict[str, Any]:
    """The prompt/completion row, in TRL's conversational form, that teaches `answer` for `input`.

    Raises `AnswerError` where `answer` is no answer to `spec`.
    """
    completion = neutralise(dumps(spec, answer, input))
    return {"prompt": messages(spec, input), "completion": [{"role": "assistant", "content": completion}]}


def system_message(spec: Spec) -> str:
    """The instruction, then what the kind says of the answer: labels, its form."""
    parts = [spec.instruction.strip(), *kind_of(spec).prompt_lines(spec)]
    return "\n".join(part for part in parts if part)


def label_list(spec: Spec) -> str:
    """The labels as the system message lists them, or would; empty for kinds without labels."""
    return neutralise("\n".join(kind_of(spec).label_lines(spec)))
