"""`manage.py freeze_snapshot --project KEY`: freeze the golden samples as they are now."""

from typing import Any

from django.core.management.base import CommandParser

from labeling.command import ServiceCommand, actor_of, add_user_option
from labeling.services.fitting import reasons
from training import services
from training.forms import SnapshotForm
from training.services.snapshots import folder_of


class Command(ServiceCommand):
    """Prints the digest, the counts and the folder."""

    help = "Freeze the golden samples of a project into train, validation and test files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", required=True, metavar="KEY")
        add_user_option(parser)
        parser.add_argument("--note", default="", help="Kept with the snapshot if it is new.")

    def handle(self, *args: Any, **given: Any) -> None:
        project, said = self.project(given["project"]), self.read(SnapshotForm({"note": given["note"]}))
        snapshot = services.freeze_snapshot(actor_of(self, given["user"]), project, note=said["note"])
        counts = f"{snapshot.train_rows} train, {snapshot.validation_rows} validation, {snapshot.test_rows} test"
        self.stdout.write(f"{snapshot.digest}\n{counts}\n{folder_of(snapshot)}")
        if snapshot.left_out:
            self.stderr.write(f"{snapshot.left_out_total} approved answers left out: {reasons(snapshot.left_out)}")
