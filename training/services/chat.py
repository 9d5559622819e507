"""How the engine freezes a base's chat template for a task."""

from typing import Any

from common.problems import ProblemError
from labeling.models import TaskSpec
from training.models import BaseModel


def chat_of(spec: TaskSpec, base: BaseModel) -> dict[str, Any]:
    """The engine's `chat` options. The date is left out where no template writes one, so that projects share files."""
    said: dict[str, Any] = {"thinking": spec.thinking}
    if base.facts.get("dated") is not False:
        said["date"] = spec.date.isoformat()
    return said


def require_thoughts(spec: TaskSpec, base: BaseModel) -> None:
    """Raise `ProblemError` where the task has the model think, and it was seen that the base cannot."""
    if spec.thinking and base.facts.get("thinks") is False:
        raise ProblemError(
            f"The project has the model think before it answers, and the chat template of {base} knows no thinking. "
            "Switch it off in the project, or choose a base model that thinks."
        )
