"""`manage.py import_samples --project KEY FILE`: import a file of texts, with progress."""

import csv
import io
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from common.actor import Actor
from labeling import services
from labeling.access import Right, may
from labeling.command import ServiceCommand, actor_of, add_user_option
from labeling.formats import SHAPES
from labeling.forms_imports import OPTION_FIELDS, ImportOptionsForm
from labeling.importers import FORMATS
from labeling.models import ImportBatch, Project
from labeling.services.import_job import ANSWERS

_SHOWN_BAD_ROWS = 5


class Command(ServiceCommand):
    """Streams the file in this process; running it twice imports nothing twice."""

    help = "Import samples from a file into a project: JSONL, JSON, CSV, TSV, plain text, and what other tools write."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--project", required=True, metavar="KEY")
        parser.add_argument("--format", choices=(*FORMATS, *SHAPES), help="Recognised by its content unless given.")
        parser.add_argument(
            "--text-column", help="Name, path (data.text, annotations.0.value), or position from 0. Default: text."
        )
        parser.add_argument("--labels-column", help="Column of the known answers.")
        parser.add_argument("--id-column", help="Column of your own ids.")
        parser.add_argument("--no-header", action="store_true", help="The table has no header; columns are positions.")
        parser.add_argument("--separator", help="Between several labels in one cell.")
        parser.add_argument(
            "--labels-by-number", action="store_true", help="Cells hold positions, from 0, in the project's labels."
        )
        parser.add_argument("--list-path", help="Where the rows of a JSON file are: data.item for {'data': [...]}.")
        parser.add_argument("--delimiter", help="Between the columns of a table; \\t is a tab.")
        parser.add_argument("--encoding", help="Such as windows-1252. Recognised unless given.")
        parser.add_argument("--told", action="store_true", help="Record what models said of the texts.")
        parser.add_argument("--join", action="store_true", help="Put the labels of equal texts together.")
        parser.add_argument(
            "--answers", choices=ANSWERS, default="none", help="Rows whose known answers become golden samples."
        )
        add_user_option(parser)
        parser.add_argument("--report", type=Path, help="Write the bad rows (line, reason) to this CSV file.")

    def handle(self, *args: Any, **given: Any) -> None:
        project, actor = self.project(given["project"]), actor_of(self, given["user"])
        asked = {name: given[name] for name in OPTION_FIELDS}
        form = ImportOptionsForm(asked, project=project, may_approve=may(actor, project, Right.REVIEW))
        self.read(form)
        if given["answers"] != "none" and "answers" not in form.fields:
            raise CommandError(f"{actor} may not import known answers: only those who review may approve answers.")
        try:
            batch = self._import(actor, project, given["file"], form.options)
        except OSError as error:
            raise CommandError(str(error)) from error
        self._say(batch, given["report"])

    def _import(self, actor: Actor, project: Project, path: Path, options: dict[str, Any]) -> ImportBatch:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]} rows"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(path.name, total=path.stat().st_size, rows=0)
            return services.import_file(
                actor,
                project,
                path,
                options,
                on_progress=lambda batch: bar.update(task, completed=batch.bytes_read, rows=batch.rows_read),
            )

    def _say(self, batch: ImportBatch, report: Path | None) -> None:
        if batch.state != ImportBatch.State.SUCCEEDED:
            raise CommandError(batch.error or f"The import is {batch.state}.")
        self.stdout.write(
            f"{batch.imported} new samples, {batch.golden} known answers approved, "
            f"{batch.duplicates} duplicates skipped, {batch.bad_rows} rows not taken."
        )
        for note in batch.notes:
            self.stdout.write(f"  {note}")
        if not batch.bad_rows:
            return
        with batch.report.open("rb") as content:
            rows = csv.DictReader(io.TextIOWrapper(content, "utf-8", newline=""))
            for row in islice(rows, _SHOWN_BAD_ROWS):
                self.stdout.write(f"  line {row['line']}: {row['reason']}")
        if report is not None:
            shutil.copyfile(batch.report.path, report)
        where = report or batch.report.path
        self.stdout.write(f"All bad rows: {where}")
