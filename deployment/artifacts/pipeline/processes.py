"""Each step is a process of its own: torch and llama.cpp never meet in one process, nor in a Celery worker."""

import signal
import subprocess
import sys
from typing import Any

from django.conf import settings

from common import children, jsonl
from common.environment import child_environment
from common.locks import Lock
from common.toolwords import Words

ENGINE = "training.engine"
_STEP_SECONDS = 6 * 3600


class BuildError(Exception):
    """A step failed in a way that another try will not mend; the message says which, why and what to do."""


def run(module: str, *arguments: object, lock: Lock, key: str = "") -> str:
    """Run a command of ours; its standard output.

    Raises `BuildError` where it fails, and `SubprocessError`, which may be tried again, where it was killed or hung.
    The process keeps the step's lock open: should this worker be killed, the next one waits for what still writes.
    `key` is the variable with the hub's token, which the engine alone is given.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    try:
        done = children.run(
            command,
            silence=settings.SILENCE_SECONDS,
            total=_STEP_SECONDS,
            watch=lock.working,
            cwd=settings.BASE_DIR,
            env=child_environment(key, network=True) if module == ENGINE else child_environment(),
            pass_fds=(lock.descriptor,),
        )
    except children.SilentError as error:
        raise subprocess.SubprocessError(f"{arguments[0]} was ended: {error}.") from error
    if done.code < 0:
        raise subprocess.SubprocessError(_killed(str(arguments[0]), -done.code))
    if done.code:
        raise BuildError(str(Words.of(done.errors or done.output, doing=str(arguments[0]))))
    return done.output


def _killed(step: str, number: int) -> str:
    memory = " Most likely the host had no memory left for it." if number == signal.SIGKILL else ""
    return f"{step} was killed by signal {number}.{memory}"


def run_json(module: str, *arguments: object, lock: Lock) -> dict[str, Any]:
    """Run a command that prints a JSON object as its last line; the object."""
    found: dict[str, Any] = jsonl.last(run(module, *arguments, lock=lock))
    return found
