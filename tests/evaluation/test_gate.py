"""The gate passes what is proven better, refuses what is proven worse, and says which it is and why."""

import json
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from common.options import OptionsError, checked
from evaluation.gate import Evidence, GateReport, Policy, Verdict, decide
from evaluation.paired import INTERVAL, compare
from evaluation.scorers import SCORERS, Scored
from evaluation.scorers.multi_label import MultiLabelScorer

pytestmark = pytest.mark.pure

LABELS = ["a", "b", "c", "d"]
SCORER = MultiLabelScorer()
POLICY = Policy(resamples=2000)


def replace(policy: Policy, **changes: object) -> Policy:
    return Policy(**{**policy.model_dump(), **changes})


def evidence(
    tag: str, skill: float, cases: int = 150, failed: int = 0, seed: int = 0, is_base: bool = False
) -> Evidence:
    """A version that gives each case's right labels with chance `skill`, else others."""
    truth, luck = random.Random(1), random.Random(f"{tag}{seed}")
    found = {}
    for case in range(cases):
        expected = truth.sample(LABELS, 2)
        got = expected if luck.random() < skill else luck.sample(LABELS, 1)
        good = case >= failed
        found[f"case-{case}"] = Scored(
            {"labels": expected}, {"labels": got} if good else None, "strict" if good else "failed"
        )
    return Evidence(tag, found, is_base)


V0 = evidence("p:v0", 0.1, is_base=True)
V1 = evidence("p:v1", 0.6)


def judge(candidate: Evidence, live: Evidence | None = V1, policy: Policy = POLICY) -> GateReport:
    return decide(policy, SCORER, candidate, live, baseline=V0)


def failed_checks(report: GateReport) -> list[str]:
    return [check.name for check in report.checks if not check.ok]


def test_the_bare_base_is_the_baseline_and_not_judged() -> None:
    report = judge(V0, None)
    assert (report.verdict, report.checks) == (Verdict.BASELINE, ())
    assert (report.metric, report.candidate, report.reference) == ("f1_micro", "p:v0", "")
    assert report.sentence.startswith("p:v0 is the bare base model")


@pytest.mark.parametrize("live", [None, V0])
def test_the_first_trained_version_is_held_against_the_baseline(live: Evidence | None) -> None:
    report = judge(V1, live)
    assert (report.verdict, report.reference) == (Verdict.PASSED, "p:v0")
    assert report.sentence.startswith("p:v1 passed: micro-F1")
    assert [check.name for check in report.checks] == ["cases", "minimum", "psr", "labels", "difference"]


def test_a_first_version_below_the_minimum_is_refused() -> None:
    report = judge(V1, None, replace(POLICY, minimum=0.95))
    assert (report.verdict, failed_checks(report)) == (Verdict.REFUSED, ["minimum"])
    assert "does not reach the minimum of 0.950" in report.sentence


def test_a_spoiled_version_is_refused_because_it_is_shown_to_be_worse() -> None:
    report = judge(evidence("p:v2", 0.1))
    assert report.verdict == Verdict.REFUSED
    assert report.difference is not None
    assert report.difference.high < 0
    assert "shown to be worse (p = 0.0002" in report.sentence


def test_a_better_version_passes_and_one_that_is_much_like_the_live_does_not() -> None:
    assert judge(evidence("p:v2", 0.95)).verdict == Verdict.PASSED
    close = judge(evidence("p:v2", 0.62))
    assert close.verdict == Verdict.INSUFFICIENT
    assert "not shown to be better (p = " in close.sentence


def test_a_pass_names_the_versions_and_every_number() -> None:
    report = judge(evidence("p:v2", 0.95), policy=replace(POLICY, resamples=20_000))
    found = report.difference
    assert found is not None
    assert (report.metric, report.candidate, report.reference) == ("f1_micro", "p:v2", "p:v1")
    assert report.test is not None
    low = report.checks[1].value
    assert [(check.name, check.value, check.bound) for check in report.checks] == [
        ("cases", 150, 30),
        ("minimum", low, 0.3),
        ("psr", 1.0, 1.0),
        ("labels", 0, 0),
        ("difference", found.value, 0.0),
    ]
    assert 0.9 < low < found.candidate
    assert report.sentence == (
        f"p:v2 passed: micro-F1 {found.candidate:.3f} against {found.reference:.3f} of p:v1, difference "
        f"{found.value:+.3f} (95% interval {found.low:+.3f} to {found.high:+.3f}; {INTERVAL}), shown to be better "
        f"(p < 0.0001, one-sided 0.05; sign-flip permutation test, 20,000 draws, standard error "
        f"{report.test.error:.4f}; 150 cases, {report.test.differing} differ); 150 shared cases; micro-F1 "
        f"{found.candidate:.3f} (95% sure to be {low:.3f} or more) reaches the minimum of 0.300; parsing success 1.000 "
        "holds the 1.000 of the reference; each of 4 labels that the reference knows is still given."
    )


def test_the_live_version_is_not_held_against_itself() -> None:
    assert judge(V1, V1).reference == "p:v0"


def test_the_policy_decides_how_the_difference_is_tested() -> None:
    policy, candidate = replace(POLICY, confidence=0.8, resamples=300, seed=3), evidence("p:v2", 0.62)
    ours, theirs = ([each.cases[case] for case in sorted(each.cases)] for each in (candidate, V1))
    assert judge(candidate, policy=policy).difference == compare(
        SCORER, ours, theirs, confidence=0.8, resamples=300, seed=3
    )


def test_what_just_reaches_a_bound_reaches_it() -> None:
    right = {case: Scored({"label": "a"}, {"label": "a"}) for case in range(5)}
    wrong = {case: Scored({"label": "a"}, {"label": "b"}) for case in range(5)}
    policy, single = replace(POLICY, minimum=1.0, min_cases=5), SCORERS["single_label"]
    report = decide(policy, single, Evidence("v2", right), Evidence("v1", wrong))
    assert (report.verdict, report.test.p if report.test else 1) == (Verdict.PASSED, 1 / 64)
    alone, lenient = Evidence("v2", {1: right[1]}), replace(policy, min_cases=0)
    # One case of one shows nothing: half of the time it falls on that side.
    assert decide(lenient, single, alone, Evidence("v1", wrong)).verdict == Verdict.INSUFFICIENT


def test_a_minimum_that_is_reached_but_not_shown_neither_passes_nor_refuses() -> None:
    report = judge(evidence("p:v2", 0.95), policy=replace(POLICY, minimum=0.95))
    assert (report.verdict, failed_checks(report)) == (Verdict.INSUFFICIENT, ["minimum"])
    assert "is not shown to reach the minimum of 0.950" in report.sentence


def test_the_same_answers_are_a_tie_which_a_policy_may_accept() -> None:
    same = Evidence("p:v2", V1.cases)
    tie = judge(same)
    assert (tie.verdict, failed_checks(tie)) == (Verdict.INSUFFICIENT, ["difference"])
    assert "not shown to be better (p = 1.000" in tie.sentence
    assert judge(same, policy=replace(POLICY, accept_tie=True, margin=0.02)).verdict == Verdict.PASSED
    assert judge(evidence("p:v3", 0.1), policy=replace(POLICY, accept_tie=True, margin=0.02)).verdict == Verdict.REFUSED


def test_a_margin_asks_for_more_than_better() -> None:
    better = evidence("p:v2", 0.95)
    assert judge(better, policy=replace(POLICY, margin=0.1)).verdict == Verdict.PASSED
    report = judge(better, policy=replace(POLICY, margin=0.6))
    assert report.verdict == Verdict.REFUSED
    assert "shown not to be better by more than 0.6" in report.sentence


def test_lost_parsing_success_refuses_a_better_version_once_the_loss_is_shown() -> None:
    few = judge(evidence("p:v2", 0.99, failed=3))
    assert few.verdict == Verdict.PASSED
    assert "parsing success 0.980 is not shown to fall below the 1.000 of the reference (p = 0.063)" in few.sentence
    candidate = evidence("p:v2", 0.99, failed=6)
    report = judge(candidate)
    assert (report.verdict, failed_checks(report)) == (Verdict.REFUSED, ["psr"])
    assert report.sentence.startswith("p:v2 is refused: parsing success 0.960 falls below the 1.000 of the reference")
    tolerant = judge(candidate, policy=replace(POLICY, psr_tolerance=0.02))
    assert tolerant.verdict == Verdict.PASSED
    assert "(up to 0.020 may be lost)" in tolerant.sentence
    assert (tolerant.checks[2].value, tolerant.checks[2].bound) == pytest.approx((0.96, 0.98))


def single(tag: str, rows: list[tuple[str, str]], **more: Any) -> Evidence:
    """Expected and given labels, a case each."""
    return Evidence(tag, {i: Scored({"label": a}, {"label": b}) for i, (a, b) in enumerate(rows)}, **more)


def test_a_label_that_is_lost_altogether_refuses_a_better_version() -> None:
    before = single("v1", [("fraud", "fraud")] * 6 + [("ok", "no")] * 100 + [("no", "no")] * 60)
    after = single("v2", [("fraud", "ok")] * 6 + [("ok", "ok")] * 100 + [("no", "no")] * 60)
    report = decide(POLICY, SCORERS["single_label"], after, before)
    assert (report.verdict, failed_checks(report)) == (Verdict.REFUSED, ["labels"])
    assert report.sentence == "v2 is refused: “fraud”, right in 6 before, is never right."
    twins = Evidence("v2", after.cases, groups=dict.fromkeys(range(6), "one"))
    assert decide(POLICY, SCORERS["single_label"], twins, before).verdict == Verdict.PASSED


def test_a_failed_answer_is_never_free() -> None:
    nothing = {"labels": list[str]()}
    read = {i: Scored(nothing if i < 60 else {"labels": ["a"]}, nothing) for i in range(62)}
    failed = {case: Scored(each.expected, None, "failed") for case, each in read.items()}
    assert SCORER.micro(failed.values()).fp == 60
    loose = replace(POLICY, psr_tolerance=1.0, minimum=0.0)
    better = Evidence("v2", {case: Scored(each.expected, each.expected) for case, each in read.items()})
    assert decide(loose, SCORER, better, Evidence("v1", failed)).verdict == Verdict.PASSED
    assert decide(loose, SCORER, Evidence("v3", failed), better).verdict == Verdict.REFUSED


def test_near_duplicates_count_once() -> None:
    before, after = [("a", "b")] * 12 + [("a", "a")] * 60, [("a", "a")] * 72
    alone = decide(POLICY, SCORERS["single_label"], single("v2", after), single("v1", before))
    assert alone.verdict == Verdict.PASSED
    groups = {case: case // 6 for case in range(12)}
    report = decide(POLICY, SCORERS["single_label"], single("v2", after, groups=groups), single("v1", before))
    assert report.verdict == Verdict.INSUFFICIENT
    assert report.test is not None
    assert (report.test.p, report.test.groups, report.test.differing) == (1 / 8, 62, 2)
    assert "62 groups of near-duplicates (72 cases), 2 differ" in report.sentence


def test_a_tie_wants_a_margin() -> None:
    with pytest.raises(OptionsError, match="how much may be lost at most") as found:
        checked(Policy, {"accept_tie": True})
    assert list(found.value.problems) == ["accept_tie"]


@pytest.mark.parametrize("candidate", [evidence("p:v2", 0.95, cases=29), evidence("p:v2", 0.0, cases=29)])
def test_too_few_shared_cases_judge_nobody(candidate: Evidence) -> None:
    report = judge(candidate)
    assert report.verdict == Verdict.INSUFFICIENT
    assert "only 29 shared cases where 30 are asked for" in report.sentence
    assert [(check.name, check.value, check.bound) for check in report.checks] == [("cases", 29, 30)]
    assert (report.metric, report.candidate, report.reference) == ("f1_micro", "p:v2", "p:v1")


def test_without_any_reference_nothing_is_judged() -> None:
    report = decide(POLICY, SCORER, V1, None)
    assert (report.verdict, report.metric, report.candidate) == (Verdict.INSUFFICIENT, "f1_micro", "p:v1")
    assert report.sentence.startswith("p:v1 cannot be judged: there is no benchmark")


def test_pairs_are_made_by_id_whatever_the_order() -> None:
    shuffled = dict(random.Random(2).sample(sorted(V1.cases.items()), len(V1.cases)))
    assert judge(evidence("p:v2", 0.9), Evidence("p:v1", shuffled)) == judge(evidence("p:v2", 0.9))


def test_ids_of_several_kinds_are_put_in_one_order() -> None:
    mixed = {case if number % 2 else number: scored for number, (case, scored) in enumerate(V1.cases.items())}
    assert judge(Evidence("p:v2", mixed), Evidence("p:v1", mixed)).verdict == Verdict.INSUFFICIENT


def test_benchmarks_of_different_suites_are_not_compared() -> None:
    other = {case: Scored({"labels": []}, {"labels": []}) for case in V1.cases}
    with pytest.raises(ValueError, match="two right answers"):
        judge(Evidence("p:v2", other))


def test_one_label_and_text_have_their_own_figures() -> None:
    right = {i: Scored({"label": "a"}, {"label": "a"}) for i in range(40)}
    wrong = {i: Scored({"label": "a"}, {"label": "b"}) for i in range(40)}
    report = decide(POLICY, SCORERS["single_label"], Evidence("v2", right), Evidence("v1", wrong))
    assert (report.verdict, report.metric) == (Verdict.PASSED, "exact")
    texts = {i: Scored({"text": "x y"}, {"text": "x"}) for i in range(40)}
    assert decide(POLICY, SCORERS["text"], Evidence("v2", texts), Evidence("v1", texts)).metric == "token_f1_v2"


def test_the_report_is_json_and_the_same_every_time() -> None:
    candidate = evidence("p:v2", 0.8)
    first, second = judge(candidate), judge(candidate)
    assert first == second
    assert json.loads(json.dumps(first.as_dict()))["checks"][-1]["name"] == "difference"


def test_the_bootstrap_recomputes_micro_f1_from_the_drawn_cases() -> None:
    ours, theirs = list(evidence("p:v2", 0.8, 60).cases.values()), list(V1.cases.values())[:60]
    found = compare(SCORER, ours, theirs)
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, 60, 60) for _ in range(2000)]
    differences = [
        SCORER.micro([ours[i] for i in draw]).f1 - SCORER.micro([theirs[i] for i in draw]).f1 for draw in draws
    ]
    assert found.value == pytest.approx(SCORER.micro(ours).f1 - SCORER.micro(theirs).f1)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(differences, [0.025, 0.975])), abs=0.02)


class Exactness(MultiLabelScorer):
    def parts(self, case: Scored) -> list[float]:
        return [float(self.is_exact(case))]

    def figure(self, sums: Any, cases: int) -> Any:
        return sums[0] / cases


def test_the_interval_covers_the_true_difference_about_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(60):
        one, two = evidence("x", 0.7, 150, seed=seed), evidence("y", 0.5, 150, seed=seed)
        found = compare(Exactness(), list(one.cases.values()), list(two.cases.values()), resamples=1000)
        # A draw of one label of four is never the whole answer of two, so the skill is the chance of being exact.
        hits += found.low <= 0.2 <= found.high
    assert hits >= 52


def test_the_gate_loads_no_heavy_library_by_itself() -> None:
    code = "import sys, evaluation.gate, evaluation.scorers; print({'numpy', 'sklearn'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
