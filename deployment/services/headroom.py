"""Would loading a version throw another model out of a server's memory? Asked before anything is moved."""

from collections.abc import Iterable, Iterator

from deployment.drivers import DriverError, driver_for
from deployment.drivers.base import LoadedModel
from deployment.models import Deployment, StagedVersion
from deployment.services.live import SERVING

# Beside its weights a model takes memory for its context and for working; so much more, as a share of its file.
OVERHEAD = 1.25


def evictions(staged: Iterable[StagedVersion], *, back: bool = False) -> list[str]:
    """A sentence per server on which something that serves somebody would go; empty where all fits, as far as told.

    A server that does not answer says so when the version is loaded. `back`: a rollback, which may throw out the
    version that it replaces unasked.
    """
    found: list[str] = []
    for row in staged:
        try:
            found += _evictions(row, back)
        except DriverError:
            continue
    return found


def _evictions(staged: StagedVersion, back: bool) -> Iterator[str]:
    server, measure = staged.server, driver_for(staged.server).measure()
    others = [model for model in measure.loaded if model.tag != staged.tag and model.digest != staged.manifest_digest]
    if len(others) < len(measure.loaded):
        return  # it is loaded already
    need = int((staged.version.gguf_bytes or 0) * OVERHEAD)
    limit = server.memory_mb * 1_000_000 or measure.memory_bytes or 0
    most = server.max_loaded or measure.max_loaded or 0
    crowded = bool(most) and len(others) + 1 > most
    taken = sum(model.memory_bytes for model in others)
    full = bool(limit) and taken + need > limit
    if not (crowded or full):
        return
    own = staged.version.project.key if back else ""
    served = [(model, project) for model in others if (project := _serves(staged, model)) not in ("", own)]
    if served:
        names = " or ".join(f"{model.tag}, which serves {project}" for model, project in served)
        needed = f"{(taken + need) / 1e6:.0f} of {limit / 1e6:.0f} MB would be needed"
        why = f"at most {most} models may be loaded" if crowded else needed
        yield f"Loading {staged.version} on {server} would evict {names} ({why})."


def _serves(staged: StagedVersion, model: LoadedModel) -> str:
    """The project that a loaded model answers for, under whatever name it was loaded."""
    rows = StagedVersion.objects.filter(server=staged.server, manifest_digest=model.digest).exclude(manifest_digest="")
    live = Deployment.objects.filter(state__in=SERVING, version__staged__in=rows).select_related("project").first()
    return live.project.key if live else ""
