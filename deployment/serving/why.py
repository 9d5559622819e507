"""Why a head answered as it did: the golden samples that are most like the text, as it learnt from their like."""

from dataclasses import dataclass

from common.actor import Actor
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
    kept = VectorSet.objects.filter(project=version.project_id).values_list("encoder", flat=True).first() or ""
    named = version.base.name if version.base.is_encoder else kept
    return Why(prediction, version, similar(actor, prediction.sample, k), _other_encoder(version, kept), named)


def _other_encoder(version: ModelVersion, kept: str) -> str:
    told = version.head_told.get("encoder", {})
    name, revision = told.get("name", ""), told.get("revision", "")
    if not version.base.is_encoder:
        # Its own vectors are of whole questions, and nobody keeps those of golden samples.
        return f"Compared by the vectors of {kept}; {version} itself reads texts as a language model." if kept else ""
    # A fine-tuned encoder keeps its base's name, and is of another revision.
    tuned = revision != version.base.revision
    if not kept or (kept == name and not tuned):
        return ""
    own = f"{name} of revision {revision[:12]}, fine-tuned" if tuned and name else name or "another encoder"
    return f"Compared by the vectors of {kept}; {version} itself reads texts by {own}."
