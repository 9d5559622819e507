"""The gate by itself: two files of answers to the same cases, without Django. `python -m evaluation.gate A B`.

A line is a case: `{"id": ..., "expected": {...}, "answer": {...} or null}`, with `"group"` where near-duplicates count
once. An answer that is null could not be read.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from common import jsonbounds, jsonl
from common.options import OptionsError, checked
from evaluation.gate import Evidence, decide
from evaluation.policy import Policy
from evaluation.scorers import SCORERS, Scored


def run(arguments: list[str]) -> int:
    """Print the report as JSON. 0: passed, 1: not, 2: it could not be judged, with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.gate", description=__doc__)
    parser.add_argument("candidate", type=Path, help="JSON Lines: the new version's answers")
    parser.add_argument("reference", type=Path, help="JSON Lines: what it has to beat")
    parser.add_argument("--kind", choices=sorted(SCORERS), default="single_label")
    parser.add_argument("--policy", default="{}", help='options of the gate as JSON, such as {"minimum": 0.5}')
    options = parser.parse_args(arguments)
    try:
        policy = checked(Policy, jsonbounds.loads(options.policy))
        ours, theirs = (read(path) for path in (options.candidate, options.reference))
        report = decide(policy, SCORERS[options.kind], ours, None, theirs)
    except (OSError, OptionsError, KeyError, TypeError, ValueError) as error:
        sys.stderr.write(f"{_said(error)}\n")
        return 2
    sys.stdout.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False) + "\n")
    return 0 if report.verdict == "passed" else 1


def read(path: Path) -> Evidence:
    """The file's cases. Raises `ValueError` with its line where one is none, `OSError` where it cannot be read."""
    cases: dict[str, Scored] = {}
    groups: dict[str, str] = {}
    for number, row in enumerate(jsonl.read(path), start=1):
        case = _case(row)
        if case is None:
            raise ValueError(f"{path}, line {number}: a case has an id, and expected and answer as objects.")
        key = json.dumps(row["id"])
        if key in cases:
            raise ValueError(f"{path}, line {number}: the id {key} is there twice.")
        cases[key] = case
        if row.get("group") is not None:
            groups[key] = json.dumps(row["group"])
    return Evidence(str(path), cases, groups=groups)


def _case(row: Any) -> Scored | None:
    if not isinstance(row, dict) or "id" not in row or not isinstance(row.get("expected"), dict):
        return None
    answer = row.get("answer")
    if answer is not None and not isinstance(answer, dict):
        return None
    return Scored(row["expected"], answer, "failed" if answer is None else "strict")


def _said(error: Exception) -> str:
    if isinstance(error, KeyError | TypeError):
        return f"An answer is not of that kind: {error!r}."
    return str(error)
