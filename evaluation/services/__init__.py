"""Verbs of the evaluation floor."""

from evaluation.services.baselines import baseline_results
from evaluation.services.benchmarks import run_benchmark, start_benchmark
from evaluation.services.judging import advance, judge, rejudge, resume
from evaluation.services.reports import policy_of
from evaluation.services.suites import freeze_suite

__all__ = [
    "advance",
    "baseline_results",
    "freeze_suite",
    "judge",
    "policy_of",
    "rejudge",
    "resume",
    "run_benchmark",
    "start_benchmark",
]
