"""Hashing of passwords is slow on purpose. A process does one at a time, so that log-ins never take all its threads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from common.problems import UnavailableError

WAITING, PATIENCE = 3, 10.0


class BusyError(UnavailableError):
    """Too many passwords at once. Nothing was looked at."""

    def __init__(self) -> None:
        super().__init__("Very many people are logging in at this moment. Try again in a few seconds.")


class Turnstile:
    """Lets one through; a few wait in line, and whoever finds the line full is turned away at once."""

    def __init__(self, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self._turn, self._places, self._patience = threading.Lock(), threading.Semaphore(waiting + 1), patience

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises `BusyError` where the line is full, or does not move."""
        if not self._places.acquire(blocking=False):
            raise BusyError
        try:
            if not self._turn.acquire(timeout=self._patience):
                raise BusyError
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._places.release()


TURNSTILE = Turnstile()


class BoundedHasher(PBKDF2PasswordHasher):
    """Django's own PBKDF2, its hashes too, through the turnstile: at every door where a password is given."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> Any:
        with TURNSTILE.turn():
            return super().encode(password, salt, iterations)
