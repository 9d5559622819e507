"""`manage.py start_run --project KEY [--profile NAME] [--base NAME] [--set max_steps=20]`: queue a training run."""

from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.models import Project
from labeling.problems import ProblemError
from training import services
from training.models import BaseModel, TrainingProfile, TrainingRun
from training.workers import queue_is_alive


class Command(BaseCommand):
    """The project's retrain policy gives what is not said. Prints the run's public id."""

    help = "Queue a training run on the golden samples as they are now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="KEY")
        parser.add_argument("--profile", metavar="NAME")
        parser.add_argument("--base", metavar="NAME")
        parser.add_argument(
            "--set", action="append", default=[], metavar="OPTION=VALUE", help="An option of the engine; repeatable."
        )

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            run = services.start_run(
                None,
                self._found(Project, "key", given["project"]),
                trigger=TrainingRun.Trigger.MANUAL,
                profile=self._found(TrainingProfile, "name", given["profile"]),
                base=self._found(BaseModel, "name", given["base"]),
                overrides=self._options(given["set"]),
            )
        except ProblemError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(run.uid))
        if not queue_is_alive("gpu"):
            self.stderr.write("No GPU worker is alive: the run waits until one starts.")

    def _found(self, model: Any, field: str, value: str | None) -> Any:
        if value is None:
            return None
        row = model.objects.filter(**{field: value}).first()
        if row is None:
            raise CommandError(f"There is no {model._meta.verbose_name} {value}.")
        return row

    def _options(self, pairs: list[str]) -> dict[str, Any]:
        options = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise CommandError(f"Write {pair} as OPTION=VALUE.")
            options[name] = yaml.safe_load(value)
        return options
