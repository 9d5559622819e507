"""The weights of a model: rounded where that changes nothing, looked at before it is trained, and kept."""

import ctypes
import gc
from collections import Counter
from typing import TYPE_CHECKING, Any

from training.engine.errors import EngineError, Exit

if TYPE_CHECKING:
    from torch.nn import Module
    from transformers import PreTrainedModel


def require_finite(model: "Module") -> None:
    """Raise `EngineError` where a trained weight is no number any more.

    The loss of a step is that of the weights before it, so the last step's damage shows nowhere else.
    """
    import torch

    for name, weight in model.named_parameters():
        if weight.requires_grad and not bool(torch.isfinite(weight).all()):
            raise EngineError(f"The weights are no numbers any more ({name}). Lower the learning rate.")


def round_linears(model: "PreTrainedModel") -> None:
    """Keep in bfloat16 the weights that autocast would round to it at every use; the others stay as they are.

    Products come out bit by bit the same, in half the memory and without a copy at each step. Such a model answers
    under autocast only. A head that shares its weights with the embedding, which autocast leaves alone, gets a copy.
    """
    import torch
    from torch.nn import Linear

    embedding = model.get_input_embeddings().weight
    for module in model.modules():
        if type(module) is not Linear:
            continue
        for name, weight in list(module.named_parameters(recurse=False)):
            rounded = weight.data.to(torch.bfloat16)
            if weight is embedding:
                delattr(module, name)
                module.register_buffer(name, rounded, persistent=False)
            else:
                weight.data = rounded


def give_memory_back() -> None:
    """Hand what loading has freed, as much as the weights themselves, back to the system; glibc keeps it otherwise."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def require_own_weights(model: "Module") -> None:
    """Raise `EngineError` where an adapter targets weights that two layers share, as tied embeddings do.

    In training it changes one of them; merged, it would change both, and that is another model.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    weights = [module._parameters.get("weight") for module in model.modules()]
    holders = Counter(id(weight) for weight in weights if weight is not None)
    tied = _tied_layers(model)
    for name, module in model.named_modules():
        if not isinstance(module, BaseTunerLayer):
            continue
        if holders[id(module.get_base_layer().weight)] > 1 or module in tied:
            raise EngineError(
                f"The base model uses the weights of {name.removeprefix('base_model.model.')} twice (its embeddings "
                "are tied), so an adapter on them cannot be merged. Take them out of lora.target_modules.",
                Exit.BAD_CONFIG,
            )


def _tied_layers(model: "Module") -> list[Any]:
    """The embedding and the head of a model whose files hold them once; rounding may have parted them since."""
    whole: Any = model
    base = whole.get_base_model() if hasattr(whole, "get_base_model") else whole
    if not base.config.get_text_config().tie_word_embeddings:
        return []
    return [base.get_input_embeddings(), base.get_output_embeddings()]
