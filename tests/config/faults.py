"""A real launcher with one thing broken: for the tests of what it does then."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from config.embedded.server import free_port
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
# A launcher that starts its processes once for each environment given, and tries none of them twice; what it says each
# time, and what it leaves.
_AGAIN = """
import json, os, sys
from pathlib import Path
from config.launcher import session as sessions
from config.launcher.console import Console
from config.launcher.stopping import StopRequest
from tests.config.faults import leaders
sessions.FALLS_ALLOWED = 1
var, found = Path(os.environ["TOUCHSTONE_VAR"]), {}
console = Console(var / "log", quiet=True)
with sessions.Session(var, port=int(sys.argv[1]), stop=StopRequest().install(), console=console) as session:
    session.set_up()
    for name, environment in json.loads(sys.argv[2]).items():
        os.environ |= environment
        try:
            session.launch()
        except sessions.LauncherError as error:
            said = str(error)
        else:
            said = "it is up"
        session.supervisor.stop()
        found[name] = [said, list(leaders(os.getpid()))]
print(json.dumps(found))
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


def launched_with(var: Path, environments: dict[str, dict[str, str]]) -> dict[str, tuple[str, list[str]]]:
    """Of one launcher that starts its processes in one environment after the other: what it said, what it left."""
    words = [str(free_port()), json.dumps(environments)]
    done = subprocess.run(
        [sys.executable, "-c", _AGAIN, *words], capture_output=True, text=True, cwd=ROOT, env=launch_env(var),
        timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {name: (said, left) for name, (said, left) in json.loads(done.stdout).items()}


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


def leaders(launcher: int) -> dict[str, int]:
    """The processes that a launcher has started, by their names; between two there is none of that name."""
    found: dict[str, int] = {}
    for each in psutil.Process(launcher).children():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            words = each.cmdline()
            if os.getpgid(each.pid) == each.pid and each.status() != psutil.STATUS_ZOMBIE:
                found |= {name: each.pid for name, word in CHILDREN.items() if word in words}
    return found


def copy_of(var: Path, folder: Path) -> Path:
    """A copy of a runtime folder below another one; the database's files stay its account's."""
    subprocess.run(["cp", "-a", str(var), str(folder)], check=True)
    return folder / var.name
