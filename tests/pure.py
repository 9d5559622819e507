"""Tests of pure code: a file with `pytestmark = pytest.mark.pure` needs no server, no Django and no conftest.

A run of such files alone (`pytest tests/common`, `pytest -m pure`) starts none of these, so it begins at once. The mark
is read from the text, since importing a test file may already need Django.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

MARK = "pytestmark = pytest.mark.pure"


def is_pure(file: Path) -> bool:
    """True for a test file that says so."""
    return MARK in file.read_text(encoding="utf-8").splitlines()


def only_pure(arguments: Sequence[str], expression: str) -> bool:
    """True if a run with these paths and this `-m` expression has pure tests alone. No path means all tests."""
    if expression == "pure":
        return True
    paths = [Path(argument.partition("::")[0]) for argument in arguments]
    files = [file for path in paths for file in (sorted(path.rglob("test_*.py")) if path.is_dir() else [path])]
    return bool(files) and all(file.is_file() and is_pure(file) for file in files)


def start_nothing(config: pytest.Config) -> None:
    """Leave out the conftests, which import the application, and the settings, without which pytest-django is idle."""
    config.known_args_namespace.noconftest = True
    # Empty, not absent: importing `config` would fill it in.
    os.environ["DJANGO_SETTINGS_MODULE"] = ""
