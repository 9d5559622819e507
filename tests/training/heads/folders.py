"""Run folders of heads, on the encoder that a test makes in milliseconds."""

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from common import jsonl
from common.encoder import read_record
from training.engine.rundir import RunDir

# A word that gives its label away, among others that say nothing.
TELLING = {"billing": "refund", "delivery": "parcel", "praise": "thanks"}
WORDS = "please hello now today the my a is it was and where when money late good again dear team order"
VOCABULARY = f"{' '.join(TELLING.values())} {WORDS} never seen complaint angry"


def text_of(labels: Iterable[str], chance: random.Random, telling: Mapping[str, str] = TELLING) -> str:
    words = [telling[label] for label in labels] + chance.choices(WORDS.split(), k=4)
    chance.shuffle(words)
    return " ".join(words)


def some_rows(
    count: int, seed: int, *, several: bool = True, telling: Mapping[str, str] = TELLING
) -> list[dict[str, Any]]:
    """Training rows whose texts give their labels away, nearly always."""
    chance, names, rows = random.Random(seed), sorted(telling), []
    for _ in range(count):
        labels = sorted(chance.sample(names, chance.choice((0, 1, 1, 2)) if several else 1))
        said = labels if chance.random() > 0.1 else chance.sample(names, 1)
        answer = {"labels": labels} if several else {"label": labels[0]}
        rows.append(row_of(text_of(said, chance, telling), answer))
    return rows


def row_of(text: str, answer: dict[str, Any]) -> dict[str, Any]:
    prompt = [{"role": "system", "content": "Tag the message."}, {"role": "user", "content": text}]
    return {"prompt": prompt, "completion": [{"role": "assistant", "content": json.dumps(answer)}]}


def make_folder(
    path: Path,
    encoder: Path,
    train: list[dict[str, Any]],
    validation: list[dict[str, Any]],
    labels: Mapping[str, str],
    *,
    several: bool = True,
    limit: int | None = None,
    **options: Any,
) -> RunDir:
    """A run folder; `labels` with what is said of each."""
    run = RunDir(path)
    run.train.parent.mkdir(parents=True)
    jsonl.write(run.train, train)
    jsonl.write(run.validation, validation)
    task = {
        "labels": [{"name": name, "description": said} for name, said in labels.items()],
        "key": "labels" if several else "label",
        "several": several,
        "limit": limit or len(labels),
    }
    base = {"name": str(encoder), "revision": read_record(encoder).revision}
    run.config.write_text(yaml.safe_dump({"base_model": base, "task": task, **options}))
    return run
