"""Tests of pure code run without servers and without Django, alone and all together."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pure import only_pure

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
# Where a server or Django were started all the same, this would end the run.
NO_SERVER = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "CELERY_BROKER_URL": ""}


def collect(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=ROOT, env=os.environ | NO_SERVER, capture_output=True, text=True)


def test_every_file_with_the_mark_can_be_imported_without_django() -> None:
    done = collect("-m", "pure")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests/config/test_pure_tests.py" in done.stdout
    assert "deselected" not in done.stdout


def test_other_files_start_the_servers() -> None:
    done = collect("tests/config/test_queues.py")
    assert done.returncode != 0
    assert "CELERY_BROKER_URL is not: set both" in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("paths", "expression", "pure"),
    [
        (["tests/common"], "", True),
        (["tests/config/test_pure_tests.py::test_x[a/b::c]"], "", True),
        (["tests/common", "tests/config"], "", False),
        (["tests/config/test_queues.py"], "", False),
        ([], "", False),
        ([], "pure", True),
        ([], "not pure", False),
        (["tests/nowhere.py"], "", False),
    ],
)
def test_a_run_is_pure_if_every_file_in_it_is(paths: list[str], expression: str, pure: bool) -> None:
    assert only_pure([str(ROOT / path) for path in paths], expression) is pure
