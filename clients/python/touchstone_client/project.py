"""A project: its labels and samples, its answers, and what is trained on them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from touchstone_client import shapes
from touchstone_client.runs import Run, Version
from touchstone_client.transport import Transport

# Of one request: the server takes a thousand samples, and 16,000,000 bytes unless it was told otherwise.
_SAMPLES, _CHARACTERS = 1000, 4_000_000
_TEXTS = 100

Answer = Mapping[str, Any] | Sequence[str]


class Project:
    """One project of an installation."""

    def __init__(self, api: Transport, key: str) -> None:
        self.api, self.key, self._at = api, key, f"projects/{key}"

    def __repr__(self) -> str:
        return f"<Project {self.key}>"

    def read(self) -> shapes.ProjectDetail:
        """The project as it is now, with its labels."""
        return cast(shapes.ProjectDetail, self.api.get(self._at))

    def change(self, **fields: Any) -> shapes.ProjectDetail:
        """Change what is no part of the task, such as `name`. Raises `Changed` where somebody was quicker."""
        return cast(shapes.ProjectDetail, self.api.patch(self._at, fields))

    def policy(self, name: str) -> dict[str, Any]:
        """One of `retrain`, `serving`, `gate`, `budget`."""
        return cast(dict[str, Any], self.api.get(f"{self._at}/policies/{name}"))

    def change_policy(self, name: str, **fields: Any) -> dict[str, Any]:
        """Change a policy; what is left out stays. Raises `Changed` where somebody was quicker."""
        return cast(dict[str, Any], self.api.patch(f"{self._at}/policies/{name}", fields))

    def ask(
        self,
        text: str,
        *,
        external_id: str = "",
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> shapes.PredictionResponse:
        """What the live version says of a text. `uid` is what feedback is tied to.

        Raises `Conflict` where nothing is live, `Unavailable` where no model server answers.
        """
        more = {"external_id": external_id, "tags": list(tags), "metadata": dict(metadata or {})}
        body = {"text": text} | {name: value for name, value in more.items() if value}
        return cast(shapes.PredictionResponse, self.api.post(f"{self._at}/predict", body))

    def ask_many(self, texts: Iterable[str]) -> list[shapes.BatchItem]:
        """The same of many texts, in their order; one without an answer holds `error` in its place."""
        asked, found = list(texts), []
        for start in range(0, len(asked), _TEXTS):
            body = {"texts": asked[start : start + _TEXTS]}
            found += self.api.post(f"{self._at}/batch_predict", body)["results"]
        return cast(list[shapes.BatchItem], found)

    def correct(
        self, prediction: shapes.PredictionResponse | str, answer: Answer, *, comment: str = ""
    ) -> shapes.Feedback:
        """Say what the right answer is; `effect` tells what followed. `answer`: as the project's kind has it."""
        body = {"prediction": _uid(prediction), "answer": _answer(answer), "comment": comment}
        return cast(shapes.Feedback, self.api.post(f"{self._at}/feedback", body))

    def rate(self, prediction: shapes.PredictionResponse | str, thumb: int, *, comment: str = "") -> shapes.Feedback:
        """A thumb up (1) or down (-1)."""
        body = {"prediction": _uid(prediction), "thumb": thumb, "comment": comment}
        return cast(shapes.Feedback, self.api.post(f"{self._at}/feedback", body))

    def set_labels(self, names: Iterable[str]) -> list[shapes.Label]:
        """Give the project exactly these labels, in this order."""
        body = {"labels": [{"name": name} for name in names]}
        return cast(list[shapes.Label], self.api.request("PUT", f"{self._at}/labels", body=body))

    def add(self, samples: Iterable[str | Mapping[str, Any]]) -> int:
        """Add texts, or rows such as `{"text": ..., "answer": {"labels": [...]}}`, and say how many are new.

        Those that are there stay as they are. A known answer takes a token with the scope `review`.
        """
        created = 0
        for chunk in _chunks(samples):
            created += self.api.post(f"{self._at}/samples", {"samples": chunk})["created"]
        return created

    def samples(self, **narrowed: Any) -> Iterator[shapes.Sample]:
        """The samples, newest first: `state="golden"`, `split="test"`, `external_id=...`, `tag=...`."""
        return self.api.pages(f"{self._at}/samples", **narrowed)

    def train(self, **asked: Any) -> Run:
        """Start a run: `method="head"`, `base=...`, `profile=...`, `overrides={...}`, `again=True`.

        What is not said comes from the project's retrain policy.
        """
        return Run(self.api, self.key, self.api.post(f"{self._at}/runs", asked)["uid"])

    def run(self, uid: str) -> Run:
        """A run that was started before."""
        return Run(self.api, self.key, uid)

    def version(self, number: int) -> Version:
        """A version by its number."""
        return Version(self.api, self.key, number)

    def versions(self) -> Iterator[shapes.Version]:
        """The versions, newest first."""
        return self.api.pages(f"{self._at}/versions")

    def promote(self, version: Version | int, *, reason: str = "", may_evict: bool = False) -> shapes.Deployment:
        """Make a version live; see `Version.promote`."""
        found = self.version(version) if isinstance(version, int) else version
        return found.promote(reason=reason, may_evict=may_evict)

    def rollback(self, *, reason: str, to: int | None = None) -> shapes.Deployment:
        """Go back to the version before, or to the version with a number."""
        body = {"reason": reason} | ({} if to is None else {"version": to})
        return cast(shapes.Deployment, self.api.post(f"{self._at}/rollback", body))


def _uid(prediction: shapes.PredictionResponse | str) -> str:
    return prediction if isinstance(prediction, str) else prediction["uid"]


def _answer(answer: Answer) -> Any:
    """A list of names is short for the labels of a text."""
    return dict(answer) if isinstance(answer, Mapping) else {"labels": list(answer)}


def _chunks(samples: Iterable[str | Mapping[str, Any]]) -> Iterator[list[Any]]:
    """As many as one request takes."""
    chunk: list[Any] = []
    size = 0
    for sample in samples:
        row = {"text": sample} if isinstance(sample, str) else dict(sample)
        length = len(json.dumps(row))
        if chunk and (len(chunk) == _SAMPLES or size + length > _CHARACTERS):
            yield chunk
            chunk, size = [], 0
        chunk.append(row)
        size += length
    if chunk:
        yield chunk
