"""From cells to the table: means over draws with their deviation and interval, and what must be."""

import statistics
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from benchmarks.recipes.cells import Record
from benchmarks.report import Figure, Figures


class Must(NamedTuple):
    """The least mean, and the standard deviation that all draws stay below."""

    mean: float
    sd: float | None = None


MUST = {
    ("support_tags", 50, "sft"): Must(0.43, 0.02),
    ("banking77", 600, "sft"): Must(0.60),
    ("banking77", 600, "lm_head"): Must(0.75),
    ("support_tags", 200, "encoder"): Must(0.68),
    ("banking77", 600, "encoder"): Must(0.83),
}
# What stands at the top of the record.
TOP = ("mean", "sd", "cpu_s")

Key = tuple[str, int, str]


def rows_of(records: Iterable[Record], draws: int) -> dict[Key, dict[str, Figure]]:
    """One row a data set, number of samples and method. `draws`: how many make it whole."""
    by_key = defaultdict[Key, list[Record]](list)
    for record in records:
        by_key[record["set"], record["rows"], record["method"]].append(record)
    return {key: _row(found, MUST.get(key), draws) for key, found in by_key.items()}


def _row(found: list[Record], must: Must | None, draws: int) -> dict[str, Figure]:
    figures = [record["figure"] for record in found]
    mean = statistics.fmean(figures)
    if len(figures) > 1:
        sd: float | None = statistics.stdev(figures)
        low, high = _interval(mean, statistics.stdev(figures), len(figures))
    else:
        # Of what is answered once: the cases are drawn anew, not the rows.
        sd, (low, high) = (None if found[0]["draw"] else 0.0), found[0]["interval"]
    is_whole = len(figures) >= draws
    return {
        "mean": round(mean, 4),
        "sd": None if sd is None else round(sd, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "draws": len(figures),
        "cpu_s": round(statistics.fmean(record["cpu_s"] for record in found), 1),
        "answering s": round(statistics.fmean(record["answering_s"] for record in found), 1),
        "must be": _said(must),
        "holds": None if must is None or not is_whole else "yes" if _holds(must, mean, sd) else "no",
    }


def _interval(mean: float, sd: float, count: int) -> tuple[float, float]:
    """Of the mean, 95 %, by Student's t over the draws."""
    from scipy.special import stdtrit

    half = float(stdtrit(count - 1, 0.975)) * sd / count**0.5
    return max(0.0, mean - half), min(1.0, mean + half)


def _holds(must: Must, mean: float, sd: float | None) -> bool:
    return mean >= must.mean and (must.sd is None or (sd is not None and sd < must.sd))


def _said(must: Must | None) -> str | None:
    if must is None:
        return None
    return f"{must.mean:.2f}" + (f", sd below {must.sd:.2f}" if must.sd is not None else "")


def shown(rows: dict[Key, dict[str, Figure]]) -> Figures:
    """For the terminal, by a title a row."""
    return {f"{name} {count}: {method}": row for (name, count, method), row in rows.items()}


def top(rows: dict[Key, dict[str, Figure]]) -> dict[str, Any]:
    """`{set: {rows: {method: {"mean", "sd", "cpu_s"}}}}`."""
    found: dict[str, Any] = {}
    for (name, count, method), row in rows.items():
        found.setdefault(name, {}).setdefault(str(count), {})[method] = {figure: row[figure] for figure in TOP}
    return found


def wrong(rows: dict[Key, dict[str, Figure]]) -> int:
    """How many figures that must be are missed, of those whose draws are all there."""
    return sum(row["holds"] == "no" for row in rows.values())
