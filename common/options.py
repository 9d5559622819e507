"""Sets of options, each held to one schema with ranges: what is wrong is said, with the nearest right name. Pure."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from common.text import storable


class Options(BaseModel):
    """A set of options: unknown names are refused, and so is what is no number or has no end."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=(), frozen=True)


class OptionsError(ValueError):
    """Options that cannot be used. `problems` are the sentences by the option's name, such as `lora.r`."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(f"{name}: {said}" if name else said for name, said in self.problems.items()))


_Schema = TypeVar("_Schema", bound=BaseModel)


def checked(schema: type[_Schema], values: Any) -> _Schema:
    """The options, with their defaults. Raises `OptionsError`."""
    if not isinstance(values, Mapping):
        raise OptionsError({"": 'Write the options as an object, such as {"name": 1}.'})
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise OptionsError(dict(_sentences(schema, error))) from error


def _sentences(schema: type[BaseModel], error: ValidationError) -> Iterator[tuple[str, str]]:
    for part in error.errors():
        path = tuple(storable(str(name))[:100] for name in part["loc"])
        name = ".".join(path)
        if part["type"] == "extra_forbidden":
            yield name, _unknown(path, schema)
        else:
            said = part["msg"].removeprefix("Value error, ").replace("Input should", "This should")
            yield name, f"{said[:1].upper()}{said[1:]}{_given(part)}."


def _given(part: Any) -> str:
    value = part.get("input")
    shown = repr(value)
    return (
        f", not {shown[:60]}" if isinstance(value, str | int | float | bool) and part["msg"].startswith("Input") else ""
    )


def _names(schema: type[BaseModel], before: str = "") -> Iterator[str]:
    """The names of all options, those further down with the way to them."""
    for name, field in schema.model_fields.items():
        yield f"{before}{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, f"{before}{name}.")


def _unknown(path: tuple[str, ...], schema: type[BaseModel]) -> str:
    """Most mistakes are of spelling; some names are right, but of another level."""
    name, way, names = path[-1], "".join(f"{part}." for part in path[:-1]), list(_names(schema))
    beside = [each.removeprefix(way) for each in names if each.rpartition(".")[0] == way.rstrip(".")]
    elsewhere = {each.rpartition(".")[2]: each for each in names if each.rpartition(".")[0] != way.rstrip(".")}
    close = get_close_matches(name, beside, n=1)
    close = close or [elsewhere[last] for last in get_close_matches(name, elsewhere, n=1)]
    if close:
        return f"There is no such option. Did you mean {close[0]}?"
    return f"There is no such option. There are {', '.join(sorted(beside))}."
