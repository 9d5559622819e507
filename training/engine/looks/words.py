"""What libraries say when they refuse, cut to one sentence: they go on with advice on their own code."""

_LONGEST = 300


def sentence(error: Exception) -> str:
    """The first line of what was said, as a sentence; the kind of error where nothing was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = (lines[0] if lines else type(error).__name__)[:_LONGEST]
    return said if said.endswith((".", "!", "?")) else f"{said}."
