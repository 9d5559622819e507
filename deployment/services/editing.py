"""An operator's edit of a Modelfile becomes a version of its own: the same weights, asked in another way."""

from deployment import modelfile
from deployment.modelfile import Modelfile, ModelfileError
from deployment.modelfile_parameters import CAPACITY, PARAMETERS
from deployment.services.modelfiles import build_modelfile, source_of
from deployment.services.retention import removed
from labeling.access import Right, require
from labeling.models import User
from labeling.problems import ConflictError, ProblemError
from training.models import ModelVersion
from training.services import add_version

# What an edit may not bring, and what to do instead.
_ELSEWHERE = {
    "template": "A new prompt template is a new task: change the project's prompt, then train.",
    "adapter": "It comes from the version's run; leave the line out.",
    "messages": "Examples belong to the prompt: change the project's prompt, then train.",
    "license": "A version takes over its base's license.",
}


def editable(version: ModelVersion) -> str:
    """The version's Modelfile as an operator edits it, without comments.

    Raises `ConflictError` where its file is gone, `ProblemError` where no Modelfile can carry its prompt.
    """
    if not source_of(version):
        raise ConflictError(removed(version) or f"{version} is not built yet; wait until it is.")
    try:
        whole = build_modelfile(version)
    except ModelfileError as error:
        raise ProblemError(f"No Modelfile can be written for {version}: {error}") from error
    return modelfile.render(Modelfile(from_=whole.from_, system=whole.system, parameters=whole.parameters))


def edit(user: User | None, version: ModelVersion, text: str, note: str) -> ModelVersion:
    """A new version with the weights of `version` and the PARAMETERs and SYSTEM of `text`, on its way to the gate.

    It goes through proof, staging, benchmark and gate like any other. `ProblemError` says what an edit may not change.
    """
    require(user, version.project, Right.OPERATE)
    before = modelfile.parse(editable(version))
    try:
        after = modelfile.parse(text)
    except ModelfileError as error:
        raise ProblemError(str(error)) from error
    _refuse_more(before, after)
    if not note.strip():
        raise ProblemError("Say why you edit it; the reason stays with the version.")
    if (sorted(after.parameters, key=str), after.system or "") == (sorted(before.parameters, key=str), before.system):
        raise ProblemError(f"This is what {version} has already; change a PARAMETER or the SYSTEM.")
    return add_version(
        version.project,
        version.base,
        spec=version.spec,
        derived_from=version,
        parameters=_decoding(version, after),
        system=version.system if after.system == before.system else after.system or "",
        note=note.strip()[:300],
        made_by=user,
        adapter_digest=version.adapter_digest,
        **_as_it_stands(version),
    )


def _refuse_more(before: Modelfile, after: Modelfile) -> None:
    if after.from_ != before.from_:
        raise ProblemError(f"FROM stays {before.from_}: other weights are another training.")
    for name, advice in _ELSEWHERE.items():
        if getattr(after, name):
            raise ProblemError(f"{name.upper().removesuffix('S')} cannot be edited here. {advice}")
    for name, _ in after.parameters:
        if name in CAPACITY:
            raise ProblemError(f"{name} is what a server can carry, the same for all versions: set it on the server.")


def _decoding(version: ModelVersion, after: Modelfile) -> dict[str, object]:
    """The parameters as a decoding; options of requests that no Modelfile knows stay as they were."""
    found: dict[str, object] = {name: value for name, value in version.decoding.items() if name not in PARAMETERS}
    stops = [value for name, value in after.parameters if name == "stop"]
    found |= {name: value for name, value in after.parameters if name != "stop"}
    return found | ({"stop": stops} if stops else {})


def _as_it_stands(version: ModelVersion) -> dict[str, object]:
    """A model of the servers' catalogues has nothing to build: what is known of it holds for the edited one, too."""
    if not version.base.server_name:
        return {}
    return {name: getattr(version, name) for name in ("gguf_digest", "gguf_bytes", "quantization")}
