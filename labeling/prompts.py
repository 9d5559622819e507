"""The chat messages of a task and a text: the same for training rows, benchmarks and serving.

The system message is always sent (some chat templates put in one of their own where there is none) and is kept
short, since small models read it and every token costs. Chat marks inside texts are neutralised here and nowhere
else (see `labeling.marks`).
"""

from typing import Any

from labeling.kinds import MULTI_LABEL, SINGLE_LABEL, Answer, Spec, dumps
from labeling.marks import neutralise

Message = dict[str, str]


def messages(spec: Spec, text: str) -> list[Message]:
    """The chat messages that ask `spec` about `text`: a system message, then a user message."""
    user = neutralise(spec.prompt_template.replace("{text}", text))
    return [{"role": "system", "content": neutralise(system_message(spec))}, {"role": "user", "content": user}]


def training_row(spec: Spec, text: str, answer: Answer) -> dict[str, Any]:
    """The prompt/completion row, in TRL's conversational form, that teaches `answer` for `text`.

    Raises `AnswerError` where `answer` is no answer to `spec`.
    """
    completion = neutralise(dumps(spec, answer))
    return {"prompt": messages(spec, text), "completion": [{"role": "assistant", "content": completion}]}


def system_message(spec: Spec) -> str:
    """Instruction, labels (with descriptions where there are any), and the form of the answer."""
    parts = [spec.instruction.strip(), _label_lines(spec), _answer_line(spec)]
    return "\n".join(part for part in parts if part)


def _label_lines(spec: Spec) -> str:
    if not spec.labels:
        return ""
    if not any(label.description for label in spec.labels):
        return f"Labels: {', '.join(spec.label_names)}"
    lines = [f"{label.name}: {label.description}" if label.description else label.name for label in spec.labels]
    return "\n".join(["Labels:", *lines])


def _answer_line(spec: Spec) -> str:
    if spec.kind == SINGLE_LABEL:
        return 'Answer in JSON: {"label": "..."}'
    if spec.kind != MULTI_LABEL:
        return ""
    limit = f", at most {spec.label_limit}" if spec.label_limit < len(spec.labels) else ""
    return f'Answer in JSON: {{"labels": ["..."]}}{limit}'
