"""A version is about as fast as its reference only where that is shown, on the same cases, under the same load."""

import numpy as np
import pytest

from evaluation.check_latency import Load, Timing, check_latency, load_in, ratios
from evaluation.gate import Evidence, Policy, decide
from evaluation.scorers import SCORERS, Scored

pytestmark = pytest.mark.pure
TWICE = Policy(minimum=0.0, latency_ratio=2.0, resamples=1_000)
LOAD = Load("local", 4)


def drawn(seed: int, cases: int, times: float, load: Load | None = LOAD) -> tuple[Timing, Timing]:
    """Milliseconds that both take longer for long texts, with noise of their own; the first takes `times` as long."""
    rng = np.random.default_rng(seed)
    texts = rng.normal(4, 0.6, cases)
    ours, theirs = (np.exp(texts + rng.normal(0, 0.3, cases)) for _ in "ab")
    return (
        Timing(dict(enumerate((times * ours).tolist())), load),
        Timing(dict(enumerate(theirs.tolist())), LOAD),
    )


def looked_at(ours: Timing, theirs: Timing, policy: Policy = TWICE):
    found = check_latency(policy, ours, theirs, lambda case: case)
    assert found is not None
    return found


def test_it_is_met_refused_or_open():
    fast, slow, near = (looked_at(*drawn(1, 200, times)) for times in (1.0, 4.0, 2.0))
    assert (fast.ok, fast.refuses, fast.bound) == (True, False, 2.0)
    assert (slow.ok, slow.refuses) == (False, True)
    assert (near.ok, near.refuses) == (False, False)
    assert "shown to be at most 2 times (local, 4 at once, 200 cases)" in fast.detail
    assert fast.detail.startswith("median ")
    assert "; 95th percentile " in fast.detail
    assert "shown to be above 2 times" in slow.detail


def test_the_percentiles_are_numpys_also_of_what_is_drawn():
    rng = np.random.default_rng(2)
    ours, theirs = rng.uniform(10, 90, (2, 37)).tolist()
    points = (0.5, 0.95)
    found = ratios(ours, theirs, list(range(37)), points, TWICE)
    for row, point in zip(found, points, strict=True):
        assert (row.ours, row.theirs) == pytest.approx((np.quantile(ours, point), np.quantile(theirs, point)))
    by_hand = np.random.default_rng(TWICE.seed).multinomial(37, np.full(37, 1 / 37), size=TWICE.resamples)
    for place in (0, 99, 999):
        one, two = (np.quantile(np.repeat(each, by_hand[place]), points) for each in (ours, theirs))
        assert [row.drawn[place] for row in found] == pytest.approx(list(one / two))


def test_near_duplicates_are_drawn_together():
    (ours, theirs) = drawn(3, 120, 1.5)
    alone = looked_at(ours, theirs)
    five = check_latency(TWICE, ours, theirs, lambda case: case // 4)
    assert five is not None
    assert "30 groups of near-duplicates (120 cases); the 95th percentile takes 100 cases" in five.detail
    assert alone.value == max(1.0, alone.value)


def test_with_few_cases_the_median_alone_is_judged():
    found = looked_at(*drawn(4, 60, 1.0))
    assert found.ok
    assert "95th percentile takes 100 cases" in found.detail


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        (drawn(5, 60, 9.0, Load("ollama", 4))[0], "measured on ollama, 4 at once and on local, 4 at once"),
        (drawn(5, 60, 9.0, Load("local", 1))[0], "on local, 1 at once and on local, 4 at once"),
        (drawn(5, 60, 9.0, None)[0], "under a load that was not kept and on local, 4 at once"),
        (drawn(5, 29, 9.0)[0], "both answered only 29 cases"),
        (Timing({}, LOAD), "both answered only 0 cases"),
    ],
)
def test_what_was_not_measured_alike_is_not_compared(ours, said):
    found = looked_at(ours, drawn(5, 60, 1.0)[1])
    assert (found.ok, found.refuses) == (True, False)
    assert found.detail.startswith("latency is not compared: ")
    assert said in found.detail


def test_what_is_no_measurement_gives_a_number_all_the_same():
    endless, none = (Timing(dict.fromkeys(range(60), ms), LOAD) for ms in (1e308, 1e-308))
    found = looked_at(endless, none)
    assert (found.value, found.refuses) == (pytest.approx(1e12), True)


def test_the_gate_looks_only_where_the_policy_has_a_ratio():
    right, wrong = Scored({"label": "a"}, {"label": "a"}), Scored({"label": "a"}, {"label": "b"})
    ours, theirs = drawn(6, 150, 5.0)
    new = Evidence("v2", dict.fromkeys(range(150), right), timing=ours)
    live = Evidence("v1", dict.fromkeys(range(150), wrong), timing=theirs)
    whatever = decide(Policy(minimum=0.0), SCORERS["single_label"], new, live)
    assert (whatever.verdict, [check.name for check in whatever.checks][-1]) == ("passed", "difference")
    assert "latency" not in {check.name for check in whatever.checks}
    slow = decide(TWICE, SCORERS["single_label"], new, live)
    assert slow.verdict == "refused"
    assert slow.sentence.startswith("v2 is refused: median ")


def test_the_load_is_kept_with_the_figures():
    assert load_in({"load": {"server": "local", "at_once": 4}}) == LOAD
    assert load_in({}) is None


@pytest.mark.parametrize("cases", [60, 150])
def test_at_the_ratio_itself_it_errs_as_seldom_as_it_says(cases):
    """Both ways: shown to be at most twice as slow, and shown to be slower."""
    played, policy = 150, Policy(latency_ratio=2.0, resamples=400)
    found = [looked_at(*drawn(seed, cases, 2.0), policy) for seed in range(played)]
    bound = 0.05 + 1.4 * 1.96 * (0.05 * 0.95 / played) ** 0.5
    assert sum(each.ok for each in found) / played <= bound
    assert sum(each.refuses for each in found) / played <= bound
