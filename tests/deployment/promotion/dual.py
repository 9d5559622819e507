"""A project on the local server and a stand-in Ollama at once, with language models on both and a head beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.problems import ConflictError
from deployment.models import InferenceServer, StagedVersion
from deployment.promotion import steps
from labeling.models import Project
from tests.deployment.standins import Standin, build, make_server, make_staged, serve_from, stage_version
from tests.factories import make_project
from tests.heads import have_encoder, make_answers, make_head
from training.models import ModelVersion


@dataclass
class Dual:
    """Versions 1 and 3 are language models, on both servers; version 2 is a head, on the local one."""

    project: Project
    language: ModelVersion
    head: ModelVersion
    later: ModelVersion
    ollama: InferenceServer
    standin: Standin

    def alias_leads_to(self, number: int) -> bool:
        """What an outside client of Ollama is answered by."""
        models, key = self.standin.models(), self.project.key
        return models.get(f"{key}:latest") == models[f"models.invalid/touchstone/{key}:v{number}"]

    def on_ollama(self, number: int) -> Any:
        """A version's row there."""
        return StagedVersion.objects.filter(server=self.ollama, version__number=number, version__project=self.project)

    def let_aliases_stay(self, may: bool) -> None:
        self.project.serving_policy.alias_may_stay = may
        self.project.serving_policy.save()


def make_dual(
    request: Any, settings: Any, folder: Path, local_url: str, standin: Standin, ggufs: tuple[Path, Path]
) -> Dual:
    """All three versions stand where they can, and passed; nothing is live."""
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"
    have_encoder(settings, folder / "models")
    key = request.node.name[:40].strip("]").replace("_", "-").replace("[", "-").strip("-")
    project = make_project(key)
    local = make_server(local_url, kind="local", name="local", slots=2)
    ollama = make_server(standin.url, name="ollama-one")
    serve_from(project, local, ollama, alias_may_stay=True, proof_prompts=5)
    make_answers(project, 24)
    language = make_staged(project, 1, content=ggufs[0].read_bytes())
    head = make_head(project)
    build(head)
    stage_version(head)
    later = make_staged(project, 3, content=ggufs[1].read_bytes())
    return Dual(project, language, head, later, ollama, standin)


def with_a_failing_step(state: str, move: Callable[[], Any], error: type[Exception] = ConflictError) -> Any:
    """Carry a move out; the step that leads out of a state fails."""

    def fails(attempt: Any) -> str:
        raise error("the disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(steps.TABLE, state, steps.Step(steps.TABLE[state].after, fails))
        return move()
