"""Why a head answered as it did: the golden samples that are most like the text, as it learnt from their like."""

from dataclasses import dataclass

from django.conf import settings

from common.actor import Actor
from common.encoder import EncoderError, read_record
from common.problems import ConflictError
from labeling.access import Right, require
from labeling.models import Prediction, VectorSet
from labeling.services.vectors.similar import SHOWN, Likes, similar
from training.methods import HEADS
from training.models import ModelVersion

# A number that fits its column.
_DIGITS = 10
NOT_KEPT = "The text of this prediction was not kept, so nothing can be compared with it."


@dataclass(frozen=True)
class Why:
    """A head's prediction and what is most like its text. `note`: what is to be known of the comparison.

    `encoder`: by whose vectors texts are compared; empty where there are none yet.
    """

    prediction: Prediction
    version: ModelVersion
    likes: Likes
    note: str = ""
    encoder: str = ""


def made_by_head(prediction: Prediction) -> ModelVersion | None:
    """The version that answered, where it is a head; one query, and none where no version of ours has such a name."""
    key, _, number = prediction.model_tag.rpartition(":v")
    if not (number.isascii() and number.isdecimal() and len(number) < _DIGITS):
        return None
    rows = ModelVersion.objects.filter(project=prediction.project_id, project__key=key, number=int(number))
    return rows.filter(method__in=HEADS).select_related("project", "base").first()


def why(actor: Actor, prediction: Prediction, k: int = SHOWN) -> Why:
    """The `k` golden samples that are most like the text of a head's prediction.

    None, and why, where the vectors that are kept are those of an encoder that the version has nothing to do with.

    Raises `PermissionDenied`, and `ConflictError` where no head made it, where its text was not kept, and for a test
    text that waits for its blind answer.
    """
    require(actor, prediction.project, Right.VIEW)
    version = made_by_head(prediction)
    if version is None:
        raise ConflictError(
            f"{prediction.model_tag} is no head, which gives labels chances: no golden samples say why."
        )
    if prediction.sample is None:
        raise ConflictError(NOT_KEPT)
    kept = VectorSet.objects.filter(project=version.project_id).exclude(revision="").first()
    named = kept.encoder if kept is not None else ""
    if not version.base.is_encoder:
        return Why(prediction, version, similar(actor, prediction.sample, k), _by_model(version, named), named)
    named = version.base.name
    if kept is not None and not prediction.sample.is_blind and (strange := _strange(version, kept)):
        return Why(prediction, version, Likes(note=strange), encoder=named)
    return Why(prediction, version, similar(actor, prediction.sample, k), _tuned(version), named)


def _by_model(version: ModelVersion, kept: str) -> str:
    """A language model's own vectors are of whole questions, and nobody keeps those of golden samples."""
    return f"Compared by the vectors of {kept}; {version} itself reads texts as a language model." if kept else ""


def _strange(version: ModelVersion, kept: VectorSet) -> str:
    """Why the vectors that are kept say nothing of its answers, in a sentence; empty where they do."""
    if _is_known_to(version, kept):
        return ""
    began = _began_with(version)
    name, revision = began.get("name", ""), began.get("revision", "")
    own = f"{name} of revision {revision[:12]}" if name else "another encoder"
    theirs = f"another revision of {name}" if kept.encoder == name else kept.encoder
    return (
        f"{version} was made of {own}, and the vectors that are kept are those of {theirs} by now: what is alike "
        "by them does not say why it answered so. A version that is trained now is made of that one."
    )


def _is_known_to(version: ModelVersion, kept: VectorSet) -> bool:
    """They are those of the encoder that it reads texts by, or that its own was fine-tuned from."""
    began = _began_with(version)
    if key := began.get("key"):
        return bool(key == kept.revision)
    # A fit of an earlier release did not tell it.
    try:
        record = read_record(settings.ENCODER_DIR)
    except EncoderError:
        record = None
    if record is not None and record.key == kept.revision:
        return record.revision == version.base.revision
    return not kept.encoder or kept.encoder == began.get("name")


def _began_with(version: ModelVersion) -> dict[str, str]:
    """`name`, `revision`, `key` of the encoder that it was made of."""
    told = version.head_told
    encoder = told.get("began_with") or told.get("encoder", {})
    if _is_tuned(version) and "began_with" not in told:
        return {"name": encoder.get("name", ""), "revision": version.base.revision}
    return dict(encoder)


def _is_tuned(version: ModelVersion) -> bool:
    """A fine-tuned encoder keeps its base's name, and is of another revision."""
    own = version.head_told.get("encoder", {})
    return bool(own) and own.get("revision") != version.base.revision


def _tuned(version: ModelVersion) -> str:
    """That the comparison is by the encoder that its own was fine-tuned from; empty where that is its own."""
    if not _is_tuned(version):
        return ""
    own = version.head_told["encoder"]
    return (
        f"Compared by the vectors of {own['name']}; {version} itself reads texts by {own['name']} of revision "
        f"{own['revision'][:12]}, fine-tuned."
    )
