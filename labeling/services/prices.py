"""What a choice of the task costs in each prompt, from the project's own labels and texts."""

from django.db.models import Avg
from django.db.models.functions import Length

from labeling import prompts
from labeling.kinds import Spec, kind_of
from labeling.models import Project, TaskSpec

# The newest; an average of more tells nothing more.
_TEXTS = 200


def label_list_price(project: Project) -> str:
    """What the label list is of an average prompt, in one sentence; empty for kinds without labels.

    In characters: the web process has no tokenizer. `start_run --dry-run` tells the tokens.
    """
    newest: TaskSpec | None = project.specs.order_by("-number").first()
    if newest is None or not kind_of(newest).has_labels:
        return ""
    spec = newest.to_spec()
    listed, rest = len(prompts.label_list(spec)), _rest(project, spec)
    whole, times = listed + rest, f"{(listed + rest) / rest:.1f} times as long"
    if spec.lists_labels:
        return f"The list is {listed:,} of the {whole:,} characters of an average prompt, which is {times} with it."
    return f"The list would add {listed:,} characters to the {rest:,} of an average prompt, and make it {times}."


def _rest(project: Project, spec: Spec) -> int:
    """Characters of a prompt without the list."""
    newest = project.samples.order_by("-pk")[:_TEXTS]
    text = newest.aggregate(length=Avg(Length("text")))["length"] or 0
    frame = prompts.messages(spec, kind_of(spec).input.of_text(""))
    listed = len(prompts.label_list(spec)) if spec.lists_labels else 0
    return max(1, sum(len(each["content"]) for each in frame) - listed + round(text))
