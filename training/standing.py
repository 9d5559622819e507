"""How the runs of a round stand to each other, as pages, API and reports tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from labeling.models import Project
from training.candidates import sentence
from training.higher import pace_of
from training.models import TrainingRound, TrainingRun
from training.queries import run_rows


@dataclass(frozen=True)
class Standing:
    """One run of a round. `figure` on the rows that all have answered; `behind`: by how much the best is better.

    That is a value with the ends of its interval. `answer_ms`: what an answer takes, None where nobody has measured it.
    """

    run: TrainingRun
    is_candidate: bool
    figure: float | None
    behind: list[float] | None
    answer_ms: float | None
    obstacle: str

    @property
    def can_be_judged(self) -> bool:
        """It was made, and nothing was made of it yet."""
        settled = self.run.round is not None and self.run.round.candidate_id is not None
        return settled and self.run.state == TrainingRun.State.SUCCEEDED and not hasattr(self.run, "version")


@dataclass(frozen=True)
class Told:
    """A round with its runs, and its verdict as a sentence; empty while there is none."""

    round: TrainingRound
    sentence: str
    runs: Sequence[Standing]

    @property
    def in_motion(self) -> bool:
        """Something changes by itself before long: a run works or waits, or all have ended and one is chosen next."""
        states = [row.run.state for row in self.runs]
        return self.round.state == "open" and (
            any(row.run.unfinished for row in self.runs) or TrainingRun.State.PAUSED not in states
        )


def round_rows(project: Project) -> QuerySet[TrainingRound]:
    """The project's rounds with their runs, newest first."""
    rows = TrainingRound.objects.filter(project=project).select_related("snapshot", "requested_by")
    return rows.prefetch_related(Prefetch("runs", queryset=run_rows(project).order_by("pk"))).order_by("-id")


def told(round: TrainingRound, *, now: bool = True) -> Told:
    """What is to be said of it; `now`: with the milliseconds that are known today, else with those of its verdict."""
    runs = list(round.runs.all())
    ms = pace_of(runs) if now else {}
    by_run = {str(run.uid): ms.get(run.pk, round.part_of(run).get("answer_ms")) for run in runs}
    known = {uid: value for uid, value in by_run.items() if value is not None}
    return Told(round, sentence(round.verdict, known), [_standing(round, run, by_run[str(run.uid)]) for run in runs])


def _standing(round: TrainingRound, run: TrainingRun, ms: float | None) -> Standing:
    said: dict[str, Any] = round.part_of(run)
    return Standing(
        run=run,
        is_candidate=round.candidate_id == run.pk,
        figure=said.get("figure"),
        behind=said.get("behind"),
        answer_ms=ms,
        obstacle=said.get("obstacle", ""),
    )


def round_of(run: TrainingRun) -> Told | None:
    """The round that the run is of; None where it stands alone."""
    if run.round_id is None:
        return None
    return told(round_rows(run.project).get(pk=run.round_id))
