"""Options of the engine from a profile and what goes before it. Pure."""

from collections.abc import Mapping
from typing import Any

from common.problems import ProblemError

CHOSEN_ELSEWHERE = {
    "base_model": "the base model is chosen by its name (base)",
    "objective": "the method is chosen by its name (method)",
    "instruction": "the project's task says the instruction",
    "task": "the project's task says the labels",
}
# Two ways to say how long a run is: whoever says one takes back the other.
_STEPS, _EPOCHS = frozenset({"max_steps"}), frozenset({"epochs", "min_updates", "max_updates"})


def merged(profile: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The profile's options with those of `overrides` in their place, level by level."""
    for name in CHOSEN_ELSEWHERE.keys() & overrides.keys():
        raise ProblemError(f"{name}: {CHOSEN_ELSEWHERE[name]}, not among the options.")
    before = dict(profile)
    for said, taken_back in ((_STEPS, _EPOCHS), (_EPOCHS, _STEPS)):
        if any(overrides.get(name) is not None for name in said):
            before = {name: value for name, value in before.items() if name not in taken_back}
    return _deep(before, overrides)


def nested(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """Options whose names lead down with dots, such as `lora.r`, in their levels."""
    found: dict[str, Any] = {}
    for name, value in pairs.items():
        *way, last = name.split(".")
        level = found
        for part in way:
            inner = level.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ProblemError(f"{part} is given both as one value and by its parts.")
            level = inner
        level[last] = value
    return found


def _deep(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for name, value in above.items():
        under = found.get(name)
        found[name] = _deep(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return found
