"""What versions are called on model servers. Pure.

Ollama takes `host/namespace/model:tag`, and no name of host and model alone. The host can never resolve, so nothing of
ours can be pulled from outside, or collide with what was.
"""

_HOST = "models.invalid/"
_OURS = f"{_HOST}touchstone/"


def server_tag(tag: str) -> str:
    """The immutable name of a version, such as `shop:v7`, on servers."""
    return f"{_OURS}{tag}"


def is_ours(name: str) -> bool:
    """Whether nobody outside may be asked for this name; servers compare names without regard to case."""
    return name.lower().startswith(_HOST)
