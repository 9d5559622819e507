"""How sure a prediction is, in words: the share of such answers that are right."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labeling.models import Prediction, Project


def percent(share: float) -> str:
    """A share as pages show it: never as certain as 0 or 100 %."""
    return f"{min(max(round(100 * share), 1), 99)} %"


def sureness(prediction: "Prediction") -> float | None:
    """The measured share, else the model's own confidence, 0 to 1; None where neither is known."""
    return prediction.confidence if prediction.share is None else prediction.share


def fills_in(project: "Project", prediction: "Prediction | None") -> bool:
    """Whether a proposal is filled in on the review page: as sure as the project wants it, or nobody knows how sure."""
    if prediction is None or project.preselect_from is None:
        return prediction is not None
    sure = sureness(prediction)
    return sure is None or 100 * sure >= project.preselect_from
