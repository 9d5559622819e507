"""Equal versions on suites that people tried to bend: thumbs down on texts that the live version answers wrongly.

The texts, predictions, thumbs, reviews and suites are the product's own, through its services and its database.
"""

import random
from collections.abc import Iterator

import numpy as np

from benchmarks.gate.lives import RIGHT, WRONG
from benchmarks.gate.rows import Row, passes
from common.actor import system
from evaluation.services.suites import freeze_suite
from labeling import services
from labeling.access import acting
from labeling.answers import parse
from labeling.models import Membership, Prediction, Project, Role, Sample, User

_BENCHMARK = system("benchmark")
WAITING, REVIEWED, POINTED = 400, 100, 10
_ACCURACY = 0.6
_ANSWER, _SAID = {"label": "a"}, '{"label": "b"}'


def pointed(chance: random.Random, number: int) -> tuple[Project, dict[str, bool], list[str]]:
    """A project whose test texts wait, whether the live version has each right, and those that got a thumb down."""
    project = services.create_project(
        _BENCHMARK, key=f"thumbs-{number}-{Project.objects.count()}", name="Thumbs", kind="single_label",
        instruction="Choose.", labels=["a", "b"], train_share=0, validation_share=0, test_share=100,
    )  # fmt: skip
    texts = [f"A message about {_word(place)} and nothing else" for place in range(WAITING)]
    services.create_samples(_BENCHMARK, project, list(map(services.NewText, texts)), may_approve=False)
    live = {text: chance.random() < _ACCURACY for text in texts}
    disliked = chance.sample([text for text in texts if not live[text]], POINTED)
    spec = project.spec
    for text in disliked:
        prediction = services.record_prediction(
            _BENCHMARK,
            project,
            spec=spec,
            model_tag="live:v1",
            raw=_SAID,
            parsed=parse(_SAID, spec.to_spec(), text),
            source=Prediction.Source.API,
            sample=Sample.objects.get(project=project, text=text),
        )
        services.give_feedback(acting(_expert(project)), prediction, thumb=-1)
    return project, live, disliked


def reviewed(project: Project) -> list[str]:
    """The texts of the suite once an expert has answered what the queue hands out."""
    expert = _expert(project)
    for _ in range(REVIEWED):
        sample = services.next_sample(acting(expert), project)
        assert sample is not None, "the queue is empty"
        services.decide(acting(expert), sample, _ANSWER)
    suite = freeze_suite(project)
    assert suite is not None, "no test text was reviewed"
    return list(suite.cases.order_by("position").values_list("text", flat=True))


def _expert(project: Project) -> User:
    person, _ = User.objects.get_or_create(username="expert")
    Membership.objects.get_or_create(project=project, user=person, defaults={"role": Role.EXPERT})
    return person


def bent(cases: list[str], disliked: list[str]) -> list[str]:
    """The suite as it would be had thumbs chosen a tenth of what was reviewed."""
    drawn = [text for text in cases if text not in disliked]
    return [*disliked, *drawn[: REVIEWED - len(disliked)]]


def played(seed: int, projects: int, draws: int) -> tuple[Row, Row]:
    """How often a version that is as good as the live one passes: on the product's suites, and on bent ones."""
    rng, chance = np.random.default_rng(seed), random.Random(seed)
    shares: tuple[list[float], list[float]] = ([], [])
    for number in range(projects):
        project, live, disliked = pointed(chance, number)
        cases = reviewed(project)
        for found, texts in zip(shares, (cases, bent(cases, disliked)), strict=True):
            found.append(_passed(rng, [live[text] for text in texts], draws))
    return _row(shares[0], 0.05), _row(shares[1], None)


def rows(seed: int, projects: int, draws: int) -> Iterator[tuple[str, Row]]:
    """Both by name."""
    straight, chosen = played(seed, projects, draws)
    yield "equal versions, a tenth of the test texts has thumbs down: passed", straight
    yield "the same, had thumbs chosen a tenth of the cases: passed", chosen


def _passed(rng: np.random.Generator, live: list[bool], draws: int) -> float:
    """The share of new versions, each right as often as the live one is in truth, that pass against it."""
    theirs, hits = [RIGHT if each else WRONG for each in live], 0
    for _ in range(draws):
        ours = [RIGHT if each else WRONG for each in rng.random(len(live)) < _ACCURACY]
        hits += passes(ours, theirs)
    return hits / draws


def _row(shares: list[float], bound: float | None) -> Row:
    """The mean over projects, and its error by how they differ: the draws of one project share its live version."""
    mean, spread = float(np.mean(shares)), float(np.std(shares, ddof=1))
    return Row(mean, 1.96 * spread / len(shares) ** 0.5, bound)


def _word(number: int) -> str:
    """Letters alone, since digits do not tell near-duplicates apart."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))
