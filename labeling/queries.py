"""What several doors ask of the rows of this floor."""

from dataclasses import dataclass

from django.db.models import QuerySet

from labeling.models import Membership, Project, Role, User

NAMED = 10


@dataclass(frozen=True)
class Helpers:
    """Who can change what somebody may do: user names, at most ten of each."""

    managers: list[str]
    administrators: list[str]

    @property
    def sentence(self) -> str:
        """Whom to ask; empty where there is nobody."""
        groups = (("Managers", self.managers), ("Administrators", self.administrators))
        return " ".join(f"{title}: {', '.join(names)}." for title, names in groups if names)


def _managing(project: Project) -> QuerySet[Membership]:
    return Membership.objects.in_force().filter(project=project, role=Role.MANAGER)


def who_helps(project: Project | None) -> Helpers:
    """The managers of a project, where it is about one, and the administrators."""
    people = User.objects.filter(is_active=True).order_by("username")
    managers = people.filter(memberships__in=_managing(project)) if project else people.none()
    administrators = people.filter(is_superuser=True)
    return Helpers(*(list(group.values_list("username", flat=True)[:NAMED]) for group in (managers, administrators)))
