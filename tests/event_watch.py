"""The rule over the whole suite: whoever writes a domain table writes, in the same transaction, an event of it.

A transaction is the outermost `atomic` block that is not the test's own; a statement outside any is one by itself. Only
what our floors write counts: the nearest frame that is ours, or a test's, says whose statement it is.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.db.backends.signals import connection_created

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("common", "config", "labeling", "training", "deployment", "evaluation", "demo")
EVENTS = "labeling_event"
_WRITE = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')
_SET = re.compile(r'"(\w+)" = ')

# Tables whose rows are themselves a record of what happened, one by one, or of how far something is.
TABLES = {
    "labeling_prediction": "predictions are the record of what was asked",
    "deployment_failedrequest": "the same, of what got no answer",
    "labeling_keptresponse": "what a request was answered, for a day; what it did has its event",
    "labeling_news": "the outbox, written with its event",
    "labeling_notification": "who was told of an event, and has seen it",
    "labeling_digest": "a mail of these, and whether it was sent",
    "labeling_delivery": "a message of these to a program, and each try",
    "labeling_textvector": "made of the texts by a program, with nobody's decision in them",
    "labeling_vectorset": "how far that is",
    "labeling_alikegroup": "found by the same program; nothing follows from it",
    "labeling_aliketext": "the same",
    "labeling_ranking": "how far the places are, which a program computes",
    "labeling_place": "what it computed",
    "labeling_turn": "how many texts the streams gave whom; an order that is chosen has its event",
    "labeling_logincounter": "how often log-ins failed; each refusal has an event",
    "training_runevent": "the engine's own events; the run's end has one of ours",
    "training_workerheartbeat": "signs of life",
    "evaluation_caseresult": "a trace per case; the benchmark's end has one event",
    "deployment_buildstep": "how far a build is; its end has one event",
    "deployment_deploymenttarget": "how far a move is on one server; the move has its events",
}
# Columns that say who holds a row, or what a probe saw last, and nothing about what was decided.
COLUMNS = {
    "labeling_sample": ({"lease_user_id", "lease_until", "stream"}, "an expert's lease, and what gave it"),
    "labeling_apitoken": ({"last_used_at"}, "a sign of life"),
    "labeling_user": (
        {"last_login", "reset_asked_at", "unread_news"},
        "a sign of life; a mail that is still to be sent; how much was not read yet",
    ),
    "deployment_inferenceserver": (
        {"failures", "unavailable_until", "error", "version", "seen_at"},
        "what a probe saw",
    ),
    "deployment_stagedversion": ({"error"}, "why a removed tag is still there"),
}
# Functions of ours, by module and name.
FUNCTIONS = {
    ("deployment/promotion/steps.py", "_write"): "how far a move is; its begin and its switch have events",
    ("common/leases.py", "take"): "a lease is claimed",
    ("common/leases.py", "renew"): "a lease is kept, and progress with it",
    ("common/leases.py", "moved"): "tries are counted anew",
    ("labeling/services/imports.py", "import_rows"): "one event per import, at its end, not per chunk",
}


@dataclass
class Block:
    """One open `atomic` block: what was written in it, and whether an event was."""

    writes: list[str] = field(default_factory=list)
    told: bool = False


class Watch:
    """Looks at every statement of every connection; `broken` are the transactions that no event tells of."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        ours = ("labeling", "training", "deployment", "evaluation")
        models = [model for label in ours for model in apps.get_app_config(label).get_models(include_auto_created=True)]
        self.tables = {model._meta.db_table for model in models} - {EVENTS} - set(TABLES)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        match = _WRITE.match(sql) if isinstance(sql, str) else None
        # A conditional update that came too late has changed nothing.
        if match is not None and context["cursor"].rowcount:
            self._note(context["connection"], match.group(2), sql)
        return result

    def _note(self, connection: Any, table: str, sql: str) -> None:
        blocks = blocks_of(connection)
        if table == EVENTS:
            if blocks:
                blocks[-1].told = True
            return
        if table not in self.tables or _only_allowed_columns(table, sql):
            return
        where = whose()
        if not where:
            return
        if blocks:
            blocks[-1].writes.append(f"{table} by {where}")
        else:
            self.broken.append(f"{table} by {where}, outside any transaction")

    def close(self, connection: Any, kept: bool) -> None:
        """The innermost block ends; what it wrote belongs to the one around it, or is judged."""
        blocks = blocks_of(connection)
        block = blocks.pop()
        if not kept:
            return
        if blocks:
            blocks[-1].writes += block.writes
            blocks[-1].told |= block.told
        elif block.writes and not block.told:
            self.broken.append("; ".join(dict.fromkeys(block.writes)))


def blocks_of(connection: Any) -> list[Block]:
    """The open blocks of a connection, the test's own left out."""
    if not hasattr(connection, "watched_blocks"):
        connection.watched_blocks = []
    found: list[Block] = connection.watched_blocks
    return found


def _only_allowed_columns(table: str, sql: str) -> bool:
    if table not in COLUMNS or not sql.lstrip().startswith("UPDATE"):
        return False
    changed = set(_SET.findall(sql.partition(" SET ")[2].partition(" WHERE ")[0]))
    return changed <= COLUMNS[table][0]


def whose() -> str:
    """Where the statement comes from, as `module:line function`; empty where a test wrote it, or it is allowed."""
    frame = sys._getframe(1)
    found = ""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(f"{ROOT}/") and "/.venv/" not in path and not path.endswith("tests/event_watch.py"):
            name = path.removeprefix(f"{ROOT}/")
            floor = name.partition("/")[0]
            if floor in FLOORS and ("/models/" in name or name.endswith("/models.py")):
                frame = frame.f_back  # type: ignore[assignment]
                continue  # a model's own `save` is somebody's call
            if not found and floor not in FLOORS:
                return ""
            if (name, frame.f_code.co_name) in FUNCTIONS:
                return ""
            found = found or f"{name}:{frame.f_lineno} {frame.f_code.co_name}"
            if floor not in FLOORS:
                break
        frame = frame.f_back  # type: ignore[assignment]
    return found


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch all connections of this process, of whatever thread, for a whole session."""
    watch, atomic = Watch(), transaction.Atomic
    enter, leave = atomic.__enter__, atomic.__exit__

    def watched_enter(self: Any) -> None:
        enter(self)
        if not getattr(self, "_from_testcase", False):
            blocks_of(transaction.get_connection(self.using)).append(Block())

    def watched_exit(self: Any, kind: Any, error: Any, trace: Any) -> None:
        connection = transaction.get_connection(self.using)
        if not getattr(self, "_from_testcase", False) and blocks_of(connection):
            watch.close(connection, kept=kind is None and not connection.needs_rollback)
        leave(self, kind, error, trace)

    def add(connection: Any, **kwargs: Any) -> None:
        if watch not in connection.execute_wrappers:
            connection.execute_wrappers.append(watch)

    for connection in connections.all():
        add(connection)
    connection_created.connect(add, weak=False)
    atomic.__enter__, atomic.__exit__ = watched_enter, watched_exit  # type: ignore[method-assign]
    try:
        yield watch
    finally:
        atomic.__enter__, atomic.__exit__ = enter, leave  # type: ignore[method-assign]
        connection_created.disconnect(add)
