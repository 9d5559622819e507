"""What a folder of sentence-transformers says of itself; what cannot be read here is refused in one sentence."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import jsonbounds
from training.engine.errors import EngineError, Exit

POOLINGS = ("mean", "cls")
# A tokenizer without a limit says so by a number of this kind.
_ENDLESS = 100_000
_LONGEST = 512


@dataclass(frozen=True)
class Shape:
    """How tokens become one vector: `pooling` of the last layer, after `prefix`, of at most `limit` tokens."""

    pooling: str
    limit: int
    prefix: str = ""


def look(folder: Path, prefix: str | None = None) -> Shape:
    """Read the folder's files. Without any, it is a plain model: the mean over its tokens."""
    modules = _read(folder / "modules.json")
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules] if modules else ["Transformer"]
    strange = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
    if strange or kinds[0] != "Transformer" or (modules and modules[0].get("path")):
        raise _refusal(f"it is built of {', '.join(kinds)}, where a transformer, a pooling and a norm can be read")
    pooling = "mean"
    for module, kind in zip(modules or [], kinds, strict=False):
        if kind == "Pooling":
            pooling = _pooling(_read(folder / str(module.get("path", "")) / "config.json") or {})
    told = _read(folder / "sentence_bert_config.json") or {}
    if told.get("do_lower_case"):
        raise _refusal("it turns texts into lower case outside its tokenizer")
    return Shape(pooling, _limit(folder, told), _prefix(folder) if prefix is None else prefix)


def _pooling(config: dict[str, Any]) -> str:
    said = config.get("pooling_mode")
    modes = [said] if isinstance(said, str) else [name for name, on in config.items() if "pooling_mode" in name and on]
    names = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
    found = [names.get(mode, mode) for mode in modes]
    if len(found) != 1 or found[0] not in POOLINGS:
        raise _refusal(f"it pools by {', '.join(found) or 'nothing'}, where the mean or the first token can be taken")
    return str(found[0])


def _limit(folder: Path, told: dict[str, Any]) -> int:
    config = _read(folder / "config.json") or {}
    # The families of RoBERTa count positions from behind the padding token's.
    behind = int(config.get("pad_token_id") or 0) + 1 if "roberta" in str(config.get("model_type")) else 0
    most = int(config.get("max_position_embeddings") or _LONGEST) - behind
    said = told.get("max_seq_length") or (_read(folder / "tokenizer_config.json") or {}).get("model_max_length")
    return min(most, int(said)) if said and said < _ENDLESS else min(most, _LONGEST)


def _prefix(folder: Path) -> str:
    config = _read(folder / "config_sentence_transformers.json") or {}
    name = config.get("default_prompt_name")
    return str((config.get("prompts") or {}).get(name, "")) if name else ""


def _read(path: Path) -> Any:
    if not path.is_file():
        return None
    try:
        return jsonbounds.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _refusal(f"its {path.name} is no JSON") from error


def _refusal(why: str) -> EngineError:
    return EngineError(f"This encoder cannot be used: {why}.", Exit.BAD_CONFIG)
