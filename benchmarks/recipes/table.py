"""From cells to the table: means over draws with their deviation and interval, and what must be."""

import statistics
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from benchmarks.recipes.cells import Record
from benchmarks.report import Figure, Figures


class Must(NamedTuple):
    """The least mean; and a method on the same draws that it varies less than: that one has no chance but the rows'."""

    mean: float
    steadier_than: str | None = None


MUST = {
    ("support_tags", 50, "sft"): Must(0.43, "head"),
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
    return {key: _row(found, MUST.get(key), _rival(by_key, key), draws) for key, found in by_key.items()}


def _rival(by_key: dict[Key, list[Record]], key: Key) -> list[Record]:
    """The draws of the method that is to vary more; of others than it has itself nothing is said."""
    must, (name, count, _) = MUST.get(key), key
    found = by_key.get((name, count, must.steadier_than), []) if must and must.steadier_than else []
    return found if {record["draw"] for record in found} == {record["draw"] for record in by_key[key]} else []


def _row(found: list[Record], must: Must | None, rival: list[Record], draws: int) -> dict[str, Figure]:
    figures = [record["figure"] for record in found]
    mean = statistics.fmean(figures)
    if len(figures) > 1:
        sd: float | None = statistics.stdev(figures)
        low, high = _interval(mean, statistics.stdev(figures), len(figures))
    else:
        # Of what is answered once: the cases are drawn anew, not the rows.
        sd, (low, high) = (None if found[0]["draw"] else 0.0), found[0]["interval"]
    return {
        "mean": round(mean, 4),
        "sd": None if sd is None else round(sd, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "draws": len(figures),
        "cpu_s": round(statistics.fmean(record["cpu_s"] for record in found), 1),
        "answering s": round(statistics.fmean(record["answering_s"] for record in found), 1),
        "must be": _said(must),
        "holds": _held(must, mean, sd, rival) if must is not None and len(figures) >= draws else None,
    }


def _held(must: Must, mean: float, sd: float | None, rival: list[Record]) -> str | None:
    """Yes, no, or None where the one to vary less than is not measured."""
    if must.steadier_than is None or mean < must.mean:
        return "yes" if mean >= must.mean else "no"
    if len(rival) < 2 or sd is None:
        return None
    return "yes" if sd < statistics.stdev(record["figure"] for record in rival) else "no"


def _interval(mean: float, sd: float, count: int) -> tuple[float, float]:
    """Of the mean, 95 %, by Student's t over the draws."""
    from scipy.special import stdtrit

    half = float(stdtrit(count - 1, 0.975)) * sd / count**0.5
    return max(0.0, mean - half), min(1.0, mean + half)


def _said(must: Must | None) -> str | None:
    if must is None:
        return None
    return f"{must.mean:.2f}" + (f", sd below that of {must.steadier_than}" if must.steadier_than else "")


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
