"""From a Hugging Face folder to ONNX: tokens in, one vector of unit length a text out."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine.encoders.looking import Shape
from training.engine.errors import EngineError, Exit

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)


def load(folder: Path, shape: Shape) -> "torch.nn.Module":
    """The model with its pooling, in 32 bits. Raises `EngineError` where transformers cannot read it."""
    import torch
    from transformers import AutoModel

    try:
        # Eager attention alone is exported for any width.
        model = AutoModel.from_pretrained(
            folder, attn_implementation="eager", dtype=torch.float32, use_safetensors=True, local_files_only=True
        )
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"This encoder cannot be loaded: {error}", Exit.BAD_CONFIG) from error

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            found = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            if shape.pooling == "cls":
                vectors = found[:, 0]
            else:
                used = attention_mask.unsqueeze(-1).to(found.dtype)
                vectors = (found * used).sum(1) / used.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(vectors, dim=1)

    return Pooled().eval()


def export(pooled: "torch.nn.Module", path: Path, limit: int) -> None:
    """Write the model as one file, for any number of texts of any length up to `limit`."""
    import torch

    logger.info("exporting to %s", path.name)
    ids = torch.randint(1, 5, (2, min(limit, 8)))
    texts, tokens = torch.export.Dim("texts", min=1, max=4096), torch.export.Dim("tokens", min=2, max=limit)
    with _quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names of axes, which are the same for both inputs
        program = torch.onnx.export(
            pooled,
            (ids, torch.ones_like(ids)),
            dynamo=True,
            verbose=False,
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_shapes=({0: texts, 1: tokens}, {0: texts, 1: tokens}),
        )
    assert program is not None
    program.save(path, external_data=False)


def dimension_of(pooled: "torch.nn.Module") -> int:
    """Numbers of a vector."""
    return int(pooled.model.config.hidden_size)  # type: ignore[union-attr,arg-type]  # torch types modules as tensors


def quantize(full: Path, small: Path) -> None:
    """Weights in 8 bits, activations as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logger.info("quantizing to %s", small.name)
    with _quiet():
        quantize_dynamic(full, small, weight_type=QuantType.QInt8, per_channel=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """What exporting libraries tell of each layer is for their makers."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
