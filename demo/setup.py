"""What the demo needs before the loop can run: base model, people, project, model server."""

import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from common import jsonl
from common.actor import system
from demo import tiny
from demo.show import DemoError, Show
from demo.support_tags import INSTRUCTION, KEY, MAX_LABELS, MEANINGS, SHIPPED
from deployment.models import InferenceServer, ServingPolicy
from deployment.servers.drivers import Driver, DriverError, driver_for
from deployment.servers.registration import built_in_server
from evaluation.models import GatePolicy
from labeling import prompts, services
from labeling.kinds import LabelDef, Spec
from labeling.models import Project, Role, User
from training.methods import SFT
from training.models import BaseModel, RetrainPolicy, TrainingProfile
from training.server_names import server_tag
from training.services import list_shipped_base, load_builtin_profiles, register_base

DEMO = system("demo")
TINY_MESSAGES, TINY_TRAINING, SEED = 660, 6000, 11
THRESHOLD = 50
# Fifty corrections of natural messages take so small a model only so far; the paired test decides all the same.
GATE_MINIMUM = 0.2
# 56 steps of 4 on natural texts fit the demo's time: of few rows, small batches teach more than half as many of twice
# the size. A tiny model takes more steps in less time.
PROFILES: dict[str, dict[str, Any]] = {
    "smollm2": {"max_length": 512, "max_steps": 56, "batch_size": 4, "learning_rate": 2e-3},
    "tiny": {"max_length": 256, "max_steps": 90, "batch_size": 16, "learning_rate": 3e-3, "threads": 1},
}


@dataclass
class World:
    """Everything that the steps of the demo share."""

    show: Show
    base_name: str
    folder: Path
    base: BaseModel
    messages: list[dict[str, Any]]
    tags: list[tuple[str, str]]
    project: Project = field(init=False)
    expert: User = field(init=False)
    admin: User = field(init=False)
    passwords: dict[str, str] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def truth(self) -> dict[str, list[str]]:
        """The true tags by text: what the played expert knows."""
        return {row["text"]: row["labels"] for row in self.messages}


def make_world(show: Show, base_name: str, folder: Path) -> World:
    """Fetch or train the base model and read the messages that go with it."""
    folder.mkdir(parents=True, exist_ok=True)
    if base_name == "tiny":
        messages = list(tiny.messages(TINY_MESSAGES, SEED))
        show.say("[dim]BASE=tiny: generated texts, simple enough for a model of a million parameters.[/]")
        location, tags = make_tiny_base(show), [(tag, "") for tag in tiny.TAGS]
    else:
        messages = list(jsonl.read(SHIPPED))
        location, tags = list_shipped_base(DEMO).location, list(MEANINGS.items())
        run_engine(show, "fetch-base", "--out", settings.MODELS_DIR / location)
    record = json.loads((settings.MODELS_DIR / location / "base.json").read_text(encoding="utf-8"))
    base = register_base(DEMO, record.get("name", location), location, record["revision"])
    return World(show, base_name, folder, base, messages, tags)


def make_tiny_base(show: Show) -> str:
    """Train the tiny Llama from scratch, once; the name of its folder below the models folder."""
    location = "tiny-support-tags"
    rows = settings.MODELS_DIR / f"{location}.train.jsonl"
    rows.parent.mkdir(parents=True, exist_ok=True)
    spec = Spec("multi_label", INSTRUCTION, tuple(map(LabelDef, tiny.TAGS)), MAX_LABELS)
    messages = tiny.messages(TINY_TRAINING, SEED + 1)
    answers = (({"labels": tiny.mistaken(message, MAX_LABELS)}, message["text"]) for message in messages)
    jsonl.write(rows, (prompts.training_row(spec, text, answer) for answer, text in answers))
    out = settings.MODELS_DIR / location
    run_engine(
        show,
        "make-tiny",
        "--data",
        rows,
        "--out",
        out,
        "--seed",
        SEED,
        "--vocabulary",
        1024,
        "--threads",
        1,
        "--steps",
        280,
    )
    return location


def run_engine(show: Show, *arguments: object) -> None:
    """Run a command of the engine as a process of its own; `DemoError` with the end of its log where it fails."""
    command = [sys.executable, "-m", "training.engine", *map(str, arguments)]
    with show.bar(f"{arguments[0]}") as update:
        engine = subprocess.Popen(
            command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert engine.stdout is not None
        tail: list[str] = []
        for line in engine.stdout:
            tail = [*tail[-15:], line.rstrip()]
            update(0, note=_short(line))
        code = engine.wait()
    if code:
        raise DemoError(f"{arguments[0]} failed:\n" + "\n".join(tail))


def _short(line: str) -> str:
    try:
        event = jsonl.last(line)
    except ValueError:
        return line.strip()[:60]
    return " ".join(f"{name} {value}" for name, value in event.items() if name in {"kind", "step", "loss"})[:60]


def make_project(world: World) -> None:
    """The project with its people and policies, served by the local model server."""
    world.project = services.create_project(
        DEMO,
        key=KEY,
        name="Support tags",
        kind="multi_label",
        instruction=INSTRUCTION,
        labels=world.tags,
        max_labels=MAX_LABELS,
        train_share=60,
        validation_share=15,
        test_share=25,
        decoding={"temperature": 0, "seed": 7, "num_predict": 48, "num_ctx": 1024},
    )
    world.passwords = {"expert": secrets.token_hex(4), "admin": secrets.token_hex(4)}
    world.expert = services.create_user(DEMO, "expert", world.passwords["expert"])
    world.admin = services.create_user(DEMO, "admin", world.passwords["admin"], administrator=True)
    services.set_role(DEMO, world.project, "expert", Role.EXPERT)
    load_builtin_profiles(DEMO)
    config = {"description": "Fits the demo's time", "config": PROFILES[world.base_name]}
    profile = services.set_row(DEMO, TrainingProfile, config, name=f"demo-{world.base_name}")
    values = {"threshold": THRESHOLD, "method": SFT.name, "profile": profile, "base": world.base}
    services.set_row(DEMO, RetrainPolicy, values, project=world.project)
    services.set_row(DEMO, GatePolicy, {"minimum": GATE_MINIMUM, "free_cases": 50}, project=world.project)
    serve(world.project)


def serve(project: Project) -> None:
    """Have a model server serve the project: the Ollama at `OLLAMA_HOST`, else the launcher's; the gate promotes."""
    host = os.environ.get("OLLAMA_HOST", "")
    server = _ollama(host, project.key) if host else built_in_server(DEMO)
    if server is None:
        raise DemoError("There is no model server: start the demo with `make demo`.")
    # The demo has minutes: fewer prompts are proven than a project of one's own would want.
    values = {"auto_promote": True, "proof_prompts": 24, "answer_prompts": 3}
    with transaction.atomic():
        services.set_row(DEMO, ServingPolicy, values, project=project).servers.set([server])


def _ollama(host: str, key: str) -> InferenceServer:
    """The Ollama server, without what an earlier demo left there: its tags hold other content."""
    url = host if "://" in host else f"http://{host}"
    # Runners of both versions spin at once during the swap; on this machine their threads must fit the cores.
    here = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    threads = max(1, (os.cpu_count() or 2) // 2) if here else 0
    values = {"kind": "ollama", "url": url, "is_active": True, "threads": threads}
    server = services.set_row(DEMO, InferenceServer, values, name="ollama")
    try:
        info = driver_for(server).probe()
        _remove_old(driver_for(server), key)
    except DriverError as error:
        raise DemoError(f"The Ollama at {url} cannot be used: {error}") from error
    return services.set_row(DEMO, InferenceServer, {"version": info.version}, name="ollama")


def _remove_old(driver: Driver, key: str) -> None:
    entries = driver.catalogue()
    ours = [entry for entry in entries if entry.tag.startswith(server_tag(f"{key}:v"))]
    digests = {entry.digest for entry in ours}
    alias = [entry for entry in entries if entry.tag == f"{key}:latest" and entry.digest in digests]
    for entry in alias + ours:
        driver.remove(entry.tag)
