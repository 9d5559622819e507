"""The layers that an adapter is put on: a name that the model does not have would be without effect. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches

from training.engine.errors import EngineError, Exit


def require_targets(wanted: str | list[str], modules: Iterable[str]) -> None:
    """Raise `EngineError` for names that end no name of the model's layers. A string is a pattern, left to PEFT."""
    if isinstance(wanted, str):
        return
    modules = list(modules)
    for target in wanted:
        if any(name == target or name.endswith(f".{target}") for name in modules):
            continue
        last = sorted({name.rsplit(".", 1)[-1] for name in modules if name} - set("0123456789"))
        close = get_close_matches(target, last, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(last[:20])}."
        raise EngineError(f"lora.target_modules: the base model has no {target}. {hint}", Exit.BAD_CONFIG)
