"""`manage.py export_samples --project KEY FILE`: write a project's texts and answers into a file, with progress."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from labeling import services
from labeling.access import Right, may
from labeling.command import ServiceCommand, actor_of, add_user_option
from labeling.formats import WRITERS
from labeling.forms_exports import ExportForm
from labeling.models import Export, Given, SampleState, Split, WayIn

_ASKED = ("format", "split", "state", "label", "reviewer", "given", "way_in", "since", "until", "as_of", "test_answers")


class Command(ServiceCommand):
    """Writes in this process; the file stays on its page as well, for as long as those of others."""

    help = "Export samples of a project with their answers into a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="A file that is there is replaced.")
        parser.add_argument("--project", required=True, metavar="KEY")
        parser.add_argument("--format", choices=list(WRITERS), default=next(iter(WRITERS)))
        parser.add_argument("--split", choices=Split.values)
        parser.add_argument("--state", choices=SampleState.values)
        parser.add_argument("--label", help="Whose answer has this label.")
        parser.add_argument("--reviewer", help="Whose answer this person gave.")
        parser.add_argument("--given", choices=Given.values, help="How the answer was given.")
        parser.add_argument("--way-in", choices=WayIn.values)
        parser.add_argument("--since", metavar="DAY", help="Texts that came in on this day or later: 2026-12-31.")
        parser.add_argument("--until", metavar="DAY", help="Texts that came in on this day or before.")
        parser.add_argument("--as-of", metavar="TIME", help="As they were then: 2026-12-31T12:00. Default: now.")
        parser.add_argument("--test-answers", action="store_true", help="With the answers of the test split.")
        add_user_option(parser)

    def handle(self, *args: Any, **given: Any) -> None:
        project, actor = self.project(given["project"]), actor_of(self, given["user"])
        may_manage = may(actor, project, Right.MANAGE)
        form = ExportForm({name: given[name] for name in _ASKED}, project=project, may_manage=may_manage)
        self.read(form)
        if given["test_answers"] and not may_manage:
            raise CommandError(f"{actor} may not export test answers: that takes the right to manage.")
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task(given["file"].name, total=None)
            try:
                export = services.export_to(
                    given["file"],
                    actor,
                    project,
                    **form.asked,
                    on_progress=lambda row: bar.update(task, total=row.total, completed=row.done),
                )
            except (OSError, ValueError) as error:  # no name, or one with a NUL, is none of the system's errors
                reason = error.strerror if isinstance(error, OSError) else error
                raise CommandError(f"The file cannot be written: {reason}.") from error
        self._say(export)

    def _say(self, export: Export) -> None:
        if export.state != Export.State.SUCCEEDED:
            raise CommandError(export.error or f"The export is {export.get_state_display().lower()}.")
        self.stdout.write(f"{export.rows} rows written, {export.left_out_rows} left out.")
        for reason, count in export.left_out.items():
            self.stdout.write(f"  {count}: {reason}")
