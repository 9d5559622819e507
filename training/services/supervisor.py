"""Run the engine as a child process and carry what it reports into the rows.

One writer per DIR: the row's lease lets one supervisor in, the engine's file lock on DIR refuses a second writer, and
an engine whose supervisor is gone ends by itself. After a `kill -9` the run goes on from its last checkpoint.
"""

import json
import logging
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from labeling import leases
from labeling.problems import ProblemError
from training.models import RunEvent, TrainingRun
from training.services.bases import obtain_base, resolve_location
from training.services.events import EventTail, summarise
from training.services.runs import enqueue
from training.services.snapshots import folder_of
from training.services.versions import publish_version, run_folder

logger = logging.getLogger(__name__)
State = TrainingRun.State

POLL_SECONDS = 0.5
MAX_ATTEMPTS = 5
STOP_SECONDS = 60
# Exit codes of the engine (see training/engine/__main__.py).
OK, PAUSED, CANCELLED, LOCKED, ORPHANED = 0, 3, 4, 5, 6
_ENDINGS = {
    PAUSED: "The engine was asked to pause; the run goes on from its checkpoint.",
    LOCKED: "Another engine holds the run's folder.",
    ORPHANED: "The engine lost its supervisor.",
}


def execute(run_id: int) -> None:
    """Claim the run, train, publish. Returns quietly where another worker holds it or it has ended."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    token = leases.claim(TrainingRun, run_id, waiting=[State.QUEUED], working=State.RUNNING, worker=worker)
    if token is None:
        return
    run = TrainingRun.objects.select_related("snapshot", "project", "base").get(pk=run_id)
    if run.started_at is None:
        leases.renew(TrainingRun, run_id, token, started_at=timezone.now())
    logger.info("run %s of %s: attempt %s on %s", run.pk, run.project.key, run.attempts, worker)
    try:
        with leases.heartbeat(TrainingRun, run_id, token):
            obtain_base(run.base)
        folder = prepare_folder(run)
        code = _train(run, token, folder)
        _conclude(run, token, folder, code)
    except leases.LeaseLostError:
        logger.warning("run %s: the lease went to another worker; this one stops", run_id)
    except ProblemError as error:
        _fail(run, token, str(error))
    except (OSError, subprocess.SubprocessError) as error:
        _fail(run, token, f"The run's folder or the engine cannot be used: {error}")


def prepare_folder(run: TrainingRun) -> Path:
    """DIR with `config.yaml` and `data/`, made once; a DIR that is there is used as it is."""
    folder = run_folder(run)
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    for split in ("train", "validation"):
        target = data / f"{split}.jsonl"
        if not target.exists():
            temporary = target.with_suffix(".part")
            shutil.copyfile(folder_of(run.snapshot) / f"{split}.jsonl", temporary)
            temporary.replace(target)
    config = folder / "config.yaml"
    if not config.exists():
        temporary = config.with_suffix(".part")
        # The base may lie elsewhere on this host than where the run was asked for.
        base = {**run.config["base_model"], "name": resolve_location(run.base), "revision": run.base.revision or None}
        temporary.write_text(yaml.safe_dump({**run.config, "base_model": base}, sort_keys=False), encoding="utf-8")
        temporary.replace(config)
    return folder


def engine_command(folder: Path, token: uuid.UUID) -> list[str]:
    """The command that trains in `folder`, bound to this process and this lease."""
    python = [sys.executable, "-m", "training.engine", "train"]
    return [*python, "--run", str(folder), "--lease", str(token), "--supervisor-pid", str(os.getpid())]


def _train(run: TrainingRun, token: uuid.UUID, folder: Path) -> int:
    """Start the engine and follow it to its end; its exit code. A DIR still locked by an orphan is waited for."""
    deadline = time.monotonic() + STOP_SECONDS
    while True:
        with (folder / "engine.log").open("ab") as log:
            engine = subprocess.Popen(
                engine_command(folder, token), stdout=log, stderr=subprocess.STDOUT, cwd=settings.BASE_DIR
            )
        try:
            code = _follow(run, token, folder, engine)
        finally:
            _end(engine)
        if code != LOCKED or time.monotonic() > deadline:
            return code
        logger.info("run %s: its folder is still locked by an earlier engine; waiting", run.pk)
        time.sleep(POLL_SECONDS)  # the orphan ends at its next step


def _follow(run: TrainingRun, token: uuid.UUID, folder: Path, engine: "subprocess.Popen[bytes]") -> int:
    tail = EventTail(folder / "events.jsonl", _last_seq(run))
    while True:
        code = engine.poll()
        events = tail.read()
        store_events(run, events)
        leases.renew(TrainingRun, run.pk, token, **summarise(events))
        if TrainingRun.objects.filter(pk=run.pk, cancel_requested=True).exists():
            _order(folder, "cancel")
        if code is not None:
            return code
        time.sleep(POLL_SECONDS)


def _last_seq(run: TrainingRun) -> int:
    newest = RunEvent.objects.filter(run=run).order_by("-seq").values_list("seq", flat=True).first()
    return -1 if newest is None else newest


def store_events(run: TrainingRun, events: list[dict[str, Any]]) -> None:
    """Append events as rows; those already there are left alone."""
    RunEvent.objects.bulk_create(
        [
            RunEvent(
                run=run,
                seq=event["seq"],
                kind=event["kind"],
                at=event["time"],
                payload={key: value for key, value in event.items() if key not in {"seq", "kind", "time"}},
            )
            for event in events
        ],
        ignore_conflicts=True,
    )


def _order(folder: Path, action: str) -> None:
    temporary = folder / "control.json.part"
    temporary.write_text(json.dumps({"action": action}), encoding="utf-8")
    temporary.replace(folder / "control.json")


def _end(engine: "subprocess.Popen[bytes]") -> None:
    """Never leave an engine behind that nobody supervises."""
    if engine.poll() is not None:
        return
    engine.terminate()
    try:
        engine.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        engine.kill()
        engine.wait()


def _conclude(run: TrainingRun, token: uuid.UUID, folder: Path, code: int) -> None:
    if code == OK and (folder / "manifest.json").is_file():
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        leases.renew(TrainingRun, run.pk, token, metrics=manifest.get("metrics", {}))
        publish_version(run)
        leases.finish(TrainingRun, run.pk, token, state=State.SUCCEEDED, finished_at=timezone.now(), error="")
        logger.info("run %s of %s succeeded", run.pk, run.project.key)
    elif code == CANCELLED:
        leases.finish(TrainingRun, run.pk, token, state=State.CANCELLED, finished_at=timezone.now())
    elif code in {LOCKED, ORPHANED, PAUSED} or code < 0:
        # Ended from outside: back to the queue, the next worker resumes from the last checkpoint.
        _requeue(run, token, _ENDINGS.get(code, f"The engine was killed by signal {-code}."), code)
    else:
        _fail(run, token, _failure(run) or log_tail(folder, 15) or f"The engine ended with code {code}, without a log.")


def _failure(run: TrainingRun) -> str:
    """What the engine itself gave as the reason, as its last word."""
    last = RunEvent.objects.filter(run=run).order_by("-seq").first()
    return str(last.payload.get("error", "")) if last is not None and last.kind == "failed" else ""


def _requeue(run: TrainingRun, token: uuid.UUID, why: str, code: int) -> None:
    if code == PAUSED:
        # Ended in order, with a checkpoint: that is no attempt that failed.
        leases.finish(TrainingRun, run.pk, token, state=State.QUEUED, error=why, attempts=F("attempts") - 1)
    elif run.attempts >= MAX_ATTEMPTS:
        _fail(run, token, f"{why} Given up after {run.attempts} attempts; see the log, then repeat the run.")
        return
    else:
        leases.finish(TrainingRun, run.pk, token, state=State.QUEUED, error=why)
    logger.warning("run %s: %s Queued again.", run.pk, why)
    enqueue(run.pk)


def _fail(run: TrainingRun, token: uuid.UUID, error: str) -> None:
    logger.error("run %s of %s failed: %s", run.pk, run.project.key, error.splitlines()[-1])
    leases.finish(TrainingRun, run.pk, token, state=State.FAILED, finished_at=timezone.now(), error=error)


def log_tail(folder: Path, lines: int = 40) -> str:
    """The last lines of the engine's log; empty before it wrote any."""
    path = folder / "engine.log"
    if not path.is_file():
        return ""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 200 * lines))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
