"""The formats of artifacts: what a server may be given. Which of them it serves, its driver says."""

from typing import Protocol

GGUF = "gguf"
WITH_ADAPTER = "gguf+adapter"
ONNX = "onnx"
FORMATS: dict[str, str] = {
    GGUF: "merged GGUF",
    WITH_ADAPTER: "GGUF of the base, adapter apart",
    ONNX: "ONNX of model and head",
}
# The message that has one built: what needs no torch goes to workers that have none.
BUILD_TASKS = {GGUF: "deployment.build", WITH_ADAPTER: "deployment.build", ONNX: "deployment.build_head"}


class Weights(Protocol):
    """A version, as far as its format goes."""

    @property
    def is_head(self) -> bool:
        """A head, on whatever it stands."""


def needed_format(version: Weights) -> str:
    """What a server must serve to serve the version. Adapters apart are a choice beside merged files."""
    return ONNX if version.is_head else GGUF


def format_choices() -> list[tuple[str, str]]:
    """The formats for a form, with their titles."""
    return list(FORMATS.items())
