"""From a run's adapter and head to the language model that is served, in 32 bits, held against torch on every question.

8 bits would take a quarter of the space, and turn a language model's last state too far for one proof on all hosts.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import Tokenizer

from common.encoder import open_session
from common.encoder.language import LanguageReader, LanguageRecord
from common.encoder.record import FULL, TOKENIZER, write_record
from common.files import sha256_of
from training.engine.encoders.exporting import export
from training.engine.endings import has_lacked_memory
from training.engine.errors import EngineError, Exit
from training.engine.heads.network import LastToken, merged, numbers, scores_of
from training.heads.linear import Linear, chances_of

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase

    from training.heads.linear import Array

logger = logging.getLogger(__name__)
# The greatest difference of any label's probability between torch and the file: half of what the proof allows.
CLOSE = 5e-4
Questions = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Exported:
    """`head` over the file's `vectors`; `scores` of all questions by torch, (questions, labels).

    `differ`: the greatest difference of a label's probability between both.
    """

    record: LanguageRecord
    head: Linear
    vectors: "Array"
    scores: "Array"
    differ: float


def export_model(
    adapted: "PeftModel",
    record: LanguageRecord,
    tokenizer: "PreTrainedTokenizerBase",
    out: Path,
    asked: Callable[[LanguageReader], Questions],
    *,
    columns: Sequence[int],
    exclusive: bool,
    look: Callable[[], None],
) -> Exported:
    """Write the folder of the language model. `columns`: the labels of the head, in the order of the task.

    `look` is called before each question; what it raises ends the work.
    Raises `EngineError` where the base cannot be exported, or the export is not the network.
    """
    out.mkdir()
    (out / TOKENIZER).write_text(tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
    questions = asked(LanguageReader(record, Tokenizer.from_file(str(out / TOKENIZER))))
    scores = _by_torch(adapted, _looked(questions, look))[:, columns]
    model, own = merged(adapted)
    _written(model, out / FULL, record.limit)
    weights, bias = numbers(own.weight)[columns].T, numbers(own.bias)[columns]
    vectors = _by_file(out / FULL, _looked(questions, look))
    head = _scaled(Linear(weights, bias, exclusive), vectors, scores)
    differ = require_close(head.chances(vectors), chances_of(scores, exclusive=exclusive))
    files = {name: sha256_of(out / name) for name in (FULL, TOKENIZER)}
    record = record.model_copy(update={"revision": files[FULL], "files": files, "proof": {"chances_differ": differ}})
    write_record(out, record)
    return Exported(record, head, vectors, scores, differ)


def require_close(found: "Array", wanted: "Array") -> float:
    """How far the file's probabilities lie from torch's at most. Raises `EngineError` where that is too far."""
    differ = float(np.abs(found - wanted).max())
    if not differ <= CLOSE:
        raise EngineError(
            f"The exported model's probabilities differ from torch's by {differ:.1e}, more than {CLOSE:g}: it cannot "
            "be served as it was trained. Choose another base model, or train by sft.",
            Exit.BAD_CONFIG,
        )
    return differ


def _written(model: Any, path: Path, limit: int) -> None:
    try:
        export(LastToken(model).eval(), path, limit)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # the libraries raise classes of their own, down to bare Exception
        if has_lacked_memory(error):
            raise
        logger.exception("the export failed")
        said = (str(error).strip() or type(error).__name__).split("\n", 1)[0][:300]
        raise EngineError(
            f"The base model cannot be written as ONNX ({said}), so its classification head could not be served. "
            "Choose another base model, or train by sft.",
            Exit.BAD_CONFIG,
        ) from error


def _scaled(head: Linear, vectors: "Array", scores: "Array") -> Linear:
    """With what the base does to all scores alike, where it scales them; anything else is no such head."""
    plain = head.scores(vectors)
    factor = float((plain * scores).sum() / max(float((plain * plain).sum()), 1e-12))
    if abs(factor - 1.0) < CLOSE:
        return head
    return Linear(np.float32(factor) * head.weights, np.float32(factor) * head.bias, head.exclusive)


def _looked(questions: Questions, look: Callable[[], None]) -> Iterator[Sequence[int]]:
    for ids in questions:
        look()
        yield ids


def _by_torch(adapted: "PeftModel", questions: Iterable[Sequence[int]]) -> "Array":
    """Scores (questions, labels) of base and adapter as two; each question by itself, as it is served."""
    with torch.no_grad():
        return np.concatenate([numbers(scores_of(adapted, [ids])) for ids in questions])


def _by_file(path: Path, questions: Iterable[Sequence[int]]) -> "Array":
    """Vectors (questions, hidden size)."""
    session, rows = open_session(path, torch.get_num_threads()), []
    for ids in questions:
        given = np.array([ids], dtype=np.int64)
        [found] = session.run(None, {"input_ids": given, "attention_mask": np.ones_like(given)})
        rows.append(found)
    return np.concatenate(rows)
