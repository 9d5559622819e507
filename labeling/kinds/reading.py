"""What several kinds do to read a value of nearly the right shape."""

from typing import Any

from labeling.kinds.base import AnswerError, shown
from labeling.kinds.phrases import ANSWERING, DENYING, EXCLUDING, EXPLAINING
from labeling.kinds.spec import fold
from labeling.loose_json import Repeated


def content_of(answer: Any, key: str) -> Any:
    """What stands under the kind's one key, or the value itself where it is bare."""
    if not isinstance(answer, dict):
        return answer
    if set(answer) != {key}:
        raise AnswerError(f"The answer must be an object with the one key {key!r}, not {shown(answer)}.")
    return answer[key]


def keys_of(value: dict[str, Any], key: str) -> list[str]:
    """The keys under which an object may hold the answer: `key` in whatever spelling, else other words for it."""
    own = [name for name in value if name == key] or [name for name in value if fold(name) == key]
    return own or [name for name in value if fold(name) in ANSWERING]


def under_key(value: Any, key: str, repairs: list[str]) -> Any:
    """What a model's object holds under `key`, in whatever spelling; adds to `repairs`, raises `AnswerError`."""
    if not isinstance(value, dict):
        raise AnswerError(f"The answer must be an object with the key {key!r}, not {shown(value)}.")
    close = keys_of(value, key)
    if not close:
        raise AnswerError(f"The answer has no key {key!r}.")
    if any(value[name] != value[close[0]] for name in close):
        raise AnswerError(f"The keys {' and '.join(map(repr, close))} hold different answers.")
    for name in value:
        if denies_key(name) and value[name] not in (None, False, "", []) and not excludes_key(name):
            raise AnswerError(f"The key {name!r} takes the answer back.")
    if isinstance(value, Repeated):
        repairs.append("a key given twice taken once")
    if close[0] != key:
        repairs.append(f"the key {close[0]!r} read as {key!r}")
    if len(value) > 1:
        repairs.append("extra keys dropped")
    return value[close[0]]


def denies_key(name: str) -> bool:
    """Whether what stands under a key is said not to be so."""
    return not DENYING.isdisjoint(fold(name).split())


def excludes_key(name: str) -> bool:
    """Whether a key holds what the answer leaves out."""
    return not EXCLUDING.isdisjoint(fold(name).split())


def explains_key(name: str) -> bool:
    """Whether a key holds words about the answer, and so no second one."""
    return fold(name) in EXPLAINING
