"""People who review: each logs in, opens the next text, looks at it, and saves the true labels as the page does."""

import html
import random
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx

from benchmarks.load.doors import PART
from demo.load import Sent
from demo.tiny import PHRASES

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_TEXT = re.compile(r'id="sample-text"[^>]*>(.*?)</div>', re.DOTALL)
# Whoever is told to try again does so after a moment.
_AGAIN = 1.0
_TRIES = 30


@dataclass
class Reviewer:
    """One person. `opened` and `saved`: each request; `kept`: texts of which the page said that they were saved."""

    name: str
    http: httpx.Client
    path: str
    think: float
    seed: int
    opened: list[Sent] = field(default_factory=list)
    saved: list[Sent] = field(default_factory=list)
    kept: list[tuple[float, str]] = field(default_factory=list)
    # Answered by 409: another try of the same decision, unanswered before, had been taken.
    taken: list[str] = field(default_factory=list)

    def work(self, stop: threading.Event) -> None:
        """Text after text until somebody says stop; a decision that has begun is brought to its end."""
        chance = random.Random(self.seed)
        stop.wait(chance.uniform(0, self.think))
        while not stop.is_set():
            card = self._open()
            if card is None:
                stop.wait(_AGAIN)
                continue
            stop.wait(self.think * chance.uniform(0.5, 1.5))
            self._save(card)

    def _open(self) -> dict[str, str | list[str]] | None:
        answer = self._ask("GET", self.opened, {httpx.codes.OK})
        if answer is None:
            return None
        card: dict[str, str | list[str]] = {name: html.unescape(value) for name, value in _HIDDEN.findall(answer.text)}
        text = _TEXT.search(answer.text)
        if text is None or "sample" not in card:
            raise ValueError(f"{self.path} shows no text to review: the queue is empty, or the page is another one.")
        return card | {"labels": list(_true_labels(html.unescape(text[1]))), "action": "save", "none_ok": "1"}

    def _save(self, card: dict[str, str | list[str]]) -> None:
        """Send the form until it is answered, as a person would."""
        for _ in range(_TRIES):
            began = time.monotonic()
            answer = self._ask("POST", self.saved, {httpx.codes.OK, httpx.codes.CONFLICT}, card)
            if answer is None:
                time.sleep(_AGAIN)
                continue
            if answer.status_code == httpx.codes.OK:
                self.kept.append((began, str(card["sample"])))
            else:
                self.taken.append(str(card["sample"]))
            return

    def _ask(
        self, method: str, into: list[Sent], good: set[int], card: dict[str, str | list[str]] | None = None
    ) -> httpx.Response | None:
        headers = PART | {"X-CSRFToken": str(card["csrfmiddlewaretoken"])} if card else {}
        began, failure, answer = time.monotonic(), "", None
        try:
            answer = self.http.request(
                method, self.path, data=card, headers=headers | {"Referer": str(self.http.base_url)}
            )
            if answer.status_code not in good:
                failure, answer = f"'{answer.status_code} ", None
        except httpx.HTTPError as error:
            failure = repr(error)
        into.append(Sent(began, time.monotonic(), "" if failure else self.path, failure=failure))
        return answer


def _true_labels(text: str) -> Iterator[str]:
    yield from (tag for tag, phrases in PHRASES.items() if any(phrase in text for phrase in phrases))


class Reviewers:
    """All of them at once, until the block ends."""

    def __init__(self, people: list[Reviewer]) -> None:
        self.people = people
        self.faults: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(each,), daemon=True) for each in people]

    def __enter__(self) -> "Reviewers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, person: Reviewer) -> None:
        try:
            person.work(self._stop)
        except ValueError as error:
            self.faults.append(f"{person.name} stopped working: {error}")

    @property
    def opened(self) -> list[Sent]:
        """Every request for the next text."""
        return [sent for person in self.people for sent in person.opened]

    @property
    def saved(self) -> list[Sent]:
        """Every decision that was sent."""
        return [sent for person in self.people for sent in person.saved]
