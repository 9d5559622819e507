"""The formats of artifacts: what a server may be given. Which of them it serves, its driver says."""

GGUF = "gguf"
WITH_ADAPTER = "gguf+adapter"
FORMATS: dict[str, str] = {
    GGUF: "merged GGUF",
    WITH_ADAPTER: "GGUF of the base, adapter apart",
}


def format_choices() -> list[tuple[str, str]]:
    """The formats for a form, with their titles."""
    return list(FORMATS.items())
