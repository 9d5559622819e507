"""The cases of a bundle: each answer is read again from what came and scored again, and what the gate needs is kept."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from evaluation.bundles.case_shapes import Case, HardCase, Side
from evaluation.check_latency import Load, Timing
from evaluation.gate import Evidence
from evaluation.hard import numbers_of
from evaluation.scorers import SCORERS, Scored
from evaluation.suite_digest import digest_of
from labeling.answers import Status, parse
from labeling.carrying import Carrier
from labeling.kinds import Input, Spec, kind_of, whole

# So many faults are named; of the rest only the number.
SHOWN = 3
# A reader that was told that the answer was cut off, or that got none, read it as failed whatever stands there.
CUT_OFF = ("The answer was cut off", "the text is too long", "the server refused the text")


class Kept(NamedTuple):
    """What stays of a case: its places when cases are drawn, its groups, the answers as scored, their latencies."""

    order: int
    group: int
    scored: dict[str, Scored]
    latencies: dict[str, float]
    sample: int | None
    is_grouped: bool
    once_live: dict[str, Scored]
    reasons: list[str]
    neighbours: dict[str, Scored]


@dataclass
class Faults:
    """What was found wrong, the first few in words, and how many there are."""

    count: int = 0
    shown: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.shown) < SHOWN:
            self.shown.append(sentence)

    def __str__(self) -> str:
        rest = self.count - len(self.shown)
        return "; ".join(self.shown) + (f"; and {rest} more" if rest else "")


class Cases:
    """Takes cases as they are read. `numbering`, `reading` and `scoring` hold what was found wrong."""

    def __init__(self, suite: Spec, specs: dict[str, Spec]) -> None:
        self.suite, self.specs = suite, specs
        self.kind, self.scorer = kind_of(self.suite), SCORERS[self.suite.kind]
        self.carriers = {role: Carrier(spec, self.suite) for role, spec in specs.items()}
        self.kept: list[Kept] = []
        self.inputs: list[tuple[Any, ...]] = []
        self.numbering, self.reading, self.scoring = Faults(), Faults(), Faults()
        self.answers = self.read_again = self.unread = 0

    def take(self, case: Case) -> None:
        """One more case, in the order of the suite."""
        sides = {"candidate": case.candidate, **({"reference": case.reference} if case.reference else {})}
        if case.position != len(self.kept):
            self.numbering.add(f"case {case.position} stands where case {len(self.kept)} belongs")
        scored = {role: Scored(case.expected, side.answer, Status(side.status)) for role, side in sides.items()}
        latencies = {role: side.latency_ms for role, side in sides.items()}
        lived, beside = (
            {name: Scored(case.expected, each.answer, each.status) for name, each in briefs.items()}
            for briefs in (case.once_live, case.neighbours)
        )
        reasons = case.reasons if isinstance(case, HardCase) else []
        self.kept.append(
            Kept(case.order, case.group, scored, latencies, case.sample, case.is_grouped, lived, reasons, beside)
        )
        self._identify(case)
        for role, side in sides.items():
            self.answers += 1
            self._score(f"case {case.position} of the {role}", scored[role], side)
            self._read(f"case {case.position} of the {role}", role, whole(case.text, case.input), side)

    def _identify(self, case: Case) -> None:
        try:
            identities = self.kind.identities(self.suite, case.expected)
        except (KeyError, TypeError, ValueError, AttributeError):
            self.numbering.add(f"the right answer of case {case.position} is none of this task")
            identities = {}
        told = (whole(case.text, case.input), identities)
        self.inputs.append((*told, case.reasons) if isinstance(case, HardCase) else told)

    def _score(self, where: str, scored: Scored, side: Side) -> None:
        try:
            found, exact = self.scorer.case_scores(scored), self.scorer.is_exact(scored)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self.scoring.add(f"{where}: the answer is not of its kind ({error!r})"[:200])
            return
        if side.exact != exact:
            self.scoring.add(f"{where}: kept as {_right(side.exact)}, but it is {_right(exact)}")
        for name, value in found.items():
            if side.scores.get(name) != value:
                self.scoring.add(f"{where}: {name} is {value:g}, not {side.scores.get(name, 'there')}")

    def _read(self, where: str, role: str, asked: Input, side: Side) -> None:
        """What came is read again; where it was cut off, or none came, nothing can be."""
        if side.status == "failed" and (side.answer is not None or side.reason.startswith(CUT_OFF)):
            self.unread += side.answer is None
            if side.answer is not None:
                self.reading.add(f"{where}: it counts as failed, and has an answer all the same")
            return
        self.read_again += 1
        spec = self.specs[role]
        found = parse(side.raw, spec, asked)
        try:
            answer = None if found.answer is None else self.carriers[role].carry_reading(found.answer)
        except (KeyError, TypeError, ValueError, AttributeError):
            answer = None
        same_status = spec.thinking or found.status == side.status  # thoughts were set apart before it was read
        if answer != side.answer or not same_status:
            self.reading.add(f"{where}: what came reads otherwise than the answer that is kept")

    def check_order(self) -> None:
        """Note where two cases have one place among those that are drawn."""
        samples = [case.sample for case in self.kept if case.sample is not None]
        if len({case.order for case in self.kept}) != len(self.kept) or len(set(samples)) != len(samples):
            self.numbering.add("two cases have one place in the order in which cases are drawn")

    def digest(self, gone: list[str]) -> str:
        """The suite's digest, of these cases, while these labels were no more."""
        return digest_of(self.inputs, gone)

    def has(self, role: str) -> bool:
        """Whether every case has an answer of that version."""
        return all(role in case.scored for case in self.kept)

    def scored(self, role: str) -> list[Scored]:
        """The answers of one version, in the order of the suite."""
        return [case.scored[role] for case in self.kept]

    def evidence(self, role: str, tag: str, *, is_base: bool, load: Load | None = None) -> Evidence:
        """A version's answers as the gate takes them: keys sort as the installation's own, so chance draws alike."""
        keyed = dict(zip(self.keys, self.kept, strict=True))
        groups = {key: case.group for key, case in keyed.items()}
        ms = {key: case.latencies[role] for key, case in keyed.items() if case.latencies[role] > 0}
        scored = {key: case.scored[role] for key, case in keyed.items()}
        return Evidence(tag, scored, is_base, groups, Timing(ms, load))

    def neighbour(self, name: str, title: str) -> Evidence:
        """The answers of a neighbour, likewise."""
        keyed = zip(self.keys, self.kept, strict=True)
        return Evidence(title, {key: case.neighbours[name] for key, case in keyed if name in case.neighbours})

    @property
    def keys(self) -> list[str]:
        """The cases' keys, in the order of the suite."""
        return [f"{case.order:09}" for case in self.kept]

    def must_pass(self) -> dict[Hashable, int]:
        """The numbers of the cases that must pass, by their key."""
        rows = enumerate(zip(self.keys, self.kept, strict=True))
        return numbers_of((key, number, case.reasons) for number, (key, case) in rows)

    def by_sample(self, tag: str) -> Evidence:
        """The candidate's answers on the cases that other suites may share, as the anchor takes them."""
        rows = [case for case in self.kept if case.sample is not None]
        groups = {_key(case): case.group for case in rows if case.is_grouped}
        return Evidence(tag, {_key(case): case.scored["candidate"] for case in rows}, groups=groups)

    def once_live(self, tag: str, *, is_base: bool) -> Evidence:
        """The answers of a version that was live once to the same cases."""
        rows = [case for case in self.kept if case.sample is not None and tag in case.once_live]
        return Evidence(tag, {_key(case): case.once_live[tag] for case in rows}, is_base)


def _key(case: Kept) -> str:
    return f"{case.sample:09}"


def _right(exact: bool) -> str:
    return "right" if exact else "not right"
