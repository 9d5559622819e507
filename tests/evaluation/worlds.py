"""A project with a test split, versions that stand on a server, and models whose answers a test decides."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.utils import timezone

from deployment.models import Deployment, InferenceServer, StagedVersion
from deployment.servers.drivers import TransportError
from deployment.serving.predict import Answer
from labeling.answers import parse
from labeling.models import GoldenSample, Project, Split
from tests.deployment.standins import make_server, make_version, serve_from
from tests.factories import TAGS, make_project, make_sample

Teller = Callable[[Any], str]


def truth_of(text: str) -> dict[str, Any]:
    """The right answer stands at the end of a text made by `text_of`."""
    return {"labels": [text.rsplit(" ", 1)[1]]}


def text_of(number: int) -> str:
    """Its letters differ from those of any other number: near-duplicates count as one case."""
    name = f"{number:03}".translate(str.maketrans("0123456789", "abcdefghij"))
    return f"Message number {number} of {name} about {TAGS[number % len(TAGS)]}"


def make_golden(project: Project, text: str, split: str = Split.TEST, answer: dict[str, Any] | None = None):
    sample = make_sample(project, text, split=split, state="golden")
    return GoldenSample.objects.create(
        project=project,
        sample=sample,
        spec=project.spec,
        answer=answer or truth_of(text),
        source="import",
        given="imported",
    )


def make_world(key: str = "shop", cases: int = 40, slots: int = 2) -> Project:
    """A project served from one server, with `cases` golden samples in its test split."""
    project = make_project(key)
    serve_from(project, make_server("http://127.0.0.1:1", name=f"server-{key}", slots=slots))
    for number in range(cases):
        make_golden(project, text_of(number))
    return project


def make_standing(project: Project, number: int, **fields: Any) -> StagedVersion:
    """A version that stands on the project's server, as staging leaves it."""
    version = make_version(project, number, **fields)
    server = InferenceServer.objects.get(policies__project=project)
    return StagedVersion.objects.create(
        version=version, artifact=version.artifacts.get(), server=server, tag=version.server_tag, state="staged"
    )


def make_live(staged: StagedVersion) -> Deployment:
    """The version is live, and whatever was is replaced."""
    project = staged.version.project
    rows = Deployment.objects.filter(project=project, state="live")
    rows.update(state="replaced", ended_at=timezone.now())
    return Deployment.objects.create(
        project=project, version=staged.version, action="promote", state="live", live_at=timezone.now()
    )


def right(text: str) -> str:
    return json.dumps(truth_of(text))


def wrong(text: str) -> str:
    return json.dumps({"labels": [TAGS[(TAGS.index(text.rsplit(" ", 1)[1]) + 1) % len(TAGS)]]})


def right_every(step: int, otherwise: Teller = wrong) -> Teller:
    """Right on every `step`th case."""
    return lambda text: right(text) if int(text.split()[2]) % step == 0 else otherwise(text)


class Models:
    """Stands in for all models behind `ask`: each version answers as its teller says; every question is counted."""

    def __init__(self) -> None:
        self.tellers: dict[int, Teller] = {}
        self.asked: Counter[tuple[int, bool, str]] = Counter()
        self.sure: Callable[[str], float | None] = lambda text: None
        self.down_after: int | None = None
        self.slow: dict[int, float] = {}
        self.lock = threading.Lock()

    def answer(self, number: int, teller: Teller) -> None:
        self.tellers[number] = teller

    def ask(self, staged: StagedVersion, spec: Any, text: Any, *, free: bool = False, logprobs: bool = False) -> Answer:
        number = staged.version.number
        with self.lock:
            if self.down_after is not None and self.asked.total() >= self.down_after:
                raise TransportError("the model server does not answer")
            self.asked[number, free, str(text)] += 1
        raw = self.tellers.get(number, right)(text)
        latency = self.slow.get(number, 5.0)
        return Answer(raw=raw, parsed=parse(raw, spec, text), confidence=self.sure(text), latency_ms=latency, tokens=3)

    def texts_of(self, number: int, free: bool = False) -> list[str]:
        return [text for one, was_free, text in self.asked.elements() if (one, was_free) == (number, free)]


def repeated(asked: Iterable[str]) -> list[str]:
    return [text for text, times in Counter(asked).items() if times > 1]


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Models:
    """In place of model servers; tries again without waiting."""
    from tenacity import wait_none

    from evaluation.services import asking

    found = Models()
    monkeypatch.setattr(asking, "ask", found.ask)
    monkeypatch.setattr(asking._ask.retry, "wait", wait_none())  # type: ignore[attr-defined]
    return found
