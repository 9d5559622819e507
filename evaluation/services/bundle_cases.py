"""The cases of a bundle from the rows, with what versions that were live once answered to the same texts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from evaluation.models import BaselineResult, Benchmark, CaseResult, GateReport, SuiteCase
from evaluation.services.suites import groups_of
from labeling.answers import Status

_CHUNK = 200


def uids_once_live(report: GateReport) -> list[str]:
    """The benchmarks of versions that were live once, which the judgment held the version against, too."""
    return list(report.told.get("look", {}).get("once_live", []))


def once_live(report: GateReport) -> list[Benchmark]:
    """The same, those that are still there, in their order."""
    uids = uids_once_live(report)
    rows = Benchmark.objects.filter(uid__in=uids).select_related("version__project", "suite")
    return sorted(rows, key=lambda row: uids.index(str(row.uid)))


def lived(row: Benchmark) -> dict[str, Any]:
    """One of them."""
    version = row.version
    return {
        "part": "once_live",
        "tag": version.tag,
        "number": version.number,
        "benchmark": str(row.uid),
        "suite": row.suite.digest,
    }


class Beside(NamedTuple):
    """A neighbour as its report names it, with the row that keeps its answers."""

    name: str
    title: str
    uid: str
    source: BaselineResult | Benchmark

    @property
    def part(self) -> dict[str, str]:
        """Its line."""
        return {"part": "neighbour", "name": self.name, "title": self.title, "uid": self.uid}


def neighbours(report: GateReport) -> list[Beside]:
    """What the version stood beside, in the report's order; those that are gone are left out."""
    named = report.told.get("neighbours", [])
    uids = [each["uid"] for each in named]
    simple, base = BaselineResult.objects.filter(uid__in=uids), Benchmark.objects.filter(uid__in=uids)
    sources: dict[str, BaselineResult | Benchmark] = {str(row.uid): row for row in simple}
    sources |= {str(row.uid): row for row in base}
    return [Beside(**each, source=sources[each["uid"]]) for each in named if each["uid"] in sources]


def cases(
    candidate: Benchmark,
    reference: Benchmark | None,
    once_live: Sequence[Benchmark] = (),
    neighbours: Sequence[Beside] = (),
) -> Iterator[dict[str, Any]]:
    """Each case with what the versions were asked and answered, a few hundred in memory at a time."""
    rows = SuiteCase.objects.filter(suite=candidate.suite_id, position__lt=candidate.cases).order_by("position")
    # The gate draws cases in the order of their ids as texts, and ids do not leave the house.
    order, samples = (_places(rows.values_list(name, flat=True)) for name in ("pk", "sample"))
    groups = groups_of(candidate.suite)
    for start in range(0, candidate.cases, _CHUNK):
        chunk = list(rows.filter(position__gte=start, position__lt=start + _CHUNK))
        ours, theirs = _sides(candidate, chunk), _sides(reference, chunk) if reference else {}
        before = {row.version.tag: _briefs(row, chunk) for row in once_live}
        beside = {each.name: _answers(each.source, chunk) for each in neighbours}
        for case in chunk:
            yield {
                "part": "hard_case" if candidate.suite.is_hard else "case",
                **({"reasons": case.reasons} if candidate.suite.is_hard else {}),
                "position": case.position,
                "order": order[case.pk],
                "uid": str(case.uid),
                "group": groups[case.pk],
                "text": case.text,
                "input": case.input,
                "expected": case.expected,
                "candidate": ours[case.pk],
                "reference": theirs.get(case.pk),
                "sample": samples.get(case.sample_id),
                "is_grouped": case.group is not None,
                "once_live": {tag: said[case.sample_id] for tag, said in before.items() if case.sample_id in said},
                "neighbours": {name: said[case.pk] for name, said in beside.items()},
            }


def _places(ids: Iterable[int | None]) -> dict[int | None, int]:
    return {pk: place for place, pk in enumerate(sorted({pk for pk in ids if pk is not None}, key=str))}


def _briefs(benchmark: Benchmark, chunk: list[SuiteCase]) -> dict[int | None, dict[str, Any]]:
    """What a version answered to the same samples, where the right answer was the same."""
    expected = {case.sample_id: case.expected for case in chunk if case.sample_id is not None}
    rows = CaseResult.objects.filter(benchmark=benchmark, case__sample__in=list(expected))
    found = rows.values_list("case__sample", "case__expected", "answer", "status")
    return {
        sample: {"answer": answer, "status": status}
        for sample, right, answer, status in found
        if right == expected[sample]
    }


def _answers(source: BaselineResult | Benchmark, chunk: list[SuiteCase]) -> dict[int, dict[str, Any]]:
    """What a neighbour answered, by case. A simple method always gives an answer that can be read."""
    if isinstance(source, BaselineResult):
        answers = source.answers or []
        return {case.pk: {"answer": answers[case.position], "status": Status.STRICT} for case in chunk}
    rows = CaseResult.objects.filter(benchmark=source, case__in=chunk).values_list("case", "answer", "status")
    return {case: {"answer": answer, "status": status} for case, answer, status in rows}


def _sides(benchmark: Benchmark, chunk: list[SuiteCase]) -> dict[int, dict[str, Any]]:
    rows = CaseResult.objects.filter(benchmark=benchmark, case__in=chunk)
    return {
        row.case_id: {
            "prompt": row.messages,
            "raw": row.raw,
            "answer": row.answer,
            "status": row.status,
            "reason": row.reason,
            "exact": row.exact,
            "scores": row.scores,
            "latency_ms": row.latency_ms,
        }
        for row in rows
    }
