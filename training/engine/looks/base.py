"""Look at a base model before anything is built on it: what it is, and what would stop a run, a build or a server.

The weights are never loaded: config, tokenizer, and the headers of the safetensors files say all of this.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.text import storable
from training.engine.config import BaseModelConfig
from training.engine.looks import chat, weights
from training.engine.looks.place import FolderPlace, Place, ProblemError, place_of
from training.engine.looks.words import sentence

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

# Without one of these the library fills in a number of its own, and other weights are built than those of the files.
_NEEDED = (("hidden_size", "n_embd", "d_model"), ("num_hidden_layers", "n_layer", "n_layers"), ("vocab_size",))
_QUANTIZED = (
    "The weights are quantized. An adapter is trained on and merged into 16-bit weights only: take the model's 16-bit "
    "weights."
)
_TOKENIZERS = frozenset({"tokenizer.json", "tokenizer.model", "tekken.json", "vocab.json", "vocab.txt"})


@dataclass
class Look:
    """What was seen: facts by name, and sentences on what makes the base unusable."""

    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For the standard output, storable as it is."""
        facts = {name: storable(each) if isinstance(each, str) else each for name, each in self.facts.items()}
        return {"facts": facts, "problems": [storable(each) for each in self.problems]}


def look(base: BaseModelConfig) -> Look:
    """Everything that can be said without loading weights. Raises `EngineError` where it could not be looked at."""
    seen = Look()
    try:
        place = place_of(base)
    except ProblemError as problem:
        return Look(problems=[str(problem)])
    seen.facts["files"] = place.kind
    if place.revision:
        seen.facts["revision"] = place.revision
    config = _look_at_config(place, seen)
    found = weights.look(place)
    if found.facts.get("quantized") and not seen.facts.get("quantized"):
        seen.problems.append(_QUANTIZED)
    seen.facts = {**found.facts, **seen.facts}
    seen.problems += found.problems
    tokenizer = _look_at_tokenizer(place, seen)
    if config is not None:
        seen.problems += _mismatches(config, tokenizer, found)
    if not seen.problems and place.kind == FolderPlace.kind:
        seen.problems += weights.lost(place.folder)
    return seen


def _look_at_config(place: Place, seen: Look) -> "PretrainedConfig | None":
    """The configuration, read as training reads it; None where it cannot be."""
    from transformers import AutoConfig

    raw = place.json("config.json")
    if raw is None:
        seen.problems.append("There is no config.json. Copy the whole folder of the model, as its makers publish it.")
        return None
    if raw.get("auto_map"):
        seen.problems.append("The model comes with code of its own, which is never run. Choose another base model.")
        return None
    if raw.get("quantization_config"):
        seen.facts["quantized"] = True
        seen.problems.append(_QUANTIZED)
    try:
        config = AutoConfig.from_pretrained(str(place.folder))
    except KeyError as error:
        seen.problems.append(_missing(str(error.args[0]) if error.args else "?"))
        return None
    except Exception as error:  # noqa: BLE001  (each class of configurations checks itself in its own way)
        seen.problems.append(f"config.json cannot be read: {sentence(error)}")
        return None
    inner = config.get_text_config()
    seen.problems += [_missing(names[0]) for names in _NEEDED if not _has(raw, names)]
    seen.facts["architecture"] = ", ".join(raw.get("architectures") or []) or config.model_type
    seen.facts["context"] = _first(inner, "max_position_embeddings", "n_positions")
    seen.problems += _wrong_architecture(config, raw.get("architectures") or [])
    return config  # type: ignore[no-any-return]  # untyped in transformers


def _wrong_architecture(config: "PretrainedConfig", names: list[str]) -> Iterator[str]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL

    known = {name for each in CAUSAL.values() for name in ([each] if isinstance(each, str) else each)}
    if config.model_type not in CAUSAL or (names and not known.intersection(names)) or config.is_encoder_decoder:
        shown = ", ".join(names) or config.model_type
        yield f"{shown} is no causal language model: it does not write answers. Choose an instruction-tuned one."


def _look_at_tokenizer(place: Place, seen: Look) -> "PreTrainedTokenizerBase | None":
    from transformers import AutoTokenizer

    if not any(name in _TOKENIZERS or name.endswith(".tiktoken") for name in place.names):
        # transformers would make an empty one.
        seen.problems.append("There is no tokenizer, such as tokenizer.json. Copy the whole folder of the model.")
        return None
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(str(place.folder))
    except Exception as error:  # noqa: BLE001  (there are as many libraries as kinds of tokenizers)
        seen.problems.append(f"The tokenizer cannot be loaded: {sentence(error)}")
        return None
    vocabulary = tokenizer.get_vocab()
    seen.facts["vocabulary"] = len(vocabulary)
    seen.facts |= chat.facts(tokenizer)
    seen.problems += chat.problems(tokenizer)
    return tokenizer


def _mismatches(
    config: "PretrainedConfig", tokenizer: "PreTrainedTokenizerBase | None", found: weights.Weights
) -> Iterator[str]:
    """Where the parts are of different models."""
    size = getattr(config.get_text_config(), "vocab_size", None)
    if not isinstance(size, int):
        return
    if tokenizer is not None:
        highest = max(tokenizer.get_vocab().values(), default=-1)
        if highest >= size:
            yield (
                f"The tokenizer knows {highest + 1} tokens, and the weights have rows for {size} (`vocab_size` in "
                "config.json). Take the tokenizer and the weights from the same model."
            )
    if found.embedding_rows is not None and found.embedding_rows != size:
        yield (
            f"The weights have rows for {found.embedding_rows} tokens, and config.json says {size} (`vocab_size`). "
            "Take both from the same model."
        )


def _missing(key: str) -> str:
    return f"Something is missing from config.json: `{key}`. Compare it with the one that the model's makers publish."


def _has(raw: dict[str, Any], names: tuple[str, ...]) -> bool:
    """Whether the configuration, or the part of it for texts, says one of these."""
    inner = [raw, *(raw[name] for name in ("text_config", "llm_config") if isinstance(raw.get(name), dict))]
    return any(name in part for part in inner for name in names)


def _first(config: "PretrainedConfig", *names: str) -> int | None:
    found = (getattr(config, name, None) for name in names)
    return next((value for value in found if isinstance(value, int)), None)
