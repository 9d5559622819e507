"""Load base models and tokenizers: from the hub by name and revision, or from a folder."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine.bases.record import read_record
from training.engine.config import BaseModelConfig, ChatOptions, EngineConfig
from training.engine.errors import EngineError, Exit
from training.engine.info import native_bf16
from training.engine.template import freeze
from training.engine.weights import round_linears

if TYPE_CHECKING:
    import torch
    from transformers import BitsAndBytesConfig, PreTrainedModel, PreTrainedTokenizerBase

# Below this size the bookkeeping of mixed precision costs more than the faster products save.
BF16_PAYS_FROM_PARAMETERS = 50_000_000


@dataclass(frozen=True)
class Precision:
    """The dtype that weights are loaded in, and the trainer's mixed-precision flags."""

    weights: "torch.dtype"
    bf16: bool = False
    fp16: bool = False

    @property
    def compute(self) -> str:
        """The name of the dtype that matrices are multiplied in."""
        return "bfloat16" if self.bf16 else "float16" if self.fp16 else "float32"


def hub_arguments(base: BaseModelConfig) -> dict[str, Any]:
    """Keyword arguments for `from_pretrained`. A folder with another revision than the configured one is refused."""
    folder = Path(base.name)
    if folder.is_dir():
        record = read_record(folder)
        if record and base.revision and record["revision"] != base.revision:
            raise EngineError(
                f"{folder} holds revision {record['revision']}, but {base.revision} is asked for.",
                Exit.BAD_CONFIG,
            )
        return {"pretrained_model_name_or_path": str(folder), "trust_remote_code": base.trust_remote_code}
    return {
        "pretrained_model_name_or_path": base.name,
        "revision": base.revision,
        "token": hub_token(base),
        "trust_remote_code": base.trust_remote_code,
    }


def hub_token(base: BaseModelConfig) -> str | None:
    """The hub's token that the base names; None where it names none. Raises `EngineError` where it is not set."""
    if base.token_env is None:
        return None
    token = os.environ.get(base.token_env)
    if not token:
        raise EngineError(f"The environment variable {base.token_env} for the hub's token is not set.", Exit.BAD_CONFIG)
    return token


def load_tokenizer(base: BaseModelConfig, chat: ChatOptions | None = None) -> "PreTrainedTokenizerBase":
    """The tokenizer that training, merging and the token proof share, its template as the task has it.

    Without `chat` the template is as it stands: that of a merged model is frozen already.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(**hub_arguments(base))
    except (OSError, ValueError) as error:
        raise EngineError(f"The tokenizer of {base.name} cannot be loaded: {error}") from error
    if chat is not None:
        freeze(tokenizer, chat)
    return tokenizer


def load_base(base: BaseModelConfig, **options: Any) -> "PreTrainedModel":
    """The model itself; `options` go to `from_pretrained` (dtype, quantization_config)."""
    from transformers import AutoModelForCausalLM

    try:
        found: Any = AutoModelForCausalLM.from_pretrained(**hub_arguments(base), **options, output_loading_info=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise EngineError(f"The base model {base.name} cannot be loaded: {error}") from error
    model: PreTrainedModel = found[0]
    missing = sorted(found[1]["missing_keys"])
    if missing:
        # The library fills them with random numbers, and goes on.
        shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise EngineError(
            f"Weights are missing from the base model's files: {shown}. Copy the whole folder of the model again."
        )
    return model


def load_for_training(config: EngineConfig) -> tuple["PreTrainedModel", Precision]:
    """The base model in the run's precision, its weights in 4 bits where the method is QLoRA."""
    import torch

    precision = _cuda_precision(config) if torch.cuda.is_available() else _cpu_precision(config)
    options: dict[str, Any] = {"dtype": precision.weights}
    if config.method == "qlora":
        options["quantization_config"] = four_bit(precision.weights)
    if torch.cuda.is_available():
        options["device_map"] = {"": int(os.environ.get("LOCAL_RANK", "0"))}
    model = load_base(config.base_model, **options)
    if precision.weights == torch.float32 and config.dtype == "auto" and config.method == "lora":
        big = model.num_parameters() >= BF16_PAYS_FROM_PARAMETERS
        precision = Precision(precision.weights, bf16=big and native_bf16())
    if precision.bf16 and precision.weights == torch.float32:
        round_linears(model)
    return model, precision


def _cuda_precision(config: EngineConfig) -> Precision:
    import torch

    if config.dtype == "bfloat16" or (config.dtype == "auto" and torch.cuda.is_bf16_supported()):
        return Precision(torch.bfloat16, bf16=True)
    if config.dtype in {"auto", "float16"}:
        return Precision(torch.float16, fp16=True)
    return Precision(torch.float32)


def _cpu_precision(config: EngineConfig) -> Precision:
    import torch

    if config.dtype == "float16":
        raise EngineError("float16 needs a CUDA GPU; use dtype auto, float32 or bfloat16.", Exit.BAD_CONFIG)
    # Weights stay in float32, so the adapter is trained on what it will be merged into.
    return Precision(torch.float32, bf16=config.dtype == "bfloat16")


def four_bit(compute: "torch.dtype") -> "BitsAndBytesConfig":
    """QLoRA's quantization: NF4 with double quantization, products in `compute`."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]  # untyped in transformers
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
    )
