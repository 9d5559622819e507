"""The rows of a run as its trainer takes them; those that are too long are counted, named and bounded."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from training.engine.config import EngineConfig
from training.engine.data import EncodedRows, encode_file
from training.engine.errors import EngineError, Exit
from training.engine.heads.serving import Servable, require_small, servable
from training.engine.heads.targets import Targets
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Of the rows that are left out; more numbers than this tell nobody more.
MOST_NUMBERS = 200


@dataclass(frozen=True)
class RunRows:
    """The two files of a run, encoded.

    `targets`: where labels are learnt, not answers; `servable`: where what comes out of that is to be served.
    """

    train: EncodedRows
    validation: EncodedRows
    targets: Targets | None = None
    servable: Servable | None = None

    def require_servable(self, model: "PreTrainedModel") -> None:
        """Raise `EngineError` for a base of which nothing could be served."""
        if self.servable is not None:
            require_small(model)

    @property
    def counts(self) -> dict[str, int]:
        """For events and metrics."""
        return {
            "train_rows": len(self.train.rows),
            "validation_rows": len(self.validation.rows),
            "rows_left_out": len(self.train.left_out) + len(self.validation.left_out),
        }


def read_rows(
    run: RunDir,
    config: EngineConfig,
    max_length: int,
    tokenizer: "PreTrainedTokenizerBase",
    tell: Callable[..., None],
) -> RunRows:
    """Encode both files. `tell(kind, **payload)` hears of what is left out; `EngineError` where that is too much."""
    limit = config.task.limit if config.task else None
    targets = Targets.of(run, limit) if config.objective == "lm_head" else None
    as_target = partial(targets.encode, tokenizer, config.instruction) if targets else None
    files = []
    for path in (run.train, run.validation):
        encoded = encode_file(tokenizer, path, max_length, as_target) if path.is_file() else EncodedRows([], [], 0)
        if encoded.left_out:
            _tell_and_bound(encoded, path, config, max_length, tell)
        files.append(encoded)
    train, validation = files
    rows = RunRows(train, validation, targets, servable(run, config, tokenizer))
    if not rows.train.rows:
        raise EngineError(
            f"No training row is left. The longest has {rows.train.longest} tokens; max_length is {max_length}."
            if rows.train.left_out
            else "There are no training rows.",
            Exit.BAD_CONFIG,
        )
    return rows


def _tell_and_bound(
    encoded: EncodedRows, path: Path, config: EngineConfig, max_length: int, tell: Callable[..., None]
) -> None:
    count, share = len(encoded.left_out), encoded.share_left_out
    said = (
        f"{count} of {len(encoded.rows) + count} rows of {path.name} are longer than {max_length} tokens "
        f"(the longest has {encoded.longest})"
    )
    tell(
        "left_out",
        message=f"{said} and are left out.",
        file=path.name,
        rows=count,
        share=round(share, 4),
        longest=encoded.longest,
        numbers=encoded.left_out[:MOST_NUMBERS],
    )
    if encoded.rows and share > config.left_out_share:
        raise EngineError(
            f"{said}: {share:.0%} would be left out, and left_out_share allows {config.left_out_share:.0%}. "
            "Raise max_length, or allow more.",
            Exit.BAD_CONFIG,
        )
