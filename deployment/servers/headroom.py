"""Would loading a version throw another model out of a server's memory? Asked before anything is moved."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from deployment.models import Deployment, DeploymentTarget, StagedVersion
from deployment.models.formats import ONNX
from deployment.servers.drivers import DriverError, driver_for
from deployment.servers.drivers.said import LoadedModel
from deployment.servers.memory import has_in_memory, twins

# Beside its weights a model takes memory for its context and for working; so much more, as a share of its file.
OVERHEAD = 1.25
# What a head on a language model takes beside that while it reads a text at its limit, in bytes (docs/methods.md).
READING = 150_000_000


@dataclass(frozen=True)
class Eviction:
    """What would be thrown out of one server's memory though it serves somebody. `models`: as the server calls them."""

    server: str
    models: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Headroom:
    """What would go, per server, and a sentence per server that cannot be judged."""

    evictions: tuple[Eviction, ...] = ()
    unknown: tuple[str, ...] = ()


def look(staged: Iterable[StagedVersion], *, back: bool = False) -> Headroom:
    """Ask every server where the version stands. One that does not answer says so again when the version is loaded.

    `back`: a rollback, which may throw out the version that it replaces unasked.
    """
    evictions: list[Eviction] = []
    unknown: list[str] = []
    for row in staged:
        try:
            gone, open_question = _on_server(row, back)
        except DriverError:
            gone, open_question = None, f"{row.server} does not answer."
        evictions += [gone] if gone else []
        unknown += [open_question] if open_question else []
    return Headroom(tuple(evictions), tuple(unknown))


def memory_for(staged: StagedVersion) -> int:
    """The memory that a version takes once it is loaded, in bytes."""
    is_head = staged.artifact is not None and staged.artifact.format == ONNX
    return int(staged.bytes * OVERHEAD) + (READING if is_head and not staged.version.base.is_encoder else 0)


def _on_server(staged: StagedVersion, back: bool) -> tuple[Eviction | None, str]:
    server, driver = staged.server, driver_for(staged.server)
    measure, sharing = driver.measure(), twins(driver, staged)
    if has_in_memory(driver, staged, measure.loaded, sharing):
        return None, ""
    own = {row.tag for row in sharing}
    others = [model for model in measure.loaded if model.tag not in own]
    need = memory_for(staged)
    limit = server.memory_mb * 1_000_000 or measure.memory_bytes or 0
    most = server.max_loaded or measure.max_loaded or 0
    if not (limit or most):
        return None, f"What {server} may hold is not known: set its memory and models at once on its row."
    crowded = bool(most) and len(others) + 1 > most
    taken = sum(model.memory_bytes for model in others)
    if not (crowded or (limit and taken + need > limit)):
        return None, ""
    spared = staged.version.project.key if back else ""
    served = [(model, project) for model in others if (project := _serves(staged, model)) not in ("", spared)]
    if not served:
        return None, ""
    names = " or ".join(f"{model.tag}, which serves {project}" for model, project in served)
    needed = f"{(taken + need) / 1e6:.0f} of {limit / 1e6:.0f} MB would be needed"
    why = f"at most {most} models may be loaded" if crowded else needed
    sentence = f"Loading {staged.version} on {server} would evict {names} ({why})."
    return Eviction(server.name, tuple(sorted(model.tag for model, _ in served)), sentence), ""


def _serves(staged: StagedVersion, model: LoadedModel) -> str:
    """The project that a loaded model answers for, under whatever name it was loaded."""
    rows = StagedVersion.objects.filter(server=staged.server, manifest_digest=model.digest).exclude(manifest_digest="")
    left = Q(targets__state=DeploymentTarget.State.STAYS, targets__staged__in=rows)
    live = Deployment.objects.serving().filter(Q(version__staged__in=rows) | left).select_related("project").first()
    return live.project.key if live else ""
