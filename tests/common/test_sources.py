"""What went wrong once is looked for in the source: lines split by Python's idea of them, JSON without bounds."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("common", "config", "labeling", "training", "deployment", "evaluation", "demo")

_LOG = "the end of a program's log, shown to a person"
SPLITLINES = {
    "common/toolwords.py": _LOG,
    "config/embedded/postgres.py": "PostgreSQL's own pid file",
    "config/embedded/server.py": _LOG,
    "config/health.py": "the first line of an error's text",
    "deployment/artifacts/gguf/converter.py": _LOG,
    "deployment/artifacts/gguf/quantizer.py": _LOG,
    "deployment/artifacts/gguf/source.py": _LOG,
    "deployment/servers/localserver/memory.py": "the kernel's file",
    "deployment/servers/localserver/openmp.py": "the kernel's file",
    "deployment/servers/localserver/process.py": _LOG,
    "deployment/artifacts/placement.py": _LOG,
    "training/engine/bases/tiny.py": "texts to learn pieces from: no piece may reach over any end of line",
    "training/engine/devices.py": "a table that a driver's tool prints",
    "training/engine/train.py": "the first line of an error's text",
    "training/engine/looks/words.py": "the first line of an error's text",
    "training/services/engine_process.py": _LOG,
    "training/services/supervisor.py": _LOG,
}
_OURS = "a small file that this project writes by itself"
JSON_READERS = {
    "common/locks.py": _OURS,
    "common/jsonbounds.py": "the reader with bounds",
    "config/embedded/lock.py": _OURS,
    "config/launcher/environment.py": _OURS,
    "config/launcher/session.py": "the answer of our own /readyz",
    "labeling/json_field.py": "with the decoder that has bounds",
    "labeling/answers.py": "what `jsonbounds.check` has passed",
    "labeling/loose_json.py": "single strings and numbers of what `jsonbounds.check` has passed",
    "demo/setup.py": _OURS,
    "demo/load.py": "the answers of our own API",
    "deployment/artifacts/gguf/__main__.py": "the configuration of weights that were merged here",
    "deployment/artifacts/gguf/vocabulary.py": "the answers of our own child process",
    "deployment/servers/localserver/registry.py": _OURS,
    "deployment/artifacts/pipeline/steps.py": _OURS,
    "deployment/artifacts/pipeline/store.py": _OURS,
    "deployment/servers/drivers/ollama.py": "within `errors`, which knows what too deep an answer raises",
    "deployment/servers/drivers/ollama_staging.py": "as in `ollama.py`",
    "deployment/servers/drivers/ollama_pull.py": "as in `ollama.py`",
    "evaluation/services/reports.py": "a copy of our own figures",
    "training/engine/answers.py": _OURS,
    "training/engine/best.py": _OURS,
    "training/engine/bases/smollm2.py": "the tokenizer of a package whose hash is pinned",
    "training/engine/checkpoints.py": _OURS,
    "training/engine/heads/classify.py": _OURS,
    "training/engine/merge.py": _OURS,
    "training/engine/phases.py": _OURS,
    "training/engine/rundir.py": _OURS,
    "training/engine/rungs.py": _OURS,
    "training/engine/seeds.py": _OURS,
    "training/engine/validated.py": _OURS,
    "training/services/dryruns.py": _OURS,
    "training/services/snapshots.py": _OURS,
    "training/services/supervisor.py": _OURS,
    "training/services/versions.py": _OURS,
}


def sources(*extra: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in (*FLOORS, *extra):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[str]:
    """`owner.name` of every call of an attribute; `.name` where the owner is more than a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            yield f"{owner.id if isinstance(owner, ast.Name) else ''}.{node.func.attr}"


def splits_lines(tree: ast.Module) -> bool:
    return any(call.endswith(".splitlines") for call in calls(tree))


def reads_json(tree: ast.Module) -> bool:
    unbounded = ("json.loads", "json.load", "json.JSONDecoder", "ijson.items", "ijson.parse", "ijson.kvitems")
    return any(call in unbounded or call in ("response.json", "request.json", "answer.json") for call in calls(tree))


def test_no_file_is_split_into_lines_by_pythons_idea_of_them() -> None:
    found = {name for name, tree in sources() if splits_lines(tree)}
    assert found - SPLITLINES.keys() == set(), "read with common.jsonl, or split at '\\n', or say here why not"


def test_json_from_outside_is_read_within_bounds() -> None:
    found = {name for name, tree in sources() if reads_json(tree)}
    assert found - JSON_READERS.keys() == set(), "read with common.jsonbounds, or say here why not"


def test_both_checks_find_what_they_look_for() -> None:
    bad = ast.parse("rows = [json.loads(line) for line in path.read_text().splitlines()]")
    good = ast.parse("rows = list(jsonl.read(path)); lines = text.split('\\n'); value = jsonbounds.loads(text)")
    assert (splits_lines(bad), reads_json(bad)) == (True, True)
    assert (splits_lines(good), reads_json(good)) == (False, False)
