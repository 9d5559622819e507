"""`manage.py start_run --project KEY [--profile|--base|--method NAME] [--set lora.r=8] [--dry-run]`: queue a run."""

from typing import Any

import yaml
from django.core.management.base import CommandError, CommandParser

from labeling.command import ServiceCommand, actor_of, add_user_option
from training import services
from training.methods import METHODS
from training.models import TrainingRun
from training.overrides import nested
from training.serializers import StartRunSerializer
from training.services.dryruns import dry_run, lines_of
from training.workers import queue_is_alive


class Command(ServiceCommand):
    """The project's retrain policy gives what is not said. Prints the run's public id."""

    help = "Queue a training run on the golden samples as they are now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="KEY")
        parser.add_argument("--profile", metavar="NAME")
        parser.add_argument("--base", metavar="NAME")
        parser.add_argument("--method", metavar="NAME", help=f"One of {', '.join(METHODS)}.")
        add_user_option(parser)
        parser.add_argument(
            "--again", action="store_true", help="Yes to a second run on the same snapshot, options and seed."
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Tell what the run would be, measured in a few updates on this host; queue and freeze nothing.",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="OPTION=VALUE",
            help="An option of the engine, such as lora.r=8; repeatable.",
        )

    def handle(self, *args: Any, **given: Any) -> None:
        actor, project = actor_of(self, given["user"]), self.project(given["project"])
        asked = {name: given[name] for name in ("profile", "base", "method")} | {
            "overrides": nested(self._options(given["set"])),
            "again": given["again"],
        }
        said = self.read(StartRunSerializer(data=asked))
        if given["dry_run"]:
            self._tell(dry_run(actor, project, **said))
            return
        run = services.start_run(actor, project, trigger=TrainingRun.Trigger.MANUAL, **said)
        self.stdout.write(str(run.uid))
        if not queue_is_alive(run.way.queue):
            worker = "GPU worker" if run.way.with_torch else f"worker on the queue {run.way.queue}"
            self.stderr.write(f"No {worker} is alive: the run waits until one starts.")

    def _tell(self, report: dict[str, Any]) -> None:
        for name, said in lines_of(report):
            self.stdout.write(f"{name:<11} {said}")
        if report["refused"]:
            raise CommandError("The run would be refused.")

    def _options(self, pairs: list[str]) -> dict[str, Any]:
        options = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise CommandError(f"Write {pair[:100]} as OPTION=VALUE.")
            try:
                options[name] = yaml.safe_load(value)
            except (yaml.YAMLError, ValueError, RecursionError) as error:
                raise CommandError(f"{name[:100]} is not a value that can be read: {value[:100]}") from error
        return options
