"""The step of a new project that this floor knows of: test cases enough for the gate."""

from django.urls import reverse

from evaluation.models import GatePolicy
from labeling.access import Right
from labeling.models import GoldenSample, Project, Sample, Split
from labeling.querysets import capped_count
from labeling.services.fitting import count_fitting_up_to
from labeling.steps import State, Step

# Of more test cases than the gate asks for, the line says "more than" beyond this.
_MOST = 1_000


def test_cases(project: Project) -> Step:
    """The gate has as many cases as its policy asks for; that they fit today's task is counted."""
    policy = GatePolicy.objects.filter(project=project).first() or GatePolicy(project=project)
    least, title = policy.min_cases, "Test cases"
    spec = project.specs.order_by("-number").first()
    judging = GoldenSample.objects.judging().filter(project=project)
    count = count_fitting_up_to(max(least, _MOST), judging, spec.to_spec()) if spec else 0
    benchmarks = reverse("evaluation:benchmarks", args=[project.key])
    if count >= least:
        more = "at least " if count >= max(least, _MOST) else ""
        said = f"{more}{count:,} test cases"
        return Step(title, State.DONE, f"{said[0].upper()}{said[1:]}; the gate asks for {least:,}.", benchmarks,
                    "Benchmarks", health=said)  # fmt: skip
    so_far = f"{count:,} of the {least:,} test cases that the gate asks for"
    waiting = capped_count(Sample.objects.pending().filter(project=project, split=Split.TEST))
    if waiting:
        said = f"{so_far}. Test texts wait in the review queue among the others, and are answered without a proposal."
        return Step(title, State.OPEN, said, reverse("labeling:review", args=[project.key]), "Review", Right.REVIEW)
    if not project.test_share:
        said = f"{so_far}, and no new text becomes one: the share of test texts is 0 %."
        general = reverse("labeling:settings_of", args=[project.key, "general"])
        return Step(title, State.TROUBLE, said, general, "Change the shares", Right.MANAGE)
    if not Sample.objects.in_use().filter(project=project).exists():
        return Step(title, State.WAITS, f"{so_far}: they come with the texts.", benchmarks, "Benchmarks")
    said = f"{so_far}, and no test text waits: of new texts {project.test_share} % become test texts. Bring more in."
    return Step(title, State.OPEN, said, reverse("labeling:imports", args=[project.key]), "Import texts", Right.IMPORT)
