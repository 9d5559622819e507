"""Whether what a run with a classification head will have learnt can be served: asked before hours are spent on it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.encoder.language import Frame
from training.engine.config import EngineConfig
from training.engine.data import messages_of
from training.engine.errors import EngineError, Exit
from training.engine.files import read_jsonl
from training.engine.heads.frame import frame_of
from training.engine.models import hub_arguments
from training.engine.rundir import RunDir
from training.heads.config import HeadTask
from training.heads.rows import read_rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# More tokens take longer than a server's time limit on few cores, and memory for attention that grows by the square.
LONGEST = 1024
# What an ONNX file may have, in bytes, with room for its graph: its format ends at 2 GiB.
LARGEST = 2_000_000_000
# Tokens that are left for a text beside instruction and template.
_ROOM = 8
_BYTES = 4


@dataclass(frozen=True)
class Servable:
    """What is known from the beginning: how a question is written, and how many of its tokens are read."""

    task: HeadTask
    frame: Frame
    limit: int


def servable(run: RunDir, config: EngineConfig, tokenizer: "PreTrainedTokenizerBase") -> Servable | None:
    """How questions will be written; None where the run's config asks for nothing that is served.

    Raises `EngineError` where nothing that comes out could be served.
    """
    if config.task is None:
        return None
    for path in (run.train, run.validation):
        read_rows(path, config.task)
    prompts = [
        (f"{path.name}, row {number}", messages_of(row, path.name)[0])
        for path in (run.train, run.validation)
        for number, row in enumerate(read_jsonl(path) if path.is_file() else [], start=1)
    ]
    frame, context = frame_of(tokenizer, config.instruction, prompts), _context(config)
    limit = min(config.max_length, LONGEST, context)
    around = len(tokenizer(frame.opening + frame.closing, add_special_tokens=False)["input_ids"])
    if around + _ROOM > limit:
        raise EngineError(
            f"Instruction and template alone take {around} tokens of the {limit} that are read. Raise max_length, or "
            "shorten the instruction.",
            Exit.BAD_CONFIG,
        )
    return Servable(config.task, frame, limit)


def _context(config: EngineConfig) -> int:
    """The tokens that the base takes. Raises `EngineError` for one whose scores are bent, which no head's file does."""
    from transformers import AutoConfig

    found = AutoConfig.from_pretrained(**hub_arguments(config.base_model)).get_text_config()
    if getattr(found, "final_logit_softcapping", None):
        raise EngineError(
            "The base model caps its scores (final_logit_softcapping), which a served classification head does not. "
            "Choose another base model, or train by sft.",
            Exit.BAD_CONFIG,
        )
    return int(getattr(found, "max_position_embeddings", None) or LONGEST)


def require_small(model: "PreTrainedModel") -> None:
    """Raise `EngineError` for a base that is too large for one ONNX file in 32 bits."""
    output = model.get_output_embeddings()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    embedded = model.get_input_embeddings()
    is_tied = output is not None and output.weight is embedded.weight
    own = 0 if output is None or is_tied else output.weight.numel()
    size = _BYTES * (model.num_parameters() - own)
    if size > LARGEST:
        raise EngineError(
            f"The base model takes {size / 1e9:.1f} GB in 32 bits, and a file that serves a classification head has "
            f"{LARGEST / 1e9:.0f} GB at most. Choose a smaller base model, or train by sft.",
            Exit.BAD_CONFIG,
        )
