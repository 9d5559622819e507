"""What a run with a head says of texts: a probability for each label."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import jsonl
from training.engine.config import EngineConfig, load_config
from training.engine.errors import EngineError
from training.engine.files import read_jsonl
from training.engine.heads.targets import asked_ids
from training.engine.marks import broken, marks_of
from training.engine.rundir import RunDir

_ROWS = 16


def classify_file(path: Path, prompts: Path, out: Path) -> int:
    """Turn lines `{"messages": [...]}` or `{"text": "..."}` into `{"labels", "probabilities"}` by the run; how many.

    In float32, like all answers that others are held against.
    """
    from training.engine.models import load_tokenizer

    run = RunDir(path)
    if not run.complete:
        raise EngineError(f"{path} is not finished: it has no manifest.json.")
    head = json.loads(run.manifest.read_text(encoding="utf-8")).get("head")
    if head is None:
        raise EngineError(f"{path} has no classification head: it was trained to write answers.")
    config = load_config(run.config)
    tokenizer = load_tokenizer(config.base_model, config.chat)
    marks = marks_of(tokenizer)
    asked = [broken(_messages(row), marks) for row in read_jsonl(prompts)]
    rows = [asked_ids(tokenizer, config.instruction, each) for each in asked]
    limit = config.task.limit if config.task else None
    return jsonl.write(out, (_told(head, each, limit) for each in _probabilities(run, config, head, rows)))


def _messages(row: dict[str, Any]) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = row.get("messages") or [{"role": "user", "content": row["text"]}]
    return messages


def _told(head: dict[str, Any], given: list[float], limit: int | None) -> dict[str, Any]:
    by_label = dict(zip(head["labels"], given, strict=True))
    if head["several"]:
        likeliest = sorted(by_label, key=lambda label: -by_label[label])[:limit]
        labels = [label for label in by_label if label in likeliest and by_label[label] >= head["threshold"]]
    else:
        labels = [max(by_label, key=lambda label: by_label[label])]
    return {"labels": labels, "probabilities": {label: round(value, 6) for label, value in by_label.items()}}


def _probabilities(
    run: RunDir, config: EngineConfig, head: dict[str, Any], rows: list[list[int]]
) -> Iterator[list[float]]:
    """In the order of `rows`; those of like length are asked together."""
    import torch

    from training.engine.heads.figures import probabilities
    from training.engine.heads.network import load_adapted, scores_of

    adapted = load_adapted(run, config, len(head["labels"]))
    found: list[list[float]] = [[] for _ in rows]
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    with torch.no_grad():
        for at in range(0, len(order), _ROWS):
            some = order[at : at + _ROWS]
            scores = scores_of(adapted, [rows[index] for index in some])
            for index, given in zip(some, probabilities(scores, several=head["several"]).tolist(), strict=True):
                found[index] = given
    yield from found
