"""What only higher floors know: how fast versions answer, whether a server can serve a method's, what is live.

They register in their `apps.py`, as with the panels of labeling (`labeling.panels`).
"""

from collections.abc import Callable, Iterable

from labeling.models import Project
from training.methods import Method
from training.models import TrainingRun

Pace = Callable[[Iterable[TrainingRun]], dict[int, float]]
Obstacle = Callable[[Project, Method], str]
_paces: list[Pace] = []
_obstacles: list[Obstacle] = []
_live: list[Callable[[Project], bool]] = []


def register_pace(pace: Pace) -> None:
    """Ask `pace` for the milliseconds of an answer, by run, as far as it knows them; once, however often registered."""
    if pace not in _paces:
        _paces.append(pace)


def register_obstacle(obstacle: Obstacle) -> None:
    """Ask `obstacle` why no server of a project can serve what a method makes; empty where one can. Once, as above."""
    if obstacle not in _obstacles:
        _obstacles.append(obstacle)


def pace_of(runs: Iterable[TrainingRun]) -> dict[int, float]:
    """Milliseconds of an answer by the key of the run: its own version's, else one of the same method and base."""
    runs = list(runs)
    return {key: ms for pace in _paces for key, ms in pace(runs).items()}


def serving_obstacle(project: Project, method: Method) -> str:
    """Why nothing that the method makes can serve the project, in a sentence; empty where it can."""
    found = (obstacle(project, method) for obstacle in _obstacles)
    return next((each for each in found if each), "")


def register_live(is_live: Callable[[Project], bool]) -> None:
    """Ask `is_live` whether a version of the project is live. Once, as above."""
    if is_live not in _live:
        _live.append(is_live)


def has_live(project: Project) -> bool:
    """Whether a version of the project is live."""
    return any(is_live(project) for is_live in _live)
