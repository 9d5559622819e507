"""Verbs of the evaluation floor."""

from evaluation.services.baselines import baseline_results
from evaluation.services.benchmarks import run_benchmark, start_benchmark
from evaluation.services.judging import advance, judge, policy_of, rejudge
from evaluation.services.suites import freeze_suite

__all__ = [
    "advance",
    "baseline_results",
    "freeze_suite",
    "judge",
    "policy_of",
    "rejudge",
    "run_benchmark",
    "start_benchmark",
]
