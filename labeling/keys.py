"""A project's key: it names models on servers, files and addresses, so all of them must be able to carry it. Pure."""

import re

# Model servers take no more in a model's name, and compare names without regard to case.
LONGEST = 80
PATTERN = rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST - 1}}}"

RULE = (
    f"A key begins with a letter or a digit and has letters, digits, '-' and '_' only, {LONGEST} characters at most, "
    "as it names models on servers; for example: support-tags."
)
TAKEN = "A project of this key is there already (A and a are the same in a key). Choose another key."


def is_key(text: str) -> bool:
    """Whether a project may be called so; uniqueness, without regard to case, is the database's to hold."""
    return re.fullmatch(PATTERN, text) is not None
