"""A steady load of clients, and what they saw while the live version was moved: for the demo, tests and benchmarks."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

import httpx

RETRY_SECONDS = 0.05
# A move is felt from its beginning until shortly after its end.
_AFTERGLOW = 0.2
Ask = Callable[[], str]


@dataclass(frozen=True)
class Sent:
    """One request: seconds on the monotonic clock, the version that answered, or why nobody did."""

    began: float
    ended: float
    tag: str
    retries: int = 0
    failure: str = ""


@dataclass(frozen=True)
class Moved:
    """A move of the live version: when it was asked for, when it was done, and to which version."""

    began: float
    ended: float
    tag: str


@dataclass
class Load:
    """Threads that ask until `stop`: together `rate` times a second, or without a pause where it is None.

    Each gets an `Ask` of its own, which returns the tag of the version that answered, and raises where nobody did. What
    failed is asked once more after 50 ms, as every client of a model server should.
    """

    asks: Sequence[Ask]
    rate: float | None = None
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Load":
        started = time.monotonic()
        for number, ask in enumerate(self.asks):
            thread = threading.Thread(target=self._client, args=(ask, number, started), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _client(self, ask: Ask, number: int, started: float) -> None:
        for turn in count():
            if self.rate is not None:
                due = started + (number + turn * len(self.asks)) / self.rate
                self._stop.wait(max(0.0, due - time.monotonic()))
            if self._stop.is_set():
                return
            sent = _send(ask)
            with self._lock:
                self.sent.append(sent)

    @property
    def failures(self) -> list[str]:
        """Requests that got no answer, in words."""
        return [each.failure for each in list(self.sent) if each.failure]

    @property
    def retries(self) -> int:
        """Second tries."""
        return sum(each.retries for each in list(self.sent))

    @property
    def answers(self) -> Counter[str]:
        """Answers by version."""
        return Counter(each.tag for each in list(self.sent) if not each.failure)


def _send(ask: Ask) -> Sent:
    began, failure = time.monotonic(), ""
    for attempt in range(2):
        try:
            tag = ask()
            return Sent(began, time.monotonic(), tag, attempt)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            failure = repr(error)
            time.sleep(RETRY_SECONDS)
    return Sent(began, time.monotonic(), "", 1, failure)


def api_client(url: str, secret: str, texts: Sequence[str]) -> Ask:
    """Asks Touchstone's predict API about one text after the other."""
    http = httpx.Client(headers={"Authorization": f"Bearer {secret}"}, timeout=60)
    turns = count()

    def ask() -> str:
        response = http.post(url, json={"text": texts[next(turns) % len(texts)]})
        response.raise_for_status()
        return str(response.json()["model"])

    return ask


def alias_client(url: str, alias: str, prompt: str, versions: dict[str, str]) -> Ask:
    """An outside client of Ollama, which knows the alias alone: `versions` says whose answer each answer is."""
    http = httpx.Client(base_url=url, timeout=60)

    def ask() -> str:
        return versions[answer_of(http, alias, prompt)]

    return ask


def answer_of(http: httpx.Client, model: str, prompt: str) -> str:
    """A greedy answer of a model of Ollama."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": prompt}],
        "stream": False,
        "options": {"temperature": 0, "seed": 7, "num_predict": 16},
        "keep_alive": -1,
    }
    response = http.post("/api/chat", json=body)
    response.raise_for_status()
    return str(response.json()["message"]["content"])


def stale(sent: Sequence[Sent], moves: Sequence[Moved]) -> list[Sent]:
    """Answers by an old version to requests that began after the move was done."""
    found = []
    for move, following in zip(moves, [*moves[1:], None], strict=True):
        until = following.began if following else math.inf
        found += [each for each in sent if move.ended < each.began < until and each.tag not in ("", move.tag)]
    return found


def first_new(sent: Sequence[Sent], move: Moved) -> float | None:
    """Seconds from the request for a move to the first answer by the new version to a request that began after it."""
    ends = [each.ended for each in sent if each.tag == move.tag and each.began >= move.began]
    return min(ends) - move.began if ends else None


def during(sent: Sequence[Sent], moves: Sequence[Moved]) -> list[float]:
    """Seconds that the requests took that were under way while something moved."""
    spans = [(move.began, move.ended + _AFTERGLOW) for move in moves]
    return [
        each.ended - each.began for each in sent if any(each.began < end and each.ended > begin for begin, end in spans)
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """By nearest rank; NaN for none."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else math.nan
