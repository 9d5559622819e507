"""Requests: the token, problems as errors, pages as iterators, and what was not heard is asked again with one key."""

import time
import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import httpx

from touchstone_client.errors import error_for

# Asked again: the server could not take it just now, or nobody heard what came of it.
_LATER = (429, 502, 503, 504)
_LONGEST_WAIT = 30.0


class Transport:
    """One connection pool to one installation. Times are in seconds."""

    def __init__(self, url: str, token: str, *, timeout: float = 60.0, tries: int = 4) -> None:
        """`timeout`: of one try. `tries`: at most so many of one request."""
        self.tries = max(1, tries)
        base = url.rstrip("/")
        self._base = httpx.URL(base if base.endswith("/api/v1") else f"{base}/api/v1")
        self._http = httpx.Client(
            timeout=timeout,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            follow_redirects=False,
        )

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> "Transport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, **query: Any) -> Any:
        """The body of an answer. Raises `ApiError`; `httpx.TransportError` where nobody answers."""
        return self.request("GET", path, query=query)

    def post(self, path: str, body: Any = None) -> Any:
        """The same of a POST, which has an effect once however often it is sent: every try has one key."""
        return self.request("POST", path, body=body, headers={"Idempotency-Key": str(uuid.uuid4())})

    def patch(self, path: str, body: Any) -> Any:
        """Change what stands at `path` as it was read just now. Raises `Changed` where somebody was quicker."""
        read = self._answered("GET", path)
        return self.request("PATCH", path, body=body, headers={"If-Match": read.headers.get("ETag", "*")})

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """Every row of a list, page by page as they are asked for."""
        page = self.get(path, **query)
        while True:
            yield from page["results"]
            if not page["next"]:
                return
            # The address that the server says may be one that only a proxy knows: its cursor is what counts.
            asked = dict(httpx.URL(page["next"]).params)
            page = self.get(path, **asked)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Any operation of the API: `path` is what follows `/api/v1`. The body, or None where there is none."""
        answer = self._answered(method, path, query=query, body=body, headers=headers)
        return answer.json() if answer.content else None

    def _answered(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        url = f"{self._base}/{path.strip('/')}".rstrip("/")
        asked = {name: _written(value) for name, value in (query or {}).items() if value is not None}
        given: dict[str, Any] = {} if body is None else {"json": body}
        for left in range(self.tries - 1, -1, -1):
            pause = 2.0 ** (self.tries - 1 - left) / 2
            try:
                answer = self._http.request(method, url, params=asked, headers=dict(headers or {}), **given)
            except httpx.TransportError:
                if not left:
                    raise
            else:
                if answer.is_success:
                    return answer
                if not left or not _later(answer):
                    raise error_for(answer.status_code, _body(answer), answer.headers.get("X-Request-ID", ""))
                pause = _told(answer, pause)
            time.sleep(min(pause, _LONGEST_WAIT))  # as long as the server asks for, or a little longer each time
        raise AssertionError("the last try returns or raises")


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _later(answer: httpx.Response) -> bool:
    """Whether another try has a chance; a 409 that says when is of a first try that still works."""
    return answer.status_code in _LATER or (answer.status_code == 409 and "Retry-After" in answer.headers)


def _told(answer: httpx.Response, pause: float) -> float:
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else pause


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
