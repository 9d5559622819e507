"""What `promote` and `rollback` share on the command line."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployment.models import Deployment
from labeling.models import Project, User
from training.models import ModelVersion


class MoveCommand(BaseCommand):
    """A move by hand, from the shell of the host; the history shows who asked, where a name is given."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="The project's key.")
        parser.add_argument("--reason", default="", help="It stays in the history.")
        parser.add_argument("--user", help="In whose name; the system itself where absent.")
        parser.add_argument("--may-evict", action="store_true", help="Yes to throwing models that serve out of memory.")

    def project(self, key: str) -> Project:
        """Raises `CommandError` with the keys that there are."""
        project = Project.objects.filter(key=key).first()
        if project is None:
            keys = ", ".join(Project.objects.values_list("key", flat=True)[:20]) or "none yet"
            raise CommandError(f"There is no project {key}. Projects: {keys}.")
        return project

    def version(self, project: Project, name: str) -> ModelVersion:
        """A version by `v7` or `7`."""
        number = name.lower().removeprefix("v")
        version = ModelVersion.objects.filter(project=project, number=number).first() if number.isdecimal() else None
        if version is None:
            raise CommandError(f"There is no version {name} in {project.key}.")
        return version

    def user(self, name: str | None) -> User | None:
        """Raises `CommandError` for a name that nobody has."""
        if name is None:
            return None
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {name}.")
        return user

    def said(self, done: Deployment) -> str:
        """What came of it, step by step."""
        steps = ", ".join(f"{step['name']} {step['ms']:.0f} ms" for step in done.steps)
        return f"{done.version} is live; {steps}."

    def options(self, given: dict[str, Any]) -> dict[str, Any]:
        """The options that both verbs take."""
        return {"reason": given["reason"], "may_evict": given["may_evict"]}
