"""Model servers as processes for tests, and rows that stand on them."""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from deployment import storage
from deployment.artifacts.build import build as build_artifact
from deployment.artifacts.build import request_build
from deployment.artifacts.staging import request_staging, stage
from deployment.artifacts.verdicts import record_verdict
from deployment.files import VersionFile, artifact_of, file_of
from deployment.models import Artifact, InferenceServer, ServingPolicy, StagedVersion
from deployment.models.formats import GGUF
from deployment.servers.drivers import Content
from labeling.models import Project
from tests.processes import alive, free_port
from training.models import BaseModel, ModelVersion


class Standin:
    """A running stand-in: its URL, and the faults that it is told to have."""

    def __init__(self, process: "subprocess.Popen[str]", url: str) -> None:
        self.process, self.url = process, url

    def fail(self, path: str, status: int = 500, times: int = 2) -> None:
        """The next `times` requests of `path` fail. Two, as the driver asks once more."""
        httpx.post(f"{self.url}/_faults", json={"path": path, "status": status, "times": times}).raise_for_status()

    def fault(self, path: str, times: int = 1, **kind: Any) -> None:
        """The next `times` requests of `path` go wrong: `slow`, `garbage`, `cut`, `die` and more (`faults.py`)."""
        body = {"path": path, "times": times, **kind}
        httpx.post(f"{self.url}/_faults", json=body).raise_for_status()

    def offer(self, model: str, **how: Any) -> None:
        """Put a model on the registry from which the stand-in pulls (`registry.py`)."""
        httpx.post(f"{self.url}/_registry", json={"model": model, **how}).raise_for_status()

    def lookups(self) -> list[str]:
        """The names that it asked a public registry for."""
        return list(httpx.get(f"{self.url}/_lookups").json()["names"])

    def models(self) -> dict[str, str]:
        """Digest by name."""
        return {row["name"]: row["digest"] for row in httpx.get(f"{self.url}/api/tags").json()["models"]}

    def die(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def ollama_standin(folder: Path, *options: str) -> Iterator[Standin]:
    """Start the stand-in, and end it with the block. Options as its own: `"--llama"`, `"--version", "0.33.0"`."""
    command = [sys.executable, "-m", "tests.ollama_standin", "--folder", str(folder), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR)
    assert process.stdout is not None
    try:
        yield Standin(process, process.stdout.readline().strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def make_server(url: str, kind: str = "ollama", name: str = "standin", **fields: Any) -> InferenceServer:
    return InferenceServer.objects.create(name=name, kind=kind, url=url, **fields)


def serve_from(project: Project, *servers: InferenceServer, **fields: Any) -> ServingPolicy:
    policy, _ = ServingPolicy.objects.get_or_create(project=project, defaults=fields)
    policy.servers.set(servers)
    return policy


def make_version(project: Project, number: int, content: bytes | None = None, **fields: Any) -> ModelVersion:
    """A built version; its GGUF is `content`, by default a few bytes that a stand-in accepts."""
    base, _ = BaseModel.objects.get_or_create(name="tiny", defaults={"location": "tiny"})
    content = b"GGUF version %d" % number if content is None else content
    path = Path(settings.ARTIFACTS_DIR) / project.key / f"v{number}.gguf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    version = ModelVersion.objects.create(project=project, number=number, spec=project.spec, base=base, **fields)
    Artifact.objects.create(
        weights=version,
        format=GGUF,
        quantization="q8_0",
        state=Artifact.State.BUILT,
        path=str(path.relative_to(settings.ARTIFACTS_DIR)),
        digest=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        proof={"ok": True, "sentence": "All ids are equal.", "checked": 10, "first_difference": None},
    )
    return version


def content_of(path: Path, **more: Any) -> Content:
    """A file as it is staged: copied to where the files of artifacts lie."""
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()
    name = f"tests/{digest[:12]}-{path.name}"
    if not storage.holds(name):
        storage.path_of(name).parent.mkdir(parents=True, exist_ok=True)
        storage.path_of(name).write_bytes(body)
    return Content(name, digest, **more)


def build(version: ModelVersion) -> VersionFile:
    """What the workers make of a new version, but for its staging."""
    request_build(version)
    artifact = artifact_of(version)
    if artifact is not None:
        build_artifact(artifact.pk)
    return file_of(version)


def stage_version(version: ModelVersion, verdict: str = "passed") -> StagedVersion:
    """Bring a version onto its project's servers, and write a verdict down: one against the version before it."""
    earlier = ModelVersion.objects.filter(project=version.project, number__lt=version.number)
    before = earlier.order_by("-number").first()
    for row in request_staging(version):
        stage(row.pk)
        row.refresh_from_db()
        assert row.state == StagedVersion.State.STAGED, row.error
        if verdict:
            checks = [{"name": "difference", "ok": verdict == "passed", "value": 0.2, "bound": 0.0, "detail": "paired"}]
            sentence = f"{version} is {verdict}."
            record_verdict(row, verdict=verdict, sentence=sentence, report={"checks": checks}, held_against=before)
    row.refresh_from_db()
    return row


def make_staged(project: Project, number: int, verdict: str = "passed", content: bytes | None = None) -> ModelVersion:
    """A version that stands on its project's servers with a verdict."""
    version = make_version(project, number, content)
    stage_version(version, verdict)
    return version


@contextlib.contextmanager
def local_server(folder: Path, key: str = "for-tests", artifacts: Path | None = None) -> Iterator[str]:
    """The real local model server, on a free port: its URL. Loopback; two cores at most."""
    files = str(artifacts or settings.ARTIFACTS_DIR)
    port = free_port()
    command = [sys.executable, "-m", "deployment.servers.localserver", "--port", str(port), "--cores", "2"]
    env = {**os.environ, "LOCAL_MODEL_SERVER_KEY": key}
    with alive([*command, "--state-dir", str(folder), "--artifacts", files], port, env, folder / "server.log") as url:
        yield url
