"""Bringing a file onto an Ollama server and creating a tag from it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential

from deployment.drivers.base import Artifact, Digests, Progress
from deployment.drivers.errors import RefusedError, TransportError, worth_another_try
from deployment.drivers.ollama_calls import errors

if TYPE_CHECKING:
    from deployment.drivers.ollama import OllamaDriver

_CHUNK = 1 << 20
_UPLOAD_SECONDS = 1800.0
# An upload that was cut cannot be continued, and leaves nothing behind: it starts again.
_again = retry(
    retry=retry_if_exception(worth_another_try),
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.1, max=5),
    reraise=True,
)


def stage(driver: "OllamaDriver", tag: str, artifact: Artifact, progress: Progress | None) -> Digests:
    """See `Driver.stage`."""
    artifact.check_parameters()
    uploaded = f"sha256:{artifact.sha256}"
    if artifact.source:
        _is_known(driver, artifact)
    if driver.digest_of(tag):
        _prove_same(driver, tag, artifact, progress)
    else:
        _bring(driver, tag, artifact, progress)
    manifest = driver.digest_of(tag)
    if not manifest:
        raise TransportError(f"{tag} was created, but the server does not list it")
    return Digests(uploaded=uploaded, layer=_layer(driver, tag), manifest=manifest)


@_again
def _bring(driver: "OllamaDriver", tag: str, artifact: Artifact, progress: Progress | None) -> None:
    """Upload and create. Both again where either breaks off: the server may have thrown the upload away meanwhile."""
    if artifact.source:
        _create(driver, tag, artifact, from_=artifact.source)
        return
    digest, path = f"sha256:{artifact.sha256}", artifact.file
    _upload(driver, path, digest, progress)
    files = {path.name: digest}
    if artifact.adapter is None:
        _create(driver, tag, artifact, files=files)
        return
    adapter = f"sha256:{_digest(artifact.adapter)}"
    _upload(driver, artifact.adapter, adapter, progress)
    # An adapter upon a model that is there is the way that was seen to work. The base keeps its layer by the new tag.
    base = f"{tag}-base"
    _create(driver, base, artifact, files=files)
    try:
        _create(driver, tag, artifact, from_=base, adapters={artifact.adapter.name: adapter})
    finally:
        driver.remove(base)


def _is_known(driver: "OllamaDriver", artifact: Artifact) -> None:
    """A name that the server does not have would be looked for on the public registry: never let it get there."""
    found = driver.digest_of(artifact.source)
    if not found:
        raise RefusedError(f"{artifact.source} is not on this server; pull it there in the catalogue, then try again")
    if found != artifact.sha256:
        raise RefusedError(
            f"{artifact.source} is another model than before (digest {found[:12]}, not {artifact.sha256[:12]}): it was "
            "pulled again. Take it from the catalogue as a new version"
        )


def _upload(driver: "OllamaDriver", path: Path, digest: str, progress: Progress | None) -> None:
    with errors(f"upload of {digest}"):
        # Ask first: the server would read and throw away the whole body of a blob that it already has.
        if driver.http.head(f"/api/blobs/{digest}").status_code == httpx.codes.OK:
            return
    if f"sha256:{_digest(path)}" != digest:
        # The server would refuse it, too, but often by a reset in the middle of the body.
        raise RefusedError(f"{path.name} is not what its digest {digest} says; build the version again")
    with errors(f"upload of {digest}"):
        response = driver.http.post(f"/api/blobs/{digest}", content=_body(path, progress), timeout=_UPLOAD_SECONDS)
        response.raise_for_status()


def _body(path: Path, progress: Progress | None) -> Iterator[bytes]:
    size, sent = path.stat().st_size, 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
            sent += len(chunk)
            if progress:
                progress(sent, size)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _create(driver: "OllamaDriver", tag: str, artifact: Artifact, **source: Any) -> None:
    parameters = dict(artifact.parameters)
    if driver.threads:
        parameters["num_thread"] = driver.threads
    with errors(f"create {tag}"):
        # Not streamed: an error then has a status, and says whether another try may help.
        driver.patient.create(
            model=tag,
            system=artifact.system or None,
            template=artifact.template or None,
            parameters=parameters or None,
            **source,
        )


def _prove_same(driver: "OllamaDriver", tag: str, artifact: Artifact, progress: Progress | None) -> None:
    """`tag` is there already. The server rewrites files, so only a second creation shows whether it is this one."""
    trial = f"{tag}-trial"
    _bring(driver, trial, artifact, progress)
    try:
        wanted, found = _content(driver, trial), _content(driver, tag)
    finally:
        driver.remove(trial)
    if wanted != found:
        lines = [f"-{line}" for line in found if line not in wanted] + [
            f"+{line}" for line in wanted if line not in found
        ]
        raise RefusedError(
            f"{tag} is there with other content; tags never change, so it was left as it is. "
            f"There (-) and asked for (+): {'; '.join(lines)[:400]}"
        )


def _content(driver: "OllamaDriver", tag: str) -> list[str]:
    """Everything that a tag is made of: weights, template, system message, parameters, in an order of its own.

    The server shows parameters in any order. Its number of threads is left out: it follows the server's capacity.
    """
    _, origin, rest = _modelfile(driver, tag).partition("\nFROM ")
    return sorted(line for line in (origin + rest).splitlines() if not line.startswith("PARAMETER num_thread "))


def _layer(driver: "OllamaDriver", tag: str) -> str:
    origin = next((line for line in _modelfile(driver, tag).splitlines() if line.startswith("FROM ")), "")
    return origin.rpartition("sha256-")[2].strip() if "sha256-" in origin else ""


def _modelfile(driver: "OllamaDriver", tag: str) -> str:
    with errors(f"show {tag}"):
        return driver.client.show(tag).modelfile or ""
