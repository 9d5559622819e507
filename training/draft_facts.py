"""What pages, API and admin tell of a project's draft."""

from dataclasses import dataclass

from labeling.models import Project
from training.methods import HEAD
from training.models import Draft, RetrainPolicy
from training.services.drafts import new_for_draft, obstacle_to, step_of

# More are not counted for a page.
MOST = 1_000


@dataclass(frozen=True)
class DraftFacts:
    """The draft of a project, and the new golden samples since: `fresh`, counted up to `MOST`.

    `step`: how many have it fitted again. `obstacle`: why none is fitted, and what to do.
    """

    policy: RetrainPolicy
    draft: Draft | None
    fresh: int
    step: int
    obstacle: str

    @property
    def is_on(self) -> bool:
        """The policy wants one."""
        return self.policy.draft_every > 0

    @property
    def proposes(self) -> bool:
        """The policy wants it to propose."""
        return self.is_on and self.policy.draft_proposes

    @property
    def problem(self) -> str:
        """Why it could not be fitted, or not propose, when that was tried last; empty where it could."""
        return self.policy.draft_problem


def draft_facts(project: Project, policy: RetrainPolicy | None) -> DraftFacts | None:
    """What is to be said of the project's draft; None where the task can have none, or nothing says when."""
    if policy is None or HEAD.obstacle(project):
        return None
    draft = Draft.objects.filter(project=project).select_related("project").defer("weights").first()
    step = step_of(policy, draft)
    return DraftFacts(policy, draft, new_for_draft(policy, draft, max(step, MOST)), step, obstacle_to(project))
