"""One reviewer's life on one pool: texts by the product's own queue, answers from the data, drafts and rankings by the
services that workers call.
"""

import random
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from benchmarks.ordering.vectors import Vectors
from benchmarks.recipes.sets import Loaded, Row
from common.actor import system
from evaluation.scorers import Scored, scorer_of
from labeling import services
from labeling.access import acting
from labeling.answers import parse
from labeling.models import GoldenSample, Membership, Project, Role, Stream, User
from labeling.services.order.choosing import set_order
from labeling.services.vectors.making import make_vectors
from labeling.splits import content_hash
from labeling.streams import Shares
from labeling.ways import WayIn
from training.heads.answering import Answering
from training.heads.quick import unpacked
from training.models import Draft, RetrainPolicy, WorkerHeartbeat
from training.services.drafts import fit_draft
from training.services.ranking import rank_texts

BENCHMARK = system("benchmark")
POOL = 5_000
# Four fifths teach, a fifth comes by chance; the test texts of this benchmark stand outside the project.
SHARES = {"active": Shares(80, 20, 0), "random": Shares(0, 100, 0)}
_KEYS = {"single_label": "label", "multi_label": "labels"}


@dataclass
class Life:
    """A project with a pool of texts that wait, whose answers are known to the reviewer alone."""

    project: Project
    reviewer: User
    loaded: Loaded
    truth: dict[str, Any]
    cases: Any
    labels: int = 0

    def review(self, count: int) -> None:
        """Answer the next texts of the queue."""
        actor = acting(self.reviewer)
        for _ in range(count):
            sample = services.next_sample(actor, self.project)
            if sample is None:
                raise RuntimeError(f"The queue of {self.project.key} is empty after {self.labels} labels.")
            services.decide(actor, sample, self.truth[content_hash(sample.text)])
            self.labels += 1

    def learn(self) -> Draft:
        """Fit the draft on all answers so far."""
        _alive()
        draft = fit_draft(self.project)
        if draft is None or draft.golden != self.labels:
            raise RuntimeError(f"The draft of {self.project.key} did not learn from {self.labels} labels.")
        return draft

    def rank(self) -> None:
        """Rank what waits, as a worker does after each draft."""
        _alive()
        if not rank_texts(self.project):
            raise RuntimeError(f"The texts of {self.project.key} were not ranked after {self.labels} labels.")

    def worth(self, draft: Draft) -> float:
        """The draft's main figure on the test texts, which the project never sees."""
        spec = self.loaded.spec
        answering = Answering.model_validate(draft.answering)
        chances = unpacked(bytes(draft.weights), exclusive=not answering.several).chances(self.cases).tolist()
        scored = []
        for (_, expected), row in zip(self.loaded.cases, chances, strict=True):
            parsed = parse(answering.text(answering.given(row)), spec, None)
            scored.append(Scored(expected, parsed.answer, parsed.status))
        return float(scorer_of(spec).main_value(scored))

    def streams(self) -> dict[str, int]:
        """How many answered texts each stream gave."""
        golden = GoldenSample.objects.current().filter(project=self.project)
        given = list(golden.values_list("sample__stream", flat=True))
        return {stream: given.count(stream) for stream in (Stream.TEACH, Stream.RANDOM)}

    def end(self) -> None:
        """Make room for the next life."""
        services.update_project(BENCHMARK, self.project, archived_at=timezone.now())


def pool_of(name: str, loaded: Loaded, seed: int) -> list[Row]:
    """The texts of one draw: by a rule, so that every machine has the same."""
    return random.Random(f"ordering:{name}:{seed}").sample(loaded.pool, POOL)


def begin(name: str, loaded: Loaded, seed: int, arm: str, step: int, vectors: Vectors) -> Life:
    """A project with the pool of a seed, its vectors, a reviewer, and the shares of an arm."""
    kind = loaded.spec.kind
    labels = [(label.name, label.description) for label in loaded.spec.labels]
    project = services.create_project(
        BENCHMARK, key=f"{name}-{arm}-{seed}", name=f"{name} {arm} {seed}", kind=kind,
        instruction=loaded.spec.instruction, labels=labels, train_share=100, validation_share=0, test_share=0,
    )  # fmt: skip
    policy = {"method": "head", "enabled": False, "draft_every": step, "draft_proposes": False}
    services.set_row(BENCHMARK, RetrainPolicy, policy, project=project)
    set_order(BENCHMARK, project, SHARES[arm])
    reviewer, _ = User.objects.get_or_create(username="reviewer")
    Membership.objects.create(project=project, user=reviewer, role=Role.EXPERT)
    pool = pool_of(name, loaded, seed)
    services.add_samples(project, [services.NewText(text) for text, _ in pool], way_in=WayIn.IMPORT)
    vectors.give(project)
    if arm == "active":
        make_vectors(project.pk)
    truth = {content_hash(text): answer[_KEYS[kind]] for text, answer in pool}
    return Life(project, reviewer, loaded, truth, vectors.of([text for text, _ in loaded.cases]))


def _alive() -> None:
    """This process does what the worker does, and so gives its sign of life."""
    values = {"seen_at": timezone.now()}
    WorkerHeartbeat.objects.update_or_create(worker="benchmark", queue="heads", defaults=values)
