"""Names of models, as the real one takes them: `[[host/]namespace/]model[:tag]`, compared without regard to case."""

import re

_FIRST = "[A-Za-z0-9_]"
_HOST, _NAMESPACE = rf"{_FIRST}[A-Za-z0-9_.:-]{{0,349}}", rf"{_FIRST}[A-Za-z0-9_-]{{0,79}}"
_MODEL = _TAG = rf"{_FIRST}[A-Za-z0-9_.-]{{0,79}}"
_NAME = re.compile(rf"(?:(?:{_HOST}/)?{_NAMESPACE}/)?{_MODEL}(?::{_TAG})?")


def is_name(name: str) -> bool:
    """Whether a model may be called so."""
    return _NAME.fullmatch(name) is not None


def full(name: str) -> str:
    """A name with its tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def same(name: str) -> str:
    """Equal for two names that mean one model."""
    return full(name).lower()
