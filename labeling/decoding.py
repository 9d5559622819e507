"""How a model is asked for an answer: the one schema of a decoding, for tasks and for versions of their own. Pure.

Servers check nothing: they drop names that they do not know, and an ill-typed value fails only when the model loads.
What a server's host can carry (threads, batch) is set on the server's row, the same for every version there.
"""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator

from common.options import Options, checked

DEFAULT_DECODING: dict[str, Any] = {"temperature": 0, "seed": 7, "num_predict": 256, "num_ctx": 2048}
# A number that no model reaches, and that every server's own kind of number holds.
MOST_TOKENS = 2**20

_Tokens = Annotated[int, Field(ge=1, le=MOST_TOKENS)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Penalty = Annotated[float, Field(ge=-2, le=2)]


class Decoding(Options):
    """All options are optional: the server's own default stands for what is not said, but for ours above."""

    model_config = ConfigDict(strict=True)

    temperature: Annotated[float, Field(ge=0, le=5)] | None = None
    seed: Annotated[int, Field(ge=-1, lt=2**31)] | None = None
    top_k: Annotated[int, Field(ge=0, le=100_000)] | None = None
    top_p: _Share | None = None
    min_p: _Share | None = None
    typical_p: _Share | None = None
    repeat_last_n: Annotated[int, Field(ge=-1, le=MOST_TOKENS)] | None = None
    repeat_penalty: Annotated[float, Field(ge=0, le=10)] | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    num_ctx: Annotated[int, Field(ge=16, le=MOST_TOKENS)] | None = None
    num_predict: _Tokens | None = None
    num_keep: Annotated[int, Field(ge=-1, le=MOST_TOKENS)] | None = None
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=16)] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _said(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("leave the option out where the server's default is meant")
        return value

    @field_validator("stop", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        """One text is one stop; a server would take each of its letters for one."""
        return [value] if isinstance(value, str) else value


def checked_decoding(values: Any) -> dict[str, Any]:
    """A decoding in its stored form. Raises `OptionsError`."""
    found = checked(Decoding, values)
    return {**values, "stop": found.stop} if found.stop is not None else dict(values)
