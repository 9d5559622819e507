"""The steps of a new project that this floor knows of: its task, its texts, its experts."""

from django.urls import reverse

from labeling.access import Right
from labeling.models import Membership, Project, Review, Role, Sample
from labeling.querysets import COUNT_CAP, capped_count
from labeling.steps import State, Step


def task(project: Project) -> Step:
    """What is asked is frozen."""
    url = reverse("labeling:task", args=[project.key])
    spec = project.specs.order_by("-number").first()
    if spec is None:
        said = "Nothing is asked yet: write the instruction, and save it."
        return Step("Task", State.OPEN, said, url, "Write the task", Right.MANAGE)
    labels = f", {_counted(len(spec.labels), 'label')}" if spec.labels else ""
    said = f"{project.get_kind_display()}{labels}; task {spec.number}."
    return Step("Task", State.DONE, said, url, "Look at the task", Right.MANAGE, f"task {spec.number}")


def samples(project: Project) -> Step:
    """There is something to ask about."""
    url = reverse("labeling:imports", args=[project.key])
    count = capped_count(Sample.objects.in_use().filter(project=project))
    if not count:
        said = "No texts yet: bring a file, or send them through the API."
        return Step("Texts", State.OPEN, said, url, "Import texts", Right.IMPORT)
    shown = f"more than {COUNT_CAP:,} texts" if count > COUNT_CAP else _counted(count, "text")
    return Step("Texts", State.DONE, f"{shown[0].upper()}{shown[1:]}.", url, "Import more", Right.IMPORT, shown)


def experts(project: Project) -> Step:
    """Somebody answers: an expert was let in, or whoever manages has begun to review."""
    url = reverse("labeling:members", args=[project.key])
    count = Membership.objects.in_force().filter(project=project, role=Role.EXPERT, user__is_active=True).count()
    if count:
        said = _counted(count, "expert")
        return Step("Experts", State.DONE, f"{said}.", url, "Members", Right.MANAGE, said)
    if Review.objects.filter(sample__project=project).exists():
        said = "No experts; others of the project review."
        return Step("Experts", State.DONE, said, url, "Members", Right.MANAGE, "no experts")
    said = "Nobody has the role of an expert, and nobody has reviewed: invite people by a link, or begin yourself."
    return Step("Experts", State.OPEN, said, url, "Invite experts", Right.MANAGE)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
