"""The validator of a field that names the environment variable of a secret."""

from django.core.exceptions import ValidationError

from common.environment import KEY_PREFIX, is_key_name

HELP = f"It begins with {KEY_PREFIX}, so that no other secret of the process can be named."


def validate_key_name(value: str) -> None:
    """Raise `ValidationError` for a variable that may hold something else than a key of the operator's for us."""
    if not is_key_name(value):
        raise ValidationError(
            f"The variable must be named {KEY_PREFIX}... in capital letters, digits and underscores, such as "
            f"{KEY_PREFIX}OLLAMA."
        )
