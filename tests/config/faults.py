"""A real launcher with one thing broken: for the tests of what it does then."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.config.processes import ROOT, clean_env

# Each process of the table by a word of its command.
CHILDREN = {
    "web": "config.wsgi:application",
    "worker-urgent": "urgent@%h",
    "worker": "default@%h",
    "worker-bulk": "bulk@%h",
    "worker-vectors": "vectors@%h",
    "worker-heads": "heads@%h",
    "worker-build": "build@%h",
    "worker-gpu": "gpu@%h",
    "beat": "beat",
    "models": "deployment.servers.localserver",
}
# Python runs this before anything else: in the process whose command has the word, and in those that are to sleep, as
# what takes seconds to start and is not looked at.
_BROKEN = """
import os, sys, time
if set(os.environ.get("TOUCHSTONE_ASLEEP", "").split()) & set(sys.orig_argv):
    time.sleep(600)
if os.environ.get("TOUCHSTONE_BREAK") in sys.orig_argv:
    if os.environ["TOUCHSTONE_BREAK_BY"] == "hanging":
        time.sleep(600)
    print("ready to work", "ImportError: broken on purpose", "bye", sep="\\n", flush=True)
    os._exit(3)
"""


def launch_env(var: Path, **extra: str) -> dict[str, str]:
    return clean_env() | {"TOUCHSTONE_VAR": str(var)} | extra


def breaking(folder: Path, child: str, how: str, *, others: bool = True) -> dict[str, str]:
    """The environment in which `child` alone ends at once, or hangs; where `others` is false, these do nothing."""
    (folder / "shim").mkdir(exist_ok=True)
    (folder / "shim" / "sitecustomize.py").write_text(_BROKEN)
    asleep = [] if others else [word for name, word in CHILDREN.items() if name != child]
    return {
        "PYTHONPATH": str(folder / "shim"),
        "TOUCHSTONE_BREAK": CHILDREN[child],
        "TOUCHSTONE_BREAK_BY": how,
        "TOUCHSTONE_ASLEEP": " ".join(asleep),
    }


def serve(var: Path, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """A `serve` that is expected to end by itself."""
    command = [sys.executable, "-m", "config.launcher", "serve", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=launch_env(var, **extra), timeout=120)


def left_running(var: Path) -> list[str]:
    """What runs in the environment of a launcher on `var`."""
    return [" ".join(process.cmdline()) for process in _family(var)]


def _family(var: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get("TOUCHSTONE_VAR") == str(var) and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


def leader(var: Path, word: str) -> int | None:
    """The process that the launcher itself started, by a word of its command: it leads a group. None between two."""
    found = [each.pid for each in _family(var) if word in each.cmdline() and os.getpgid(each.pid) == each.pid]
    return found[0] if found else None
