"""What the prove step leaves behind for the proofs on servers: prompts, training's view of them, reference answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import jsonl
from deployment.artifacts.pipeline import store
from deployment.models import Artifact, BuildStep
from training.heads.folder import Fitted, Proof, load, load_proof

ASKED, TRAINING_IDS, GGUF_IDS = "prompts.jsonl", "ids.training.jsonl", "ids.gguf.jsonl"
MARKS = "marks.json"
PROOF, QUESTIONS, SCHEMA, ANSWERS = "proof.json", "questions.jsonl", "schema.json", "answers.jsonl"


@dataclass(frozen=True)
class FileProof:
    """The outcome of holding a built file against what was trained: `question` is one of `ParityReport`'s."""

    question: str
    ok: bool
    checked: int
    agreed: int
    sentence: str
    first_difference: dict[str, Any] | None = None
    trap: str = ""


@dataclass(frozen=True)
class Expected:
    """A prompt as training sees it: its messages, their text, how many tokens that is, and what it begins with.

    `bos` is the text of the token that the template puts in front; empty where it puts none.
    """

    messages: list[dict[str, str]]
    text: str
    tokens: int
    bos: str = ""


@dataclass(frozen=True)
class Reference:
    """A prompt, the text that the merged 16-bit model answered it with, and the prompt's tokens."""

    messages: list[dict[str, str]]
    answer: str
    tokens: int


@dataclass(frozen=True)
class Evidence:
    """All that a server's view is held against."""

    prompts: list[Expected]
    answers: list[Reference]


def evidence_of(artifact: Artifact) -> Evidence | None:
    """What was kept when the artifact was built; None where it was built before such evidence was kept.

    Raises `FileNotFoundError`, which says what to do, where it was kept and is gone.
    """
    row = BuildStep.objects.filter(artifact=artifact, name=BuildStep.Name.PROVE, state=BuildStep.State.DONE).first()
    if row is None:
        return None
    folder = _folder(artifact, row)
    training = _read(folder / TRAINING_IDS)
    prompts = [Expected(row["messages"], row["text"], len(row["ids"]), row["bos"]) for row in training]
    counts = {repr(prompt.messages): prompt.tokens for prompt in prompts}
    questions, answers = _read(folder / QUESTIONS), _read(folder / ANSWERS)
    references = [
        Reference(each["messages"], row["text"], counts[repr(each["messages"])])
        for each, row in zip(questions, answers, strict=True)
    ]
    return Evidence(prompts, references)


def head_evidence_of(artifact: Artifact) -> tuple[Fitted, Proof]:
    """The fitted head of a head's file, and what it answered.

    Raises as `evidence_of`, also where nothing was kept. What was kept and is damaged is taken away, so that a rebuild
    makes it anew, and raises `OSError`.
    """
    row = BuildStep.objects.filter(artifact=artifact, name=BuildStep.Name.PROVE, state=BuildStep.State.DONE).first()
    folder = _folder(artifact, row)
    try:
        return load(folder), load_proof(folder)
    except ValueError as error:
        if row is not None:
            store.discard_unless_held(row.name, row.key)
        raise OSError(f"The proof of {artifact.weights} that was kept is damaged; rebuild the version.") from error


def _folder(artifact: Artifact, row: BuildStep | None) -> Path:
    found = store.find(row.name, row.key) if row else None
    if found is None:
        weights = artifact.weights
        raise FileNotFoundError(f"The proof of {weights} is not in {store.steps_folder()}; rebuild the version.")
    return found.folder


def _read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; none where the step had no reason to write it."""
    return list(jsonl.read(path)) if path.is_file() else []
