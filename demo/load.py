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


@dataclass(frozen=True)
class Sent:
    """One request: seconds on the monotonic clock, the version that answered, or why nobody did.

    `late`: seconds from when it was meant to be sent until it was, because every client was still waiting.
    """

    began: float
    ended: float
    tag: str
    retries: int = 0
    failure: str = ""
    late: float = 0.0

    @property
    def seconds(self) -> float:
        """How long its sender waited, from when it was meant to be sent: a backlog cannot hide in it."""
        return self.late + self.ended - self.began


@dataclass(frozen=True)
class Moved:
    """A move of the live version: when it was asked for, when it was done, and to which version."""

    began: float
    ended: float
    tag: str


@dataclass(frozen=True)
class Client:
    """A connection, and a question through it that returns the tag of the version that answered, or raises."""

    http: httpx.Client
    ask: Callable[[], str]


@dataclass
class Load:
    """Clients that ask until the block ends: together `rate` times a second, or without a pause where it is None.

    The plan is fixed: request n is due n / rate seconds after the beginning, and the next free client sends it. What
    was due before the end is sent, however late. What failed is asked once more after 50 ms, as every client of a model
    server should; with `tries` 1 it is not, so that each failure counts.
    """

    clients: Sequence[Client]
    rate: float | None = None
    tries: int = 2
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop, self._lock, self._turns = threading.Event(), threading.Condition(), count()
        self._threads = [threading.Thread(target=self._work, args=(each,), daemon=True) for each in self.clients]

    def __enter__(self) -> "Load":
        self._started, self._ended = time.monotonic(), math.inf
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended = time.monotonic()
        self._stop.set()
        for thread, client in zip(self._threads, self.clients, strict=True):
            thread.join()
            client.http.close()

    def _work(self, client: Client) -> None:
        while (due := self._next()) is not None:
            sent = _send(client.ask, due, self.tries)
            with self._lock:
                self.sent.append(sent)
                self._lock.notify_all()

    def _next(self) -> float | None:
        """Wait until the next request is due; None where none is due any more."""
        if self.rate is None:
            due = time.monotonic()
        else:
            with self._lock:
                due = self._started + next(self._turns) / self.rate
            self._stop.wait(max(0.0, due - time.monotonic()))
        return None if due > self._ended else due

    def await_answers(self, number: int, patience: float = 120.0) -> None:
        """Until `number` requests that began from now on have ended, whatever the machine carries."""
        now = time.monotonic()
        with self._lock:
            known = len(self.sent)
            if not self._lock.wait_for(
                lambda: sum(each.began >= now for each in self.sent[known:]) >= number, patience
            ):
                raise TimeoutError(f"The clients had no {number} answers in {patience:.0f} s.")

    @property
    def planned(self) -> int:
        """Requests that were due between beginning and end, by the clock and the rate alone."""
        if self.rate is None or not math.isfinite(self._ended):
            raise ValueError("Only a load with a rate plans, and it is asked once it has ended.")
        return math.floor((self._ended - self._started) * self.rate) + 1

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


def _send(ask: Callable[[], str], due: float, tries: int) -> Sent:
    began, failure = time.monotonic(), ""
    late = max(0.0, began - due)
    for attempt in range(tries):
        if attempt:
            time.sleep(RETRY_SECONDS)
        try:
            tag = ask()
            return Sent(began, time.monotonic(), tag, attempt, late=late)
        except (httpx.HTTPError, ValueError, KeyError) as error:
            failure = repr(error)
    return Sent(began, time.monotonic(), "", tries - 1, failure, late)


def api_client(url: str, secret: str, texts: Sequence[str]) -> Client:
    """Asks Touchstone's predict API about one text after the other."""
    http = httpx.Client(headers={"Authorization": f"Bearer {secret}"}, timeout=60)
    turns = count()

    def ask() -> str:
        response = http.post(url, json={"text": texts[next(turns) % len(texts)]})
        if response.is_error:
            raise httpx.HTTPError(f"{response.status_code}: {response.text[:300]}")
        return str(response.json()["model"])

    return Client(http, ask)


def alias_client(url: str, alias: str, prompt: str, versions: dict[str, str]) -> Client:
    """An outside client of Ollama, which knows the alias alone: `versions` says whose answer each answer is."""
    http = httpx.Client(base_url=url, timeout=60)

    def ask() -> str:
        return versions[answer_of(http, alias, prompt)]

    return Client(http, ask)


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
    """Answers by an old version to requests that began after the move was done.

    A request that was still under way when the following move began may be answered by that one's version.
    """
    found = []
    for move, following in zip(moves, [*moves[1:], Moved(math.inf, math.inf, "")], strict=True):
        for each in sent:
            right = {"", move.tag, following.tag if each.ended > following.began else move.tag}
            if move.ended < each.began < following.began and each.tag not in right:
                found.append(each)
    return found


def first_new(sent: Sequence[Sent], move: Moved) -> float | None:
    """Seconds from the request for a move to the first answer by the new version to a request that began after it."""
    ends = [each.ended for each in sent if each.tag == move.tag and each.began >= move.began]
    return min(ends) - move.began if ends else None


def during(sent: Sequence[Sent], moves: Sequence[Moved]) -> list[float]:
    """Seconds that the requests took that were under way while something moved."""
    spans = [(move.began, move.ended + _AFTERGLOW) for move in moves]
    return [each.seconds for each in sent if any(each.began < end and each.ended > begin for begin, end in spans)]


def percentile(values: Sequence[float], share: float) -> float:
    """By nearest rank; NaN for none."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)] if ranked else math.nan
