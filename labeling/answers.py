"""The only place where model text becomes an answer.

An answer is `strict` (JSON, valid against the schema, no label twice), else `repaired` (fences, chatter, trailing
commas, cut-off, wrong quotes, label spelling; what was done is listed), else `failed` with the reason.
JSON is read by the standard library and by json-repair; nothing here parses it by hand.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import json_repair
from jsonschema import Draft202012Validator

from common import jsonbounds
from labeling.kinds import (
    MULTI_LABEL,
    SINGLE_LABEL,
    TEXT,
    Answer,
    AnswerError,
    Spec,
    canonical,
    find_label,
    fold,
    json_schema,
    storable,
)

# An answer holds a handful of brackets. Past these bounds a repair could take seconds (json-repair is quadratic on
# nested rubbish and on quotes that do not pair), and what came out would be a guess.
MAX_BRACKETS = 200
MAX_REPAIR_CHARS = 2_000


class Status(StrEnum):
    """How model text was read."""

    STRICT = "strict"
    REPAIRED = "repaired"
    FAILED = "failed"


@dataclass(frozen=True)
class ParsedAnswer:
    """The outcome of reading one model text.

    `answer` is the stored form, None if and only if `status` is failed; `reason` says why it failed (else empty);
    `repairs` lists in plain words what was mended (empty unless repaired).
    """

    answer: Answer | None
    status: Status
    reason: str = ""
    repairs: tuple[str, ...] = ()


def parse(raw: str, spec: Spec) -> ParsedAnswer:
    """Read `raw`, the text a model gave, as an answer to `spec`. Never raises."""
    try:
        return _READERS[spec.kind](raw, spec)
    except AnswerError as error:
        return ParsedAnswer(None, Status.FAILED, str(error))


def _parse_text(raw: str, spec: Spec) -> ParsedAnswer:
    if not raw.strip():
        raise AnswerError("The model gave an empty answer.")
    answer = canonical(spec, raw)
    if storable(raw) != raw:
        return ParsedAnswer(answer, Status.REPAIRED, repairs=("characters that cannot be stored replaced",))
    return ParsedAnswer(answer, Status.STRICT)


def _parse_labels(raw: str, spec: Spec) -> ParsedAnswer:
    if not raw.strip():
        raise AnswerError("The model gave an empty answer.")
    try:
        jsonbounds.check(raw)
    except jsonbounds.JsonBoundsError as error:
        raise AnswerError(f"The answer cannot be read: {error}.") from error
    try:
        value = _load(raw)
    except ValueError:
        value, repairs = _mend(raw, spec)
    else:
        repairs = []
        if _is_strict(value, spec):
            return ParsedAnswer(canonical(spec, value), Status.STRICT)
    answer = _read_value(value, spec, repairs)
    return ParsedAnswer(answer, Status.REPAIRED, repairs=tuple(dict.fromkeys(repairs)))


_READERS: dict[str, Callable[[str, Spec], ParsedAnswer]] = {
    MULTI_LABEL: _parse_labels,
    SINGLE_LABEL: _parse_labels,
    TEXT: _parse_text,
}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; a key given twice is a mistake unless both say the same."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise AnswerError(f"The key {key!r} is there twice with different values.")
        found[key] = value
    return _Repeated(found) if len(found) < len(pairs) else found


class _Repeated(dict[str, Any]):
    """An object in which a key stood twice with one value: readable, but not strict."""


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse_constant)


def _load(raw: str) -> Any:
    return _DECODER.decode(raw)


@lru_cache(maxsize=64)
def _validator(spec: Spec) -> Draft202012Validator:
    schema = json_schema(spec)
    assert schema is not None  # only label kinds come here
    return Draft202012Validator(schema)


def _is_strict(value: Any, spec: Spec) -> bool:
    if isinstance(value, _Repeated) or not _validator(spec).is_valid(value):
        return False
    labels = value.get("labels", ())
    return len(set(labels)) == len(labels)


def _mend(raw: str, spec: Spec) -> tuple[Any, list[str]]:
    """A value from text that is not JSON as it stands, with what was done to get it."""
    if raw.count("{") + raw.count("[") > MAX_BRACKETS:
        raise AnswerError(f"The answer has more than {MAX_BRACKETS} brackets: nested too deeply to be repaired.")
    bare = raw.strip().strip("`'\"“”‘’").strip()
    if "{" not in raw and "[" not in raw and fold(bare) in spec.folded:
        return bare, []
    whole = _complete_values(raw)
    if whole:
        return (whole[0] if len(whole) == 1 else whole), ["text around the JSON removed"]
    raw = _without_chatter(raw)
    if len(raw) > MAX_REPAIR_CHARS:
        raise AnswerError(
            f"The answer is no valid JSON, and longer than the {MAX_REPAIR_CHARS} characters of a repair."
        )
    try:
        # A backslash at the very end is an escape cut off before it said anything.
        value = json_repair.loads(raw.rstrip("\\"), skip_json_loads=True)
    except Exception as error:  # a fault of the library on odd text is a failed answer, not a crashed worker
        raise AnswerError(f"No JSON could be found in the answer ({type(error).__name__}).") from error
    if value == "" or isinstance(value, tuple):
        raise AnswerError("No JSON was found in the answer.")
    return value, ["broken JSON mended"]


def _without_chatter(raw: str) -> str:
    """What stands between the first bracket and the last, where the whole is too long to be repaired."""
    first = min((raw.find(bracket) for bracket in "{[" if bracket in raw), default=-1)
    if len(raw) <= MAX_REPAIR_CHARS or first < 0:
        return raw
    last = max(raw.rfind("}"), raw.rfind("]"))
    return raw[first : last + 1] if last > first else raw[first:]


def _complete_values(raw: str) -> list[Any]:
    """The complete JSON values that stand one after the other in `raw`, up to the first that is broken.

    json-repair would silently keep only the last of several; here they are compared instead.
    """
    opening = "{" if "{" in raw else "["
    values: list[Any] = []
    start = raw.find(opening)
    while start >= 0:
        try:
            value, end = _DECODER.raw_decode(raw, start)
        except AnswerError:
            raise
        except ValueError:
            break
        values.append(value)
        start = raw.find(opening, end)
    return values


def _read_value(value: Any, spec: Spec, repairs: list[str]) -> Answer:
    """The answer in a JSON value of nearly the right shape; adds to `repairs`, raises `AnswerError`."""
    objects = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    if objects:
        return _agreed(objects, spec, repairs)
    if isinstance(value, dict):
        return _read_names(_under_key(value, spec, repairs), spec, repairs)
    if isinstance(value, list):
        repairs.append("a bare list taken as the labels")
    elif isinstance(value, str):
        repairs.append("a bare text taken as the label")
    return _read_names(value, spec, repairs)


def _agreed(objects: list[dict[str, Any]], spec: Spec, repairs: list[str]) -> Answer:
    """The one answer that several objects give; objects without the key are chatter when another has it."""
    key = _key(spec)
    objects = [item for item in objects if any(fold(name) == key for name in item)] or objects
    answers = [_read_names(_under_key(item, spec, repairs), spec, repairs) for item in objects]
    if any(answer != answers[0] for answer in answers):
        raise AnswerError(f"The model gave {len(answers)} different answers in one.")
    repairs.append("one answer taken out of a list" if len(answers) == 1 else "the same answer given several times")
    return answers[0]


def _key(spec: Spec) -> str:
    return "labels" if spec.kind == MULTI_LABEL else "label"


def _under_key(value: dict[str, Any], spec: Spec, repairs: list[str]) -> Any:
    key = _key(spec)
    if isinstance(value, _Repeated):
        repairs.append("a key given twice taken once")
    close = [name for name in value if name == key] or [name for name in value if fold(name) == key]
    if not close and len(value) == 1:
        close = list(value)
    if len(close) != 1:
        raise AnswerError(f"The answer has no key {key!r}.")
    if close[0] != key:
        repairs.append(f"the key {close[0]!r} read as {key!r}")
    if len(value) > 1:
        repairs.append("extra keys dropped")
    return value[close[0]]


def _read_names(content: Any, spec: Spec, repairs: list[str]) -> Answer:
    """The answer from a name or a list of names, with notes on spelling and repetition."""
    if isinstance(content, list) != (spec.kind == MULTI_LABEL):
        repairs.append("a list taken as one label" if isinstance(content, list) else "one label taken as a list")
    names = content if isinstance(content, list) else [content]
    labels = [find_label(spec, name) for name in names]
    for name, label in zip(names, labels, strict=True):
        if name != label:
            repairs.append(f"the label {name!r} read as {label!r}")
    if len(set(labels)) < len(labels):
        repairs.append("a repeated label taken once")
    return canonical(spec, labels)
