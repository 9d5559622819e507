"""A project's life through the services: texts come in with answers, a head is fitted, the gate judges and promotes.

All is done by the workers, runs are set off by the rows that come in; this process brings them in and
looks. Texts of the authors' test file, which the project never sees, tell what each version is truly worth.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks.recipes.sets import SETS, Loaded, Row, evenly
from benchmarks.report import Figure, Result
from benchmarks.rounds.entry import EQUAL
from common import jsonl
from common.actor import system
from deployment.live import live_version
from deployment.models import ServingPolicy, StagedVersion
from deployment.promotion.plan import plan_promotion
from deployment.promotion.promote import promote
from deployment.servers.registration import built_in_server
from deployment.serving.predict import ask
from evaluation.models import GatePolicy, GateReport
from evaluation.scorers import Scored, scorer_of
from labeling import services
from labeling.models import GoldenSample, Project, Sample, SampleState, Split
from training.models import ModelVersion, TrainingRun

BENCHMARK = system("benchmark")
STEP_SECONDS = 900
_ANSWER = {"single_label": "label", "multi_label": "labels"}
_Found = TypeVar("_Found")


@dataclass
class Life:
    """One project, the texts that are still to come in, and those that it never sees."""

    project: Project
    rows: list[Row]
    loaded: Loaded
    last_run: int = 0

    def come_in(self, count: int) -> None:
        """The next texts, each with its answer, as an import; splits are the project's own."""
        coming, self.rows = self.rows[:count], self.rows[count:]
        name = _ANSWER[self.project.kind]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.jsonl"
            jsonl.write(path, ({"text": text, "answer": answer[name]} for text, answer in coming))
            options = {"format": "jsonl", "text": "text", "answer": "answer", "answers": "all"}
            services.import_file(BENCHMARK, self.project, path, options)

    def forget(self) -> None:
        """Take out of use what candidates have learnt from: the next one learns from other rows."""
        for sample in Sample.objects.filter(project=self.project, state=SampleState.GOLDEN).exclude(split=Split.TEST):
            services.withdraw_sample(BENCHMARK, sample, "Each candidate learns from rows of its own.")

    def fit(self) -> tuple[ModelVersion, StagedVersion]:
        """The head that the new rows have set off by themselves, built and staged."""
        newer = TrainingRun.objects.filter(project=self.project, pk__gt=self.last_run).order_by("pk")
        run = wait("the rows to start a run", newer.first)
        self.last_run = run.pk
        version = wait(f"the run {run.uid}", lambda: self._made_by(run))
        staged = StagedVersion.objects.filter(version=version, state=StagedVersion.State.STAGED)
        return version, wait(f"{version} to be staged", staged.first)

    def _made_by(self, run: TrainingRun) -> ModelVersion | None:
        run.refresh_from_db()
        if not run.unfinished and run.state != TrainingRun.State.SUCCEEDED:
            raise RuntimeError(f"The run {run.uid} {run.state}: {run.error}")
        return ModelVersion.objects.filter(run=run).first()

    def worth(self, staged: StagedVersion) -> float:
        """The main figure on texts that the project never sees, as the server answers them."""
        spec = staged.version.spec.to_spec()
        scored = []
        for text, expected in self.loaded.cases:
            answer = ask(staged, spec, text)
            scored.append(Scored(expected, answer.parsed.answer, answer.parsed.status))
        return float(scorer_of(spec).main_value(scored))


def measure(options: argparse.Namespace) -> Result:
    """A row for each round."""
    life = begin(options)
    figures: dict[str, dict[str, Figure]] = {}
    worth_of: dict[int, float] = {}
    for number in range(options.rounds + 1):
        if number and options.candidates == EQUAL:
            life.forget()
        life.come_in(options.rows)
        version, staged = life.fit()
        before = live_version(life.project)
        report = wait(f"the verdict on {version}", staged.gate_reports.first)
        if before is None:
            promote(BENCHMARK, plan_promotion(version), reason="The first version")
        elif report.clears:
            wait(f"{version} to go live", lambda: live_version(life.project) == version or None)  # noqa: B023
        worth_of[version.number] = life.worth(staged)
        row = told(life.project, version, before, report, worth_of)
        figures[f"round {number}"] = row
        print(f"round {number}: {report.sentence} {report.told.get('advice', {}).get('sentence', '')}", flush=True)
    return Result(figures, name=f"rounds-{options.set}-{options.candidates}")


def begin(options: argparse.Namespace) -> Life:
    """The project, served by the launcher's server, with the gate promoting by itself."""
    data = SETS[options.set]
    loaded = data.load(options.folder)
    chance = random.Random(f"{options.set}:{options.seed}")
    rows = chance.sample(loaded.pool, len(loaded.pool))
    if data.evenly:
        rows = evenly(rows, chance)
    if len(rows) < (needed := (options.rounds + 1) * options.rows):
        raise ValueError(f"{options.set} has {len(rows)} rows, and {needed} are to come in; choose fewer --rows.")
    labels = [(label.name, label.description) for label in loaded.spec.labels]
    project = services.create_project(
        BENCHMARK, key=f"{data.key}-{options.candidates}", name=data.key, kind=loaded.spec.kind,
        instruction=loaded.spec.instruction, labels=labels, train_share=60, validation_share=15, test_share=25,
    )  # fmt: skip
    server = built_in_server(BENCHMARK)
    assert server is not None, "the launcher starts one"
    values = {"auto_promote": True, "proof_prompts": 24, "answer_prompts": 3}
    services.set_row(BENCHMARK, ServingPolicy, values, project=project).servers.set([server])
    services.set_row(BENCHMARK, GatePolicy, {"minimum": 0.05, "free_cases": 0}, project=project)
    return Life(project, rows, loaded)


def told(
    project: Project, version: ModelVersion, before: ModelVersion | None, report: GateReport, worth_of: dict[int, float]
) -> dict[str, Figure]:
    """What the round came to: rows and cases, the gate's figures, its budget, and what is true on unseen texts."""
    golden = GoldenSample.objects.trainable().filter(project=project).count()
    said, look = report.told, report.look
    difference, test = said.get("difference") or {}, said.get("test") or {}
    truth = worth_of[version.number] - worth_of[before.number] if before else None
    return {
        "rows to learn from": golden,
        "cases": report.candidate.cases if report.candidate else None,
        "figure": report.candidate.metrics["main"] if report.candidate else None,
        "over": str(before) if before else None,
        "measured gain": difference.get("value"),
        "p": test.get("p"),
        "level": look.level if look else None,
        "verdict": report.verdict,
        "promoted by the gate": int(report.clears),
        "unseen texts": worth_of[version.number],
        "gain on unseen texts": truth,
    }


def wait(what: str, look: Callable[[], _Found | None]) -> _Found:
    """What `look` finds, once it does; `TimeoutError` after a while."""
    until = time.monotonic() + STEP_SECONDS
    while (found := look()) is None:
        if time.monotonic() > until:
            raise TimeoutError(f"waited {STEP_SECONDS} s for {what}")
        time.sleep(0.5)  # between two looks at what workers do
    return found
