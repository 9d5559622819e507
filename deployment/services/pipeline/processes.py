"""Each step is a process of its own: torch and llama.cpp never meet in one process, nor in a Celery worker."""

import subprocess
import sys
from typing import Any

from django.conf import settings

from common import jsonl

_STEP_SECONDS = 6 * 3600


class BuildError(Exception):
    """A step failed in a way that another try will not mend; the message says which, why and what to do."""


def run(module: str, *arguments: object, lock: int) -> str:
    """Run a command of ours; its standard output. `BuildError` with the end of its log where it fails.

    The process keeps the step's lock open: should this worker be killed, the next one waits for what still writes.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=_STEP_SECONDS,
        check=False,
        pass_fds=(lock,),
    )
    if done.returncode < 0:
        raise subprocess.SubprocessError(f"{module} {arguments[0]} was killed by signal {-done.returncode}")
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise BuildError(f"{module} {arguments[0]} failed:\n{tail}")
    return done.stdout


def run_json(module: str, *arguments: object, lock: int) -> dict[str, Any]:
    """Run a command that prints a JSON object as its last line; the object."""
    found: dict[str, Any] = jsonl.last(run(module, *arguments, lock=lock))
    return found
