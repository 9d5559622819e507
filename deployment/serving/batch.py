"""Many predictions at once: asked side by side, written down together."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from django.db import connection

from common import patience
from common.actor import Actor
from common.problems import ProblemError, UnavailableError
from deployment.models import StagedVersion
from deployment.serving.predict import FOR_OTHERS, answered, ask_live, note_failed
from deployment.serving.routing import live_servers
from labeling.access import Right, require
from labeling.kinds import Input
from labeling.models import Prediction, Project, Sample
from labeling.services import Answered, record_predictions
from labeling.services.samples import checked_input

# Texts that each slot answers before they are written down together.
ROUNDS = 5


def predict_many(
    actor: Actor,
    project: Project,
    asked: Sequence[Input],
    *,
    source: str = Prediction.Source.API,
    samples: Sequence[Sample] | None = None,
) -> list[Prediction | ProblemError]:
    """Predictions in the order of `asked`, as many at once as the server has slots; a failed one is its error.

    `samples` are the rows that they belong to, where they are known. Raises as `predict` for the right, and where
    nothing is live.
    """
    require(actor, project, Right.PREDICT)
    owners: Sequence[Sample | None] = samples if samples is not None else [None] * len(asked)
    work, slots = list(zip(asked, owners, strict=True)), live_servers(project)[0].server.slots
    # Somebody waits for the first proposals.
    size = slots if source == Prediction.Source.QUEUE else slots * ROUNDS
    found: list[Prediction | ProblemError] = []
    try:
        # All wait in one place of the crowd, each as long as a prediction may.
        with patience.leaving(FOR_OTHERS), patience.one_place():
            for start in range(0, len(work), size):
                outcomes = _asked(project, work[start : start + size], slots)
                found += _recorded(actor, project, outcomes, source)
    except patience.CrowdedError as error:
        raise UnavailableError(f"{error}. Try again in a moment.", retry_after=1) from error
    return found


def _recorded(
    actor: Actor, project: Project, outcomes: Sequence[Answered | ProblemError], source: str
) -> list[Prediction | ProblemError]:
    for outcome in outcomes:
        if isinstance(outcome, UnavailableError):
            note_failed(project, outcome, source)
    given = [outcome for outcome in outcomes if isinstance(outcome, Answered)]
    rows = iter(record_predictions(actor, project, given, source=source))
    return [outcome if isinstance(outcome, ProblemError) else next(rows) for outcome in outcomes]


def _asked(project: Project, work: Sequence[tuple[Input, Sample | None]], slots: int) -> list[Answered | ProblemError]:
    """Of each text its answer, or why there is none, by `slots` threads that take one after the other."""
    found: dict[int, Answered | ProblemError] = {}
    places = deque(range(len(work)))
    known: Sequence[StagedVersion] = ()
    with suppress(ProblemError):  # each text's own, then
        known = live_servers(project)

    # A thread opens a connection to the database of its own, which is most of what a text would cost: it keeps it.
    def take() -> None:
        try:
            while places:
                place = _next(places)
                if place is not None:
                    found[place] = _one(project, *work[place], known)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=slots) as pool:
        threads = [pool.submit(take) for _ in range(min(slots, len(work)))]
    for thread in threads:
        thread.result()
    return [found[place] for place in range(len(work))]


def _next(places: "deque[int]") -> int | None:
    try:
        return places.popleft()
    except IndexError:  # another thread took the last one
        return None


def _one(
    project: Project, asked: Input, sample: Sample | None, known: Sequence[StagedVersion]
) -> Answered | ProblemError:
    try:
        checked = asked if sample is not None else checked_input(project, asked)
        staged, answer = ask_live(project, checked, known)
    except ProblemError as error:
        return error
    return answered(staged.version, answer, asked=checked, sample=sample)
