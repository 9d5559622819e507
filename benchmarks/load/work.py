"""What goes on beside the requests: an import through the page, a training that lasts, moves of the live version."""

import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.load.doors import PATIENCE
from benchmarks.report import Figure
from common import jsonl
from common.actor import Actor
from demo import tiny
from demo.load import Sent
from labeling.models import ImportBatch, Project
from training.models import TrainingRun
from training.services import start_run

# A run beside all the rest has about a third of the pace of one that is alone.
_SHARE = 0.33


def write_rows(folder: Path, rows: int, seed: int) -> Path:
    """A file of so many texts."""
    path = folder / f"load-{seed}.jsonl"
    jsonl.write(path, ({"text": each["text"]} for each in tiny.messages(rows, seed)))
    return path


def upload(session: httpx.Client, project: Project, path: Path) -> ImportBatch:
    """Have a file imported through the page. `SystemExit` where the page refuses it."""
    page = f"/projects/{project.key}/imports/"
    with path.open("rb") as file:
        token = {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
        answer = session.post(
            page,
            data=token | {"format": "jsonl", "text_column": "text", "answers": "none"},
            files={"file": file},
            headers={"Referer": str(session.base_url)},
        )
    if answer.status_code != httpx.codes.FOUND:
        said = re.findall(r"errorlist[^>]*>\s*(?:<li>)?([^<]+)", answer.text)
        raise SystemExit(f"The upload was answered by {answer.status_code} {' '.join(said)}")
    return ImportBatch.objects.get(uid=answer.headers["Location"].rstrip("/").rpartition("/")[2])


def train(actor: Actor, project: Project, seconds: float) -> TrainingRun:
    """Start a training that lasts about so long beside everything else, from the pace of the project's first one."""
    first = TrainingRun.objects.filter(project=project, state=TrainingRun.State.SUCCEEDED).earliest("pk")
    assert first.started_at is not None
    assert first.finished_at is not None
    pace = first.step / (first.finished_at - first.started_at).total_seconds()
    steps = {"max_steps": max(20, int(seconds * pace * _SHARE))}
    return start_run(actor, project, trigger=TrainingRun.Trigger.MANUAL, overrides=steps, again=True)


@dataclass
class Mover:
    """Promotions through REST, each of the other of two versions; the clock of a move is that of its request."""

    url: str
    secret: str
    numbers: tuple[int, int]
    sent: list[Sent] = field(default_factory=list)
    _done: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)

    def move(self) -> None:
        """Ask for a move and go on; moves do not overlap, so one that hangs delays the next."""
        thread = threading.Thread(target=self._move, args=(len(self._threads), time.monotonic()), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _move(self, number: int, due: float) -> None:
        if number:
            self._threads[number - 1].join()
        began, failure = time.monotonic(), ""
        body = {"version": self.numbers[self._done % 2], "reason": "Load"}
        try:
            answer = httpx.post(
                self.url, json=body, headers={"Authorization": f"Bearer {self.secret}"}, timeout=PATIENCE
            )
            if answer.status_code == httpx.codes.CREATED:
                self._done += 1
            else:
                failure = f"'{answer.status_code} "
                print(f"promotion of v{body['version']}: {answer.status_code} {answer.text[:300]}")
        except httpx.HTTPError as error:
            failure = repr(error)
        self.sent.append(Sent(began, time.monotonic(), str(body["version"]), failure=failure, late=began - due))

    def wait(self) -> None:
        """Until every move has been answered."""
        for thread in self._threads:
            thread.join()


def await_end(row: Any, patience: float) -> None:
    """Until an import or a run is over, or `patience` seconds have passed."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        row.refresh_from_db()
        if row.finished_at is not None:
            return
        time.sleep(1.0)


def told(batch: ImportBatch, run: TrainingRun, rows: int) -> dict[str, dict[str, Figure]]:
    """What became of both, and whether every row of the file is accounted for."""
    accounted = batch.imported + batch.duplicates + batch.bad_rows
    return {
        "import": {"state": batch.state, "of": rows, "done": accounted, "seconds": _seconds(batch.created_at, batch)},
        "training": {
            "state": run.state,
            "of": run.total_steps,
            "done": run.step,
            "seconds": _seconds(run.created_at, run),
        },
    }


def _seconds(began: Any, row: Any) -> float | None:
    return round((row.finished_at - began).total_seconds(), 1) if row.finished_at else None
