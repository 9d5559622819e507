"""Which run of a round is its candidate: the best on the same rows, or the cheapest of those as good. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.paired import difference
from training.engine.figure import Parts, figure_from

CONFIDENCE = 0.95
# Of fewer shared rows draws with replacement are all alike: an interval would tell chance for certainty.
FEWEST = 20
# Measurements this close are of one speed: the same version differs as much from day to day.
ALIKE = 1.2


@dataclass(frozen=True)
class Contender:
    """A run that succeeded. `rows`: how it answered which validation rows; none where it kept no such thing.

    `cost`: what an answer of it costs as its method says, to be compared alone; `ms`: what it was measured to take.
    `obstacle`: why it could not serve, in a sentence.
    """

    key: str
    title: str
    cost: tuple[float, ...]
    ms: float | None
    rows: Mapping[int, Parts]
    obstacle: str = ""


def choose(contenders: Sequence[Contender], margin: float) -> dict[str, Any]:
    """The verdict, as JSON: the `candidate`, the `best` by figure, how many `rows` they share, and the `runs`.

    Of each of these its `figure`, and by how much the best is better (`behind`: value and interval; None where the best
    was not measured, and of fewer than `FEWEST` shared rows). A dearer run must be shown to be better by more than
    `margin` (the interval's lower end lies above it); else the cheapest is taken.
    """
    measured = [each for each in contenders if each.rows]
    shared = sorted(set.intersection(*(set(each.rows) for each in measured))) if measured else []
    figures = {each.key: _figure(each, shared) for each in measured} if shared else {}
    able = [each for each in contenders if not each.obstacle] or list(contenders)
    pool = [each for each in able if each.key in figures] or able
    top = max(figures.get(each.key, 0.0) for each in pool)
    best = cheapest([each for each in pool if figures.get(each.key, 0.0) == top])
    comparable = best.key in figures and len(shared) >= FEWEST
    behind = {each.key: _behind(best, each, shared) for each in measured if comparable and each is not best}
    good_enough = [each for each in pool if each is best or each.key not in behind or behind[each.key][1] <= margin]
    return {
        "candidate": cheapest(good_enough).key,
        "best": best.key if best.key in figures else None,
        "rows": len(shared),
        "margin": margin,
        "confidence": CONFIDENCE,
        "runs": {
            each.key: {
                "title": each.title,
                "figure": figures.get(each.key),
                "behind": behind.get(each.key),
                "answer_ms": each.ms,
                "obstacle": each.obstacle,
            }
            for each in contenders
        },
    }


def cheapest(contenders: Sequence[Contender]) -> Contender:
    """By what was measured where that is known of all, else, and among those as fast, by what their methods say."""
    measured = [each.ms for each in contenders if each.ms is not None]
    if len(measured) == len(contenders):
        contenders = [each for each in contenders if (each.ms or 0.0) <= ALIKE * min(measured)]
    return min(contenders, key=lambda each: each.cost)


def _figure(contender: Contender, shared: Sequence[int]) -> float:
    sums = [sum(column) for column in zip(*(contender.rows[row] for row in shared), strict=True)]
    return float(figure_from(sums, len(shared)))


def _behind(best: Contender, other: Contender, shared: Sequence[int]) -> list[float]:
    ours, theirs = ([each.rows[row] for row in shared] for each in (best, other))
    found = difference(ours, theirs, figure_from, confidence=CONFIDENCE)
    return [found.value, found.low, found.high]


def sentence(verdict: Mapping[str, Any], ms: Mapping[str, float]) -> str:
    """The verdict in words; empty without one. `ms`: milliseconds of an answer, by run, as far as they are known."""
    if not verdict:
        return ""
    runs, candidate = verdict["runs"], verdict["candidate"]
    if len(runs) == 1:
        return f"{_title(runs, candidate, first=True)} alone succeeded: it is the candidate."
    said = [_compared(verdict, key, ms) for key, run in runs.items() if run["behind"] is not None]
    within = f"the cheapest version within the margin of {_points(verdict['margin'])} is {_title(runs, candidate)}."
    words = "; ".join([*said, within]) if said else f"{_uncompared(verdict)}."
    hindered = [_hindered(runs, key, candidate) for key, run in runs.items() if run["obstacle"]]
    return " ".join([words, *hindered])


def _compared(verdict: Mapping[str, Any], other: str, ms: Mapping[str, float]) -> str:
    runs, best = verdict["runs"], verdict["best"]
    value, low, high = runs[other]["behind"]
    better = f"{_points(abs(value))} {'better' if value > 0 else 'worse'} than" if round(value, 3) else "as good as"
    interval = f"{verdict['confidence']:.0%} interval {100 * low:.1f} to {100 * high:.1f}".replace("%", " %")
    said = f"{_title(runs, best, first=True)} is {better} {_title(runs, other)}"
    said += f" ({interval}, {verdict['rows']} validation row{'s' * (verdict['rows'] != 1)})"
    if best in ms and other in ms:
        said += f" and answers in {_ms(ms[best])} ms instead of {_ms(ms[other])}"
    return said


def _uncompared(verdict: Mapping[str, Any]) -> str:
    """Why nothing says which one is better, and what was taken."""
    runs, rows, candidate = verdict["runs"], verdict["rows"], verdict["candidate"]
    judged = [key for key, run in runs.items() if run["figure"] is not None]
    if judged == [candidate]:
        return f"{_title(runs, candidate, first=True)} alone has answered validation rows: it is the candidate"
    if not judged:
        said = "No validation row was answered by all of them, so nothing says which one is better"
    elif candidate in judged:
        said = f"{rows} validation row{'s' * (rows != 1)} cannot show which one is better (that takes {FEWEST})"
    else:
        said = "None that can serve has answered validation rows, so nothing says which one is better"
    of = " of those that can serve" * any(run["obstacle"] for run in runs.values())
    return f"{said}; {_title(runs, candidate)} is the cheapest{of}"


def _hindered(runs: Mapping[str, Any], key: str, candidate: str) -> str:
    what = "cannot serve as things are" if key == candidate else "is no candidate"
    return f"{_title(runs, key, first=True)} {what}: {runs[key]['obstacle']}"


def _title(runs: Mapping[str, Any], key: str, *, first: bool = False) -> str:
    title = str(runs[key]["title"])
    return f"{'The' if first else 'the'} {title[:1].lower()}{title[1:]}"


def _points(share: float) -> str:
    value = f"{100 * share:.1f}".removesuffix(".0")
    return f"{value} point{'s' * (value != '1')}"


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
