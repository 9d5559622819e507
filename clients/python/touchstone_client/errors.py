"""What may go wrong. Each error's text is the server's own sentence: what is wrong and what to do."""

from typing import Any


class ApiError(Exception):
    """The server refused a request. `errors` says what is wrong by field, where it has any."""

    def __init__(self, status: int, detail: str, errors: Any = None, request_id: str = "") -> None:
        told = f"{detail} {errors}" if errors else detail
        super().__init__(f"{status}: {told}")
        self.status, self.detail, self.errors, self.request_id = status, detail, errors, request_id


class Invalid(ApiError):
    """400: what was sent is wrong."""


class NotAllowed(ApiError):
    """401 or 403: no token in force, or none with this right."""


class NotFound(ApiError):
    """404: it is not there, or not open to this token."""


class Conflict(ApiError):
    """409: the state of things does not allow it now."""


class Changed(ApiError):
    """412: somebody has changed it since it was read. Read it again."""


class Unavailable(ApiError):
    """429 or 503, after all tries: too many requests, or a part that is needed does not answer."""


class RunFailed(Exception):
    """A training run ended without a version."""


class NothingToServe(Exception):
    """A version was made and cannot be served: its file was not built, or no server takes it."""


class TimedOut(Exception):
    """It was waited for as long as was said, and it goes on."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: Invalid, 401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: Conflict, 412: Changed, 429: Unavailable,
    503: Unavailable,
}  # fmt: skip


def error_for(status: int, body: Any, request_id: str) -> ApiError:
    """The error of an answer; a body that is no problem, of a proxy say, is told by its status."""
    said = body if isinstance(body, dict) else {}
    detail = str(said.get("detail") or f"The server answered {status}.")
    return _BY_STATUS.get(status, ApiError)(status, detail, said.get("errors"), request_id)
