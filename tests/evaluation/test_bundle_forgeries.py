"""What was changed in a promotion's evidence is found, with its digests made to fit again."""

from pathlib import Path

import pytest

from tests.evaluation.promotions import forged, part, written
from tests.evaluation.promotions import wrong as wrong_in

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]


def flip(rows):
    """One wrong answer of the reference becomes a right one, in every place of its case."""
    case = part(rows, "case", 3)
    case["reference"] |= {name: case["candidate"][name] for name in ("answer", "raw", "status", "exact", "scores")}


FORGERIES = {
    "answer": (lambda rows: part(rows, "case")["reference"].update(answer=part(rows, "case")["expected"]), "reading"),
    "raw": (lambda rows: part(rows, "case")["candidate"].update(raw="{}"), "reading"),
    "failed": (lambda rows: part(rows, "case")["reference"].update(status="failed"), "reading"),
    "right": (lambda rows: part(rows, "case")["reference"].update(exact=True), "scores"),
    "score": (lambda rows: part(rows, "case")["candidate"]["scores"].update(tp=2), "scores"),
    "whole case": (flip, "verdict"),
    "expected": (lambda rows: part(rows, "case").update(expected={"labels": ["praise", "billing"]}), "suite"),
    "text": (lambda rows: part(rows, "case").update(text="Another one"), "suite"),
    "case gone": (lambda rows: rows.remove(part(rows, "case", 39)), "suite"),
    "swapped": (lambda rows: part(rows, "case").update(order=1), "suite"),
    "group": (lambda rows: part(rows, "case", 1).update(group=0), "verdict"),
    "p": (lambda rows: part(rows, "report")["told"]["test"].update(p=0.01), "verdict"),
    "interval": (lambda rows: part(rows, "report")["told"]["difference"].update(low=0.9999), "verdict"),
    "verdict": (lambda rows: part(rows, "report").update(verdict="refused"), "verdict"),
    "sentence": (lambda rows: part(rows, "report").update(sentence="It passed."), "verdict"),
    "check": (lambda rows: part(rows, "report")["checks"][1].update(ok=False), "verdict"),
    "held against": (lambda rows: part(rows, "report").update(held_against="shop:v9"), "verdict"),
    "figure": (lambda rows: part(rows, "report")["figures"]["candidate"].update(f1_micro=0.9), "figures"),
    "latency": (lambda rows: part(rows, "case")["candidate"].update(latency_ms=1e9), "figures"),
    "policy": (lambda rows: part(rows, "policy")["policy"].update(minimum=0.99), "verdict"),
    "advice": (lambda rows: part(rows, "report")["told"]["advice"].update(smallest=0.0), "advice"),
    "level": (lambda rows: part(rows, "look").update(level=0.002), "budget"),
    "looks before": (lambda rows: rows.insert(9, part(rows, "look") | {"version": "shop:v7"}), "budget"),
    "another look": (lambda rows: part(rows, "look").update(units=400), "budget"),
    "cleared": (lambda rows: part(rows, "report").update(clears=False), "look"),
    "who": (lambda rows: part(rows, "promotion").update(version="shop:v2"), "promotion"),
    "no reason": (lambda rows: part(rows, "promotion").update(before="shop:v8"), "promotion"),
}


def test_each_forgery_is_found(by_the_gate, tmp_path):
    """All from one bundle, as nothing that is asked changes it."""
    whole = written(tmp_path / "whole", by_the_gate).read_bytes()
    for name, (change, where) in FORGERIES.items():
        path = tmp_path / "forged"
        path.write_bytes(whole)
        assert where in wrong_in(forged(path, change)), name
