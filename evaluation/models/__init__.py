"""What this floor keeps: judgments, and what confidence is worth."""

from evaluation.models.confidence import Acceptance, AcceptPolicy, Calibration, Certificate
from evaluation.models.judging import (
    BaselineResult,
    Benchmark,
    CaseResult,
    GatePolicy,
    GateReport,
    Look,
    Suite,
    SuiteCase,
)
from evaluation.models.ordering import OrderComparison

__all__ = [
    "AcceptPolicy",
    "Acceptance",
    "BaselineResult",
    "Benchmark",
    "Calibration",
    "CaseResult",
    "Certificate",
    "GatePolicy",
    "GateReport",
    "Look",
    "OrderComparison",
    "Suite",
    "SuiteCase",
]
