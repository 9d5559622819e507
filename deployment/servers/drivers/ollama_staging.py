"""Bringing a file onto an Ollama server and creating a tag from it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_exponential

from common.files import sha256_of
from deployment.servers.drivers.base import Content, Progress
from deployment.servers.drivers.errors import RefusedError, TransportError, worth_another_try
from deployment.servers.drivers.ollama_calls import errors
from deployment.servers.drivers.said import Digests

if TYPE_CHECKING:
    from deployment.servers.drivers.ollama import OllamaDriver

_CHUNK = 1 << 20
_UPLOAD_SECONDS = 1800.0
# An upload that was cut cannot be continued, and leaves nothing behind: it starts again.
_again = retry(
    retry=retry_if_exception(worth_another_try),
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.1, max=5),
    reraise=True,
)


def stage(driver: "OllamaDriver", tag: str, content: Content, progress: Progress | None) -> Digests:
    """See `Driver.stage`."""
    content.check(driver.formats)
    uploaded = f"sha256:{content.sha256}"
    if content.source:
        _is_known(driver, content)
    if driver.digest_of(tag):
        _prove_same(driver, tag, content, progress)
    else:
        _bring(driver, tag, content, progress)
    manifest = driver.digest_of(tag)
    if not manifest:
        raise TransportError(f"{tag} was created, but the server does not list it")
    return Digests(uploaded=uploaded, layer=_layer(driver, tag), manifest=manifest)


@_again
def _bring(driver: "OllamaDriver", tag: str, content: Content, progress: Progress | None) -> None:
    """Upload and create. Both again where either breaks off: the server may have thrown the upload away meanwhile."""
    if content.source:
        _create(driver, tag, content, from_=content.source)
        return
    digest, path = f"sha256:{content.sha256}", content.file
    _upload(driver, path, digest, progress)
    files = {path.name: digest}
    adapter_file = content.adapter_file
    if adapter_file is None:
        _create(driver, tag, content, files=files)
        return
    adapter = f"sha256:{sha256_of(adapter_file)}"
    _upload(driver, adapter_file, adapter, progress)
    # An adapter upon a model that is there is the way that was seen to work. The base keeps its layer by the new tag.
    base = f"{tag}-base"
    _create(driver, base, content, files=files)
    try:
        _create(driver, tag, content, from_=base, adapters={adapter_file.name: adapter})
    finally:
        driver.remove(base)


def _is_known(driver: "OllamaDriver", content: Content) -> None:
    """A name that the server does not have would be looked for on the public registry: never let it get there."""
    found = driver.digest_of(content.source)
    if not found:
        raise RefusedError(f"{content.source} is not on this server; pull it there in the catalogue, then try again")
    if found != content.sha256:
        raise RefusedError(
            f"{content.source} is another model than before (digest {found[:12]}, not {content.sha256[:12]}): it was "
            "pulled again. Take it from the catalogue as a new version"
        )


def _upload(driver: "OllamaDriver", path: Path, digest: str, progress: Progress | None) -> None:
    with errors(f"upload of {digest}"):
        # Ask first: the server would read and throw away the whole body of a blob that it already has.
        if driver.http.head(f"/api/blobs/{digest}").status_code == httpx.codes.OK:
            return
    if f"sha256:{sha256_of(path)}" != digest:
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


def _create(driver: "OllamaDriver", tag: str, content: Content, **source: Any) -> None:
    parameters = dict(content.parameters)
    if driver.threads:
        parameters["num_thread"] = driver.threads
    with errors(f"create {tag}"):
        # Not streamed: an error then has a status, and says whether another try may help.
        driver.patient.create(
            model=tag,
            system=content.system or None,
            template=content.template or None,
            parameters=parameters or None,
            **source,
        )


def _prove_same(driver: "OllamaDriver", tag: str, content: Content, progress: Progress | None) -> None:
    """`tag` is there already. The server rewrites files, so only a second creation shows whether it is this one."""
    trial = f"{tag}-trial"
    _bring(driver, trial, content, progress)
    try:
        wanted, found = _made(driver, trial), _made(driver, tag)
    finally:
        driver.remove(trial)
    if not found.weights:
        raise TransportError(f"the server does not say what {tag} is made of; it cannot be told whether it is the same")
    if wanted != found:
        differing = [name for name in vars(found) if getattr(found, name) != getattr(wanted, name)]
        there = "; ".join(f"{name} {getattr(found, name)!r}, not {getattr(wanted, name)!r}" for name in differing)
        raise RefusedError(
            f"{tag} is there with other content; tags never change, so it was left as it is: {there[:400]}"
        )


@dataclass(frozen=True)
class _Made:
    """Everything that a tag is made of. Its threads are left out: they follow the server's capacity."""

    weights: tuple[str, ...]
    template: str
    system: str
    parameters: tuple[str, ...]


def _made(driver: "OllamaDriver", tag: str) -> _Made:
    shown = show(driver, tag)
    # The server shows parameters in any order.
    pairs = [line.split(maxsplit=1) for line in str(shown.get("parameters") or "").split("\n")]
    parameters = sorted(" ".join(pair) for pair in pairs if pair and pair[0] != "num_thread")
    template, system = str(shown.get("template") or ""), str(shown.get("system") or "")
    return _Made(_weights(shown), template, system, tuple(parameters))


def _layer(driver: "OllamaDriver", tag: str) -> str:
    """The digest of the served weights; of base and adapter together where they are two layers."""
    weights = _weights(show(driver, tag))
    if len(weights) < 2:
        return weights[0] if weights else ""
    return hashlib.sha256(" ".join(weights).encode()).hexdigest()


def _weights(shown: dict[str, Any]) -> tuple[str, ...]:
    """The digests behind FROM and ADAPTER, which the server writes before anything that a person wrote."""
    found = []
    for line in str(shown.get("modelfile") or "").split("\n"):
        word, _, value = line.partition(" ")
        if word in ("FROM", "ADAPTER") and "sha256-" in value:
            found.append(value.rpartition("sha256-")[2].strip())
        elif word and not word.startswith("#"):
            break
    return tuple(found)


def show(driver: "OllamaDriver", tag: str) -> dict[str, Any]:
    """What the server says of a tag."""
    with errors(f"show {tag}"):
        response = driver.http.post("/api/show", json={"model": tag})
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found
