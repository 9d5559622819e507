"""What is in a server's memory, told in versions: servers name a runner by the tag that it was loaded by."""

from collections.abc import Iterable

from deployment.drivers import Driver
from deployment.drivers.base import LoadedModel
from deployment.models import StagedVersion


def has_in_memory(driver: Driver, staged: StagedVersion, loaded: Iterable[LoadedModel]) -> bool:
    """A request to the staged version finds its weights loaded."""
    sharing = twins(driver, staged)
    names = {staged.tag, *(row.tag for row in sharing)}
    digests = {row.manifest_digest for row in sharing} - {""}
    return any(model.tag in names or (driver.shares_runners and model.digest in digests) for model in loaded)


def twins(driver: Driver, staged: StagedVersion) -> list[StagedVersion]:
    """The versions on the server that share a runner with this one, itself among them."""
    if not (driver.shares_runners and staged.layer_digest):
        return [staged]
    rows = StagedVersion.objects.filter(server=staged.server, layer_digest=staged.layer_digest)
    return list(rows.exclude(state=StagedVersion.State.REMOVED).select_related("version__project"))
