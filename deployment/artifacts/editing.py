"""An operator's edit of a Modelfile becomes a version of its own: the same weights, asked in another way."""

from common.actor import Actor
from common.options import OptionsError
from common.problems import ConflictError, ProblemError
from deployment.artifacts.gguf.inspection import context_obstacle
from deployment.artifacts.modelfiles import build_modelfile, source_of
from deployment.artifacts.retention import removed
from deployment.files import artifact_of, file_of
from deployment.modelfile import grammar
from deployment.modelfile.grammar import Modelfile, ModelfileError
from deployment.modelfile.parameters import CAPACITY
from deployment.models import BuildStep
from labeling.access import Right, require
from labeling.decoding import checked_decoding
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
    if version.is_head:
        raise ConflictError(
            f"{version} is a head, which is asked by no prompt and takes no parameters: there is nothing to edit. "
            "Change the project's labels or their descriptions, then train."
        )
    file = file_of(version)
    if not source_of(version, file.artifact):
        raise ConflictError(removed(version) or f"{version} is not built yet; wait until it is.")
    try:
        whole = build_modelfile(version, file)
    except ModelfileError as error:
        raise ProblemError(f"No Modelfile can be written for {version}: {error}") from error
    return grammar.render(Modelfile(from_=whole.from_, system=whole.system, parameters=whole.parameters))


def edit(actor: Actor, version: ModelVersion, text: str, note: str) -> ModelVersion:
    """A new version with the weights of `version` and the PARAMETERs and SYSTEM of `text`, on its way to the gate.

    It goes through proof, staging, benchmark and gate like any other. `ProblemError` says what an edit may not change.
    """
    require(actor, version.project, Right.OPERATE)
    before = grammar.parse(editable(version))
    try:
        after = grammar.parse(text)
    except ModelfileError as error:
        raise ProblemError(str(error)) from error
    _refuse_more(before, after)
    if not note.strip():
        raise ProblemError("Say why you edit it; the reason stays with the version.")
    if (sorted(after.parameters, key=str), after.system or "") == (sorted(before.parameters, key=str), before.system):
        raise ProblemError(f"This is what {version} has already; change a PARAMETER or the SYSTEM.")
    decoding = _decoding(after)
    _refuse_context(version, decoding)
    return add_version(
        actor,
        version.project,
        version.base,
        spec=version.spec,
        method=version.method,
        derived_from=version,
        parameters=decoding,
        system=version.system if after.system == before.system else after.system or "",
        note=note.strip()[:300],
        adapter_digest=version.adapter_digest,
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


def _decoding(after: Modelfile) -> dict[str, object]:
    """The parameters as a decoding, held to the same schema as a task's."""
    stops = [value for name, value in after.parameters if name == "stop"]
    found: dict[str, object] = {name: value for name, value in after.parameters if name != "stop"}
    try:
        return checked_decoding(found | ({"stop": stops} if stops else {}))
    except OptionsError as error:
        raise ProblemError(str(error)) from error


def _refuse_context(version: ModelVersion, decoding: dict[str, object]) -> None:
    """What the build would refuse: the file is there already, and says how long a context it was made for."""
    artifact, asked = artifact_of(version), decoding.get("num_ctx")
    step = BuildStep.objects.filter(artifact=artifact, name=BuildStep.Name.INSPECT).first() if artifact else None
    if step is None or not isinstance(asked, int) or "context_length" not in step.detail:
        return
    if problem := context_obstacle(step.detail["context_length"], asked):
        raise ProblemError(problem)
