"""Exit codes of the engine, and the error that carries one."""

from enum import IntEnum


class Exit(IntEnum):
    """What the process answers its supervisor. `accelerate launch` hides it: read the last event there.

    FAILED and BAD_CONFIG come again however often they are tried; TRANSIENT may pass by itself; PERSON goes on from the
    last checkpoint once somebody did what it says.
    """

    OK = 0
    FAILED = 1
    BAD_CONFIG = 2
    PAUSED = 3
    CANCELLED = 4
    LOCKED = 5
    ORPHANED = 6
    TRANSIENT = 7
    PERSON = 8


class EngineError(Exception):
    """A failure that the user can understand and mend; its text is shown as it stands."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
