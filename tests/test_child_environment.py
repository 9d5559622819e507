"""Child processes get what they need of our environment, and no secret that is not theirs."""

import ast
import asyncio
import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.environment import child_environment, key_named
from common.locks import held
from config.launcher.environment import ROOT, names_of_settings, of_processes
from deployment.artifacts.gguf.converter import SCRIPT, ConverterError, convert
from deployment.artifacts.pipeline import processes
from deployment.servers.localserver.process import RunnerError, start_runner
from deployment.servers.localserver.registry import Entry
from training.methods import HEAD, SFT, Method
from training.services import engine_process

SECRETS = {
    "SECRET_KEY": "s",
    "DATABASE_URL": "postgresql://a:secret@db/c",
    "CELERY_BROKER_URL": "redis://:secret@queue/0",
    "LOCAL_MODEL_SERVER_KEY": "s",
    "AWS_SECRET_ACCESS_KEY": "s",
    "GITHUB_TOKEN": "s",
    "TOUCHSTONE_KEY_OTHER": "s",
}
OF_NETWORK = {"HF_TOKEN": "hf", "https_proxy": "http://proxy:3128", "PIP_INDEX_URL": "https://index"}
PLAIN = {"HF_HOME": "/cache", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp"}
_SHIM = """
import json, os
with open(os.path.join(os.environ["TOUCHSTONE_DUMP"], str(os.getpid())), "w") as file:
    json.dump(dict(os.environ), file)
"""
STARTS = {"subprocess.run", "subprocess.Popen", "asyncio.create_subprocess_exec"}
Seen = Callable[[], list[dict[str, str]]]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Seen:
    """What each Python process that was started since had for an environment."""
    (tmp_path / "shim").mkdir()
    (tmp_path / "dump").mkdir()
    (tmp_path / "shim" / "sitecustomize.py").write_text(_SHIM)
    given = {
        "TOUCHSTONE_KEY_HUB": "hub",
        "PYTHONPATH": str(tmp_path / "shim"),
        "TOUCHSTONE_DUMP": str(tmp_path / "dump"),
    }
    for name, value in (SECRETS | OF_NETWORK | PLAIN | given).items():
        monkeypatch.setenv(name, value)
    return lambda: [json.loads(path.read_text()) for path in (tmp_path / "dump").iterdir()]


def holds(environments: list[dict[str, str]], *allowed: str, network: bool = False) -> None:
    assert environments
    for each in environments:
        assert SECRETS.keys() & each.keys() <= set(allowed)
        assert ("TOUCHSTONE_KEY_HUB" in each) == ("TOUCHSTONE_KEY_HUB" in allowed)
        assert (OF_NETWORK.keys() <= each.keys()) == network
        assert network or not OF_NETWORK.keys() & each.keys()
        assert PLAIN.items() <= each.items()
        assert each["PATH"] == os.environ["PATH"]


class Waiting:
    """In place of what carries an engine's events into rows: this test has none."""

    def __init__(self, engine: "subprocess.Popen[bytes]") -> None:
        self.engine = engine

    def to_the_end(self) -> engine_process.Ending:
        return engine_process.Ending(self.engine.wait())


@pytest.mark.parametrize("method", [SFT, HEAD], ids=lambda method: method.name)
def test_the_engine_of_a_training(seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: Method) -> None:
    """A head's has everything here, and reaches nothing."""
    run: Any = SimpleNamespace(pk=1, base=SimpleNamespace(token_env="TOUCHSTONE_KEY_HUB"), way=method)
    monkeypatch.setattr(engine_process, "engine_command", lambda run, folder, token: [sys.executable, "-c", ""])
    monkeypatch.setattr(engine_process, "_Following", lambda run, token, folder, engine: Waiting(engine))
    assert engine_process.run_engine(run, uuid.uuid4(), tmp_path).code == 0
    holds(seen(), "TOUCHSTONE_KEY_HUB", network=not method.of_encoder)


def test_a_step_of_the_engine(seen: Seen, tmp_path: Path) -> None:
    with held(tmp_path / "lock") as lock, pytest.raises(processes.BuildError):
        processes.run(processes.ENGINE, "merge", lock=lock, key="TOUCHSTONE_KEY_HUB")
    holds(seen(), "TOUCHSTONE_KEY_HUB", network=True)


def test_a_step_of_llama_cpp(seen: Seen, tmp_path: Path) -> None:
    with held(tmp_path / "lock") as lock, pytest.raises(processes.BuildError):
        processes.run("deployment.artifacts.gguf", "inspect", lock=lock, key="TOUCHSTONE_KEY_HUB")
    holds(seen())


def test_the_converter(seen: Seen, tmp_path: Path) -> None:
    # Its own library comes before the shim's folder, so it dumps by itself.
    (tmp_path / SCRIPT).write_text(f"{_SHIM}\nraise SystemExit(1)")
    with pytest.raises(ConverterError):
        convert(tmp_path, tmp_path / "out.gguf", converter=tmp_path)
    holds(seen())


def test_a_model_of_the_local_server(seen: Seen) -> None:
    entry = Entry(tag="a", path="/nowhere.gguf", sha256="", size=1, context=512, slots=1, created_at="")
    with pytest.raises(RunnerError):
        asyncio.run(start_runner(entry, 1))
    holds(seen())
    assert all(each["TOUCHSTONE_CHILD_KEY"] for each in seen())


def test_what_a_site_names_itself_is_passed_on(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHSTONE_PASS", "AWS_SECRET_ACCESS_KEY, SOMETHING")
    subprocess.run([sys.executable, "-c", ""], env=child_environment(), check=True)
    holds(seen(), "AWS_SECRET_ACCESS_KEY")


def test_our_own_processes_get_every_setting_and_nothing_foreign(seen: Seen) -> None:
    subprocess.run([sys.executable, "-c", ""], env=of_processes({"DATABASE_URL": "ours"}), check=True)
    (found,) = seen()
    assert not {"AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"} & found.keys()
    assert found["DATABASE_URL"] == "ours"
    assert found.keys() >= {"SECRET_KEY", "TOUCHSTONE_KEY_HUB", *OF_NETWORK}


def test_no_setting_is_forgotten() -> None:
    text = (ROOT / "config" / "settings.py").read_text()
    calls = re.findall(r"\benv\.\w+\(", text)
    assert len(calls) == len([name for name in names_of_settings() if not name.endswith("_FILE")])


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "", "TOUCHSTONE_VAR", "XTOUCHSTONE_KEY_A"])
def test_a_row_can_name_no_other_secret(name: str, seen: Seen) -> None:
    assert key_named(name) == ""
    assert key_named("TOUCHSTONE_KEY_HUB") == "hub"


def test_no_process_is_started_with_all_that_we_have() -> None:
    """The engine and the demo start programs, too: they are children, or a person's own command, themselves."""
    bare = []
    for floor in ("common", "config", "labeling", "training", "deployment", "evaluation"):
        for path in (ROOT / floor).rglob("*.py"):
            if (ROOT / "training" / "engine") in path.parents:
                continue
            for call in ast.walk(ast.parse(path.read_text())):
                if isinstance(call, ast.Call) and ast.unparse(call.func) in STARTS:
                    named = {word.arg for word in call.keywords}
                    bare += [] if "env" in named else [f"{path.relative_to(ROOT)}:{call.lineno}"]
    assert bare == []
