"""Secrets of API tokens: made once, shown once, kept as SHA-256."""

import hashlib
import secrets

_PREFIX = "tsk_"


def new_secret() -> str:
    """A secret that nobody can guess."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
