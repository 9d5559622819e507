"""The parameters that Ollama's models take, and their types.

Ollama's server checks nothing: unknown names are dropped, and an ill-typed value fails only when the model loads.
So both are errors here, before anything is sent.
"""

import math

ParameterValue = str | int | float | bool

_INTEGERS = "num_ctx num_batch num_gpu main_gpu num_thread num_keep num_predict seed top_k repeat_last_n"
_FLOATS = "temperature top_p min_p typical_p repeat_penalty presence_penalty frequency_penalty"
PARAMETERS: dict[str, type] = {
    **dict.fromkeys(_INTEGERS.split(), int),
    **dict.fromkeys(_FLOATS.split(), float),
    "use_mmap": bool,
    "stop": str,
}
# What a server's host can carry: set on the server's row, the same for every version there.
CAPACITY = frozenset(["num_batch", "num_gpu", "main_gpu", "num_thread", "use_mmap"])
_TITLES = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
_TRUTH = {"true": True, "false": False}


class ModelfileError(ValueError):
    """A Modelfile that cannot be written or read; the message names the fault."""


def check_parameter(name: str, value: ParameterValue) -> None:
    """Raise `ModelfileError` unless `name` is known and `value` has its type."""
    kind = _kind(name)
    fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if isinstance(value, bool) and kind is not bool:
        fits = False
    if isinstance(value, float) and not math.isfinite(value):
        fits = False
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        fits = False
    if not fits:
        raise ModelfileError(f"The parameter {name} must be {_TITLES[kind]}, not {value!r}.")


def parse_parameter(name: str, text: str) -> ParameterValue:
    """The typed value in `text`. Raises `ModelfileError`."""
    kind = _kind(name)
    try:
        value: ParameterValue = _TRUTH[text] if kind is bool else kind(text)
    except (ValueError, KeyError):
        raise ModelfileError(f"The parameter {name} must be {_TITLES[kind]}, not {text!r}.") from None
    check_parameter(name, value)
    return value


def _kind(name: str) -> type:
    if name not in PARAMETERS:
        raise ModelfileError(f"Unknown parameter {name!r}; known are {', '.join(sorted(PARAMETERS))}.")
    return PARAMETERS[name]
