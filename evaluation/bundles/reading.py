"""A file to a bundle: within bounds, each line as it is written and no other, the digests of the end held against it.

Cases are worked on as they go by (`evaluation.bundles.cases`): of the texts nothing stays in memory.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from common import jsonbounds, jsonl
from common.options import Options, OptionsError, checked
from evaluation.bundles import case_shapes, shapes
from evaluation.bundles.cases import Cases
from evaluation.bundles.writing import Digests, line_of
from evaluation.policy import Policy
from labeling.kinds import Spec

MAX_CASES = 1_000_000
# The gate draws 10,000; more than this takes longer than anybody waits.
MAX_DRAWS = 100_000
_MOST_PARTS = 100_000


class BundleError(ValueError):
    """The file is no whole bundle; the message says why in a sentence."""


class _Line(NamedTuple):
    number: int
    part: str
    value: Options
    raw: bytes


@dataclass
class Bundle:
    """A bundle as it was read. `report`, suites and cases are None where the promotion had none."""

    head: shapes.Head
    promotion: shapes.Promotion | None = None
    policy: Policy | None = None
    suite: shapes.SuitePart | None = None
    hard_suite: shapes.HardSuite | None = None
    report: shapes.ReportPart | None = None
    cases: Cases | None = None
    hard: Cases | None = None
    specs: dict[str, Spec] = field(default_factory=dict)
    versions: dict[str, shapes.Version] = field(default_factory=dict)
    looks: list[shapes.LookPart] = field(default_factory=list)
    once_live: list[shapes.OnceLive] = field(default_factory=list)
    neighbours: list[shapes.NeighbourPart] = field(default_factory=list)
    lines: int = 0
    digest: str = ""

    def take(self, value: Options) -> None:
        """Keep a part. Raises `BundleError` where it does not belong to those before it."""
        match value:
            case shapes.Promotion():
                self.promotion = value
            case shapes.Asked():
                self._once(self.specs, value.of, _spec(value))
            case shapes.Version():
                self._once(self.versions, value.role, value)
            case shapes.SuitePart():
                self.suite = value
            case shapes.HardSuite():
                self.hard_suite = value
            case shapes.PolicyPart():
                self.policy = _policy(value)
            case shapes.LookPart():
                self.looks.append(value)
            case shapes.ReportPart():
                self.report = value
            case shapes.OnceLive():
                self.once_live.append(value)
            case shapes.NeighbourPart():
                self.neighbours.append(value)
            case case_shapes.CasePart():
                self.cases = self._case(self.cases, "suite", value)
            case case_shapes.HardCase():
                self.hard = self._case(self.hard, "hard_suite", value)

    def _case(self, cases: Cases | None, suite: str, case: case_shapes.Case) -> Cases:
        if cases is None:
            if getattr(self, suite) is None or self.report is None or not {suite, "candidate"} <= self.specs.keys():
                raise BundleError("A case stands there without its suite, its task or its report.")
            if len({spec.kind for spec in self.specs.values()}) > 1:
                raise BundleError("The tasks of suite and versions are of several kinds.")
            asked = {role: spec for role, spec in self.specs.items() if role in ("candidate", "reference")}
            cases = Cases(self.specs[suite], asked)
        if len(cases.kept) >= MAX_CASES:
            raise BundleError(f"There are more than {MAX_CASES:,} cases, which is more than is read.")
        if case.reference is not None and "reference" not in self.specs:
            raise BundleError("A case has an answer of a reference that the file does not name.")
        cases.take(case)
        return cases

    @staticmethod
    def _once(kept: dict[str, Any], name: str, value: Any) -> None:
        if name in kept:
            raise BundleError(f"The {name} is there twice.")
        kept[name] = value


def read(path: Path) -> Bundle:
    """The bundle in a file. Raises `BundleError` where it is none, damaged or cut off, `OSError` where it is not there.

    A file that is whole may still have been made up: `evaluation.bundles.verifying` looks at what it says.
    """
    digests, whole, bundle, place, seen, line = Digests(), hashlib.sha256(), None, 0, set[str](), None
    for line in _lines(path):
        if bundle is None:
            bundle = _begin(path, line)
        elif line.part == "bundle" or (line.part in seen and line.part not in shapes.MANY):
            raise BundleError(f"{path}, line {line.number}: the part “{line.part}” is there twice.")
        if shapes.ORDER.index(line.part) < place:
            raise BundleError(f"{path}, line {line.number}: the part “{line.part}” stands too late in the file.")
        place = shapes.ORDER.index(line.part)
        whole.update(line.raw)
        seen.add(line.part)
        if line.part != "end":
            _keep(bundle, path, line)
            digests.take(line.part, line.raw)
    if bundle is None or line is None:
        raise BundleError(f"{path} is empty.")
    if line.part != "end":
        raise BundleError(f"{path} ends after line {line.number}, before its own last line: it was cut off.")
    _check_end(path, line.value, digests)
    if missing := sorted(shapes.NEEDED - seen):
        raise BundleError(f"{path} lacks the part “{missing[0]}”.")
    bundle.lines, bundle.digest = digests.lines + 1, whole.hexdigest()
    return bundle


def _begin(path: Path, line: _Line) -> Bundle:
    if not isinstance(line.value, shapes.Head):
        raise BundleError(f"{path} does not begin as a bundle of evidence does.")
    if line.value.format != shapes.FORMAT:
        raise BundleError(f"{path} is of format {line.value.format}; this release reads format {shapes.FORMAT}.")
    return Bundle(line.value)


def _keep(bundle: Bundle, path: Path, line: _Line) -> None:
    if line.number > MAX_CASES + _MOST_PARTS:
        raise BundleError(f"{path} has more lines than are read.")
    try:
        bundle.take(line.value)
    except BundleError as error:
        raise BundleError(f"{path}, line {line.number}: {error}") from error


def _lines(path: Path) -> Iterator[_Line]:
    try:
        with path.open(encoding="utf-8", newline="\n") as text:
            lines = jsonl.BoundedLines(text, jsonl.MAX_LINE)
            for line in lines:
                yield line_read(path, lines.number, line)
    except UnicodeDecodeError as error:
        raise BundleError(f"{path} is not UTF-8 text, so it is no bundle: {error.reason}.") from error
    except jsonl.LineTooLongError as error:
        raise BundleError(f"{path}, line {lines.number}: {error}") from error


def line_read(path: Path, number: int, line: str) -> _Line:
    """One line as its part. Raises `BundleError` where it is none, or not as it would be written."""
    where = f"{path}, line {number}"
    if not line.endswith("\n"):
        raise BundleError(f"{where}: the line has no end: the file was cut off.")
    try:
        value = jsonbounds.loads(line)
        written = line_of(value) if isinstance(value, dict) else ""
    except jsonbounds.JsonBoundsError as error:
        raise BundleError(f"{where}: the JSON cannot be read: {error}.") from error
    except ValueError as error:
        raise BundleError(f"{where}: not a line of a bundle: {error}.") from error
    part = value.get("part") if isinstance(value, dict) else None
    shape = shapes.SHAPES.get(part) if isinstance(part, str) else None
    if shape is None:
        raise BundleError(f"{where}: not a part of a bundle of evidence.")
    if written != line:
        raise BundleError(f"{where}: not as a bundle is written: its keys, numbers or spaces were changed.")
    try:
        return _Line(number, str(part), checked(shape, value), line.encode())
    except OptionsError as error:
        raise BundleError(f"{where}, part “{part}”: {error}") from error


def _check_end(path: Path, end: Options, digests: Digests) -> None:
    assert isinstance(end, shapes.End)
    found = digests.end
    for name in sorted(found["parts"].keys() | end.parts.keys()):
        if found["parts"].get(name) != end.parts.get(name):
            raise BundleError(
                f"{path} was changed after it was written: the SHA-256 of its part “{name}” is not the one at its end."
            )
    if (end.lines, end.digest) != (found["lines"], found["digest"]):
        raise BundleError(f"{path} was changed after it was written: its SHA-256 is not the one at its end.")


def _spec(asked: shapes.Asked) -> Spec:
    try:
        return asked.to_spec()
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"The task of the {asked.of} is none: {error}") from error


def _policy(part: shapes.PolicyPart) -> Policy:
    try:
        policy = checked(Policy, part.policy)
    except OptionsError as error:
        raise BundleError(f"The policy is none of the gate's: {error}") from error
    if policy.resamples > MAX_DRAWS:
        raise BundleError(f"The policy asks for {policy.resamples:,} draws; at most {MAX_DRAWS:,} are made.")
    return policy
