"""Would loading a version throw another model out of a server's memory? Asked before anything is moved."""

from collections.abc import Iterable
from dataclasses import dataclass

from deployment.drivers import DriverError, driver_for
from deployment.drivers.base import LoadedModel
from deployment.models import Deployment, StagedVersion
from deployment.services.live import SERVING
from deployment.services.memory import has_in_memory, twins

# Beside its weights a model takes memory for its context and for working; so much more, as a share of its file.
OVERHEAD = 1.25


@dataclass(frozen=True)
class Headroom:
    """A sentence per server on which something that serves somebody would go, and per server that cannot be judged."""

    evictions: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def look(staged: Iterable[StagedVersion], *, back: bool = False) -> Headroom:
    """Ask every server where the version stands. One that does not answer says so again when the version is loaded.

    `back`: a rollback, which may throw out the version that it replaces unasked.
    """
    evictions, unknown = [], []
    for row in staged:
        try:
            gone, open_question = _on_server(row, back)
        except DriverError:
            gone, open_question = "", f"{row.server} does not answer."
        evictions += [gone] if gone else []
        unknown += [open_question] if open_question else []
    return Headroom(tuple(evictions), tuple(unknown))


def _on_server(staged: StagedVersion, back: bool) -> tuple[str, str]:
    server, driver = staged.server, driver_for(staged.server)
    measure = driver.measure()
    if has_in_memory(driver, staged, measure.loaded):
        return "", ""
    own = {row.tag for row in twins(driver, staged)}
    others = [model for model in measure.loaded if model.tag not in own]
    need = int((staged.version.gguf_bytes or 0) * OVERHEAD)
    limit = server.memory_mb * 1_000_000 or measure.memory_bytes or 0
    most = server.max_loaded or measure.max_loaded or 0
    if not (limit or most):
        return "", f"What {server} may hold is not known: set its memory and models at once on its row."
    crowded = bool(most) and len(others) + 1 > most
    taken = sum(model.memory_bytes for model in others)
    if not (crowded or (limit and taken + need > limit)):
        return "", ""
    spared = staged.version.project.key if back else ""
    served = [(model, project) for model in others if (project := _serves(staged, model)) not in ("", spared)]
    if not served:
        return "", ""
    names = " or ".join(f"{model.tag}, which serves {project}" for model, project in served)
    needed = f"{(taken + need) / 1e6:.0f} of {limit / 1e6:.0f} MB would be needed"
    why = f"at most {most} models may be loaded" if crowded else needed
    return f"Loading {staged.version} on {server} would evict {names} ({why}).", ""


def _serves(staged: StagedVersion, model: LoadedModel) -> str:
    """The project that a loaded model answers for, under whatever name it was loaded."""
    rows = StagedVersion.objects.filter(server=staged.server, manifest_digest=model.digest).exclude(manifest_digest="")
    live = Deployment.objects.filter(state__in=SERVING, version__staged__in=rows).select_related("project").first()
    return live.project.key if live else ""
