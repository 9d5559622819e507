"""What the prove step leaves behind for the proofs on servers: prompts, training's view of them, reference answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import jsonl
from deployment.models import BuildStep
from deployment.services.pipeline import store
from training.models import ModelVersion

ASKED, TRAINING_IDS, GGUF_IDS = "prompts.jsonl", "ids.training.jsonl", "ids.gguf.jsonl"
PROOF, QUESTIONS, SCHEMA, ANSWERS = "proof.json", "questions.jsonl", "schema.json", "answers.jsonl"


@dataclass(frozen=True)
class Expected:
    """A prompt as training sees it: its messages, their text, and how many tokens that is."""

    messages: list[dict[str, str]]
    text: str
    tokens: int


@dataclass(frozen=True)
class Reference:
    """A prompt, and the text that the merged 16-bit model answered it with."""

    messages: list[dict[str, str]]
    answer: str


@dataclass(frozen=True)
class Evidence:
    """All that a server's view is held against."""

    prompts: list[Expected]
    answers: list[Reference]


def evidence_of(version: ModelVersion) -> Evidence | None:
    """What was kept when the version was built; None where it was built before such evidence was kept.

    Raises `FileNotFoundError`, which says what to do, where it was kept and is gone.
    """
    row = BuildStep.objects.filter(version=version, name=BuildStep.Name.PROVE, state=BuildStep.State.DONE).first()
    if row is None:
        return None
    found = store.find(row.name, row.key)
    if found is None:
        raise FileNotFoundError(f"The proof of {version} is not in {store.steps_folder()}; rebuild the version.")
    asked, training = _read(found.folder / ASKED), _read(found.folder / TRAINING_IDS)
    prompts = [
        Expected(each["messages"], row["text"], len(row["ids"])) for each, row in zip(asked, training, strict=True)
    ]
    questions, answers = _read(found.folder / QUESTIONS), _read(found.folder / ANSWERS)
    references = [Reference(each["messages"], row["text"]) for each, row in zip(questions, answers, strict=True)]
    return Evidence(prompts, references)


def _read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; none where the step had no reason to write it."""
    return list(jsonl.read(path)) if path.is_file() else []
