"""`python -m evaluation.gate A B`: the pure gate on two files, without Django."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.gate_command import run

pytestmark = pytest.mark.pure


def write(path: Path, right: int, cases: int = 60, **more: object) -> str:
    rows = [
        {"id": i, "expected": {"label": "a"}, "answer": {"label": "a" if i < right else "b"}, **more}
        for i in range(cases)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_it_runs_where_there_is_no_django(tmp_path):
    new, live = write(tmp_path / "new.jsonl", 58), write(tmp_path / "live.jsonl", 40)
    code = (
        "import sys, runpy; sys.modules['django'] = None; sys.argv = ['gate', *sys.argv[1:]]; "
        "runpy.run_module('evaluation.gate', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code, new, live], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["verdict"], report["test"]["method"]) == ("passed", "exact")


def test_groups_and_policy_are_read(tmp_path, capsys):
    new, live = write(tmp_path / "new", 58, group="one"), write(tmp_path / "live", 40, group="one")
    assert run([new, live]) == 1
    assert "only 1 groups of near-duplicates among 60 shared cases" in capsys.readouterr().out
    assert run([write(tmp_path / "a", 58), write(tmp_path / "b", 40), "--policy", '{"minimum": 0.99}']) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": 1}\n', "line 1: a case has an id"),
        ('{"id": 1, "expected": {"label": "a"}, "answer": {}}\n' * 2, "line 2: the id 1 is there twice"),
        ("no JSON\n", "line 1"),
        ('{"id": 1, "expected": {"labels": []}, "answer": {"labels": 3}}\n', "not of that kind"),
    ],
)
def test_what_cannot_be_judged_is_said_in_a_line(tmp_path, capsys, text, said):
    path = tmp_path / "cases"
    path.write_text(text, encoding="utf-8")
    assert run([str(path), str(path), "--policy", '{"min_cases": 0}']) == 2
    assert said in capsys.readouterr().err


def test_a_wrong_policy_is_said(tmp_path, capsys):
    path = write(tmp_path / "a", 3)
    assert run([path, path, "--policy", '{"minimun": 1}']) == 2
    assert "Did you mean minimum?" in capsys.readouterr().err
