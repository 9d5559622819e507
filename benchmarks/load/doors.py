"""The doors that are asked at a fixed rate, and the sessions that ask them."""

import threading
import time
from collections.abc import Callable, Sequence
from itertools import count

import httpx

from benchmarks.web.measure import log_in
from demo.load import Client, Load

PATIENCE = 60.0
# A page asks for its moving part this way.
PART = {"HX-Request": "true"}


def logged_in(url: str, user: str, password: str) -> httpx.Client:
    """A browser's session."""
    http = httpx.Client(base_url=url, timeout=PATIENCE, follow_redirects=True)
    log_in(http, user, password)
    http.follow_redirects = False
    return http


def predictions(url: str, secret: str, texts: Sequence[str], rate: float) -> tuple[Load, list[tuple[float, str]]]:
    """The predict API, asked by as many clients as a stop of ten seconds has requests; and what was answered when."""
    answered: list[tuple[float, str]] = []
    lock, turns = threading.Lock(), count()

    def client() -> Client:
        http = httpx.Client(headers={"Authorization": f"Bearer {secret}"}, timeout=PATIENCE)

        def ask() -> str:
            began = time.monotonic()
            answer = http.post(url, json={"text": texts[next(turns) % len(texts)]})
            answer.raise_for_status()
            body = answer.json()
            with lock:
                answered.append((began, body["uid"]))
            return str(body["model"])

        return Client(http, ask)

    return Load([client() for _ in range(32)], rate, tries=1), answered


def polled(session: httpx.Client, path: str, headers: dict[str, str] | None = None) -> Load:
    """A page that is asked for once a second, by browsers that share a session."""
    return Load([Client(http := alike(session), asking(http, path, headers or {})) for _ in range(8)], 1.0, tries=1)


def alike(session: httpx.Client) -> httpx.Client:
    """Another browser of the same session."""
    return httpx.Client(base_url=session.base_url, cookies=session.cookies, timeout=PATIENCE)


def asking(http: httpx.Client, path: str, headers: dict[str, str]) -> Callable[[], str]:
    """A question that is answered by 200 alone."""

    def ask() -> str:
        answer = http.get(path, headers=headers)
        answer.raise_for_status()
        if answer.status_code != httpx.codes.OK:
            raise ValueError(f"'{answer.status_code} ")
        return path

    return ask
