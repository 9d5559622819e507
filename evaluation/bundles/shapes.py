"""The parts of a bundle, a line each, in the order in which they stand: what each holds and what is refused."""

from typing import Any, Literal

from common.options import Options
from evaluation.bundles.case_shapes import CasePart, HardCase
from labeling.kinds import LabelDef, Spec

FORMAT = 1
# Names of parts in their order. Those of `MANY` may stand more than once.
ORDER = (
    "bundle", "promotion", "spec", "version", "suite", "hard_suite", "policy", "look", "report", "once_live",
    "neighbour", "case", "hard_case", "end",
)  # fmt: skip
MANY = frozenset({"spec", "version", "look", "once_live", "neighbour", "case", "hard_case"})
NEEDED = frozenset({"bundle", "promotion", "policy", "end"})
Role = Literal["candidate", "reference"]


class Head(Options):
    """What the file is of. `software`: versions on the machine that wrote it."""

    part: Literal["bundle"]
    format: int
    project: str
    deployment: str
    software: dict[str, str]


class Promotion(Options):
    """Who made the version live, and why; `by` is None for the gate or a job of the system.

    `judgments`: what the gate had said on each server that it went live on; the report below is of the first.
    """

    part: Literal["promotion"]
    version: str
    before: str | None
    by: str | None
    automatic: bool
    reason: str
    asked_at: str
    live_at: str
    judgments: list[dict[str, str]]
    proofs: dict[str, str]


class Asked(Options):
    """The task as the suite has it, or as a version is asked."""

    part: Literal["spec"]
    of: Literal["suite", "hard_suite", "candidate", "reference"]
    kind: str
    instruction: str
    labels: list[dict[str, Any]]
    max_labels: int
    prompt_template: str
    decoding: dict[str, Any]
    json_schema: dict[str, Any] | None
    thinking: bool
    lists_labels: bool

    def to_spec(self) -> Spec:
        """The plain value that answers are read by. Raises `ValueError`, `KeyError` or `TypeError` where it is none."""
        rows = [(row["name"], row["description"], row["id"], tuple(row["merged"])) for row in self.labels]
        if not all(isinstance(each, str) for *names, merged in rows for each in (*names, *merged)):
            raise TypeError("names and ids of labels are texts")
        return Spec(
            self.kind,
            self.instruction,
            tuple(LabelDef(*row) for row in rows),
            self.max_labels,
            self.prompt_template,
            self.decoding,
            self.json_schema,
            self.thinking,
            self.lists_labels,
        )


class Version(Options):
    """A version with the digests of what it is made of, where it was asked and how.

    `training`: its run with the seed, the digests of its data and its configuration, the libraries of the engine.
    """

    part: Literal["version"]
    role: Role
    tag: str
    number: int
    method: str
    base: dict[str, str]
    adapter_digest: str
    artifact: dict[str, str]
    staged: dict[str, str]
    server: dict[str, str]
    asked: dict[str, Any]
    training: dict[str, Any] | None


class FrozenSuite(Options):
    """Frozen cases: `number` counts the project's suites of that role from 1; `gone`: labels that were no more."""

    uid: str
    number: int
    digest: str
    size: int
    left_out: dict[str, int]
    gone: list[str] = []


class SuitePart(FrozenSuite):
    """The cases that chance drew."""

    part: Literal["suite"]


class HardSuite(FrozenSuite):
    """The hard cases, which may have refused."""

    part: Literal["hard_suite"]


class PolicyPart(Options):
    """The gate's policy at the judgment, seeds of its draws included."""

    part: Literal["policy"]
    policy: dict[str, Any]


class LookPart(Options):
    """A look of the automatic gate and the level that it spent.

    `by`: confidence and budget of the policy that paid for it, kept of the look of this verdict.
    """

    part: Literal["look"]
    version: str
    suite: str
    held_against: str | None
    level: float
    is_first: bool
    units: int
    by: dict[str, float] | None = None


class ReportPart(Options):
    """The gate's judgment; `figures` are those of the benchmarks, by role. None of it is rounded."""

    part: Literal["report"]
    uid: str
    at: str
    held_against: str | None
    verdict: Literal["baseline", "passed", "refused", "insufficient"]
    sentence: str
    checks: list[dict[str, Any]]
    told: dict[str, Any]
    has_look: bool
    clears: bool
    figures: dict[Role, dict[str, Any]]


class OnceLive(Options):
    """One of the best versions that were ever live, which the candidate has to hold against (the anchor)."""

    part: Literal["once_live"]
    tag: str
    number: int
    benchmark: str
    suite: str


class NeighbourPart(Options):
    """A simple method, or the bare base, that answered the same cases. `uid`: of the row that keeps its answers."""

    part: Literal["neighbour"]
    name: str
    title: str
    uid: str


class End(Options):
    """Written last: how many lines stand before it, the SHA-256 of each part's lines, and of all."""

    part: Literal["end"]
    lines: int
    parts: dict[str, str]
    digest: str


SHAPES: dict[str, type[Options]] = {
    "bundle": Head,
    "promotion": Promotion,
    "spec": Asked,
    "version": Version,
    "suite": SuitePart,
    "hard_suite": HardSuite,
    "policy": PolicyPart,
    "look": LookPart,
    "report": ReportPart,
    "once_live": OnceLive,
    "neighbour": NeighbourPart,
    "case": CasePart,
    "hard_case": HardCase,
    "end": End,
}
