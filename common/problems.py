"""Errors that services raise and every door understands: a sentence for a person, a status for a machine."""


class ProblemError(Exception):
    """Something a caller can mend. `str(error)` says what is wrong and what to do."""

    problem_status = 400
    headers: dict[str, str] = {}


class ConflictError(ProblemError):
    """The state of things does not allow it now."""

    problem_status = 409


class ChangedError(ProblemError):
    """It is no longer as the caller read it."""

    problem_status = 412


class UnreadError(ProblemError):
    """The caller does not say what it read before it changes that."""

    problem_status = 428


class TooLargeError(ProblemError):
    """More than is read at once."""

    problem_status = 413


class UnavailableError(ProblemError):
    """A part that is needed does not answer; try again later."""

    problem_status = 503

    def __init__(self, sentence: str, *, retry_after: int = 2) -> None:
        """`retry_after`: seconds until another try has a chance."""
        super().__init__(sentence)
        self.headers = {"Retry-After": str(retry_after)}
