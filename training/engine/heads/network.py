"""A base with its adapter and classification head, as a run left them: asked by torch, and as one network to export."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from peft import PeftModel

from training.engine.batches.logits import logits_at
from training.engine.config import EngineConfig
from training.engine.heads.module import Head, put_head
from training.engine.models import load_base
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel

    from training.heads.linear import Array


def load_adapted(run: RunDir, config: EngineConfig, labels: int, **options: Any) -> PeftModel:
    """In float32, like all answers that others are held against; `options` go to `from_pretrained`."""
    model = load_base(config.base_model, dtype=torch.float32, **options)
    put_head(model, labels, config.seed)
    return PeftModel.from_pretrained(model, str(run.adapter)).eval()


def scores_of(model: PeftModel, rows: "Sequence[Sequence[int]]") -> torch.Tensor:
    """(rows, labels): the head on the last token of each row, asked together."""
    lengths = torch.tensor([len(row) for row in rows])
    longest = int(lengths.max())
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows])
    inputs = {"input_ids": ids, "attention_mask": (torch.arange(longest) < lengths[:, None]).long()}
    ends = torch.arange(len(rows)) * longest + lengths - 1
    base: Any = model.get_base_model()
    return logits_at(model, inputs, ends, base)


class LastToken(torch.nn.Module):
    """The last hidden state of a question, (rows, tokens) to (rows, hidden size)."""

    def __init__(self, model: "PreTrainedModel") -> None:
        super().__init__()
        self.model = model.base_model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Rows are padded on the right."""
        found: torch.Tensor = self.model(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).last_hidden_state
        return found[torch.arange(found.shape[0]), attention_mask.sum(1) - 1]


def merged(adapted: PeftModel) -> tuple["PreTrainedModel", Head]:
    """Base and adapter as one, and the head; `adapted` is used up. Weights that are no numbers raise `ValueError`."""
    model: PreTrainedModel = adapted.merge_and_unload(safe_merge=True)
    head = model.get_output_embeddings()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
    assert isinstance(head, Head)
    return model, head


def numbers(tensor: torch.Tensor) -> "Array":
    """A tensor as numpy has it, in float32."""
    return np.ascontiguousarray(tensor.detach().float().numpy())
