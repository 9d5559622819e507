"""`manage.py demo`: play the whole loop. Started by `make demo`, which brings up the servers and workers first."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo import report
from demo.setup import make_project, make_world
from demo.show import DemoError, Show
from demo.steps import heads, reviewing, swap, training
from labeling.models import Project


class Command(BaseCommand):
    help = "Play the whole loop on an empty database: review, train, judge, promote, roll back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base", choices=["smollm2", "tiny"], default="smollm2")
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="Where the web process listens.")
        parser.add_argument("--folder", type=Path, default=settings.VAR_DIR, help="Where report.json goes.")

    def handle(self, *args: Any, base: str, url: str, folder: Path, **options: Any) -> None:
        if Project.objects.exists():
            raise CommandError("The demo wants an empty database; start it with `make demo`.")
        show, started = Show(), time.monotonic()
        try:
            self._play(show, base, url.rstrip("/"), folder)
        except DemoError as error:
            show.console.print(f"\n[bold red]The demo stopped:[/] {error}")
            raise CommandError("a step of the demo failed") from error
        show.console.print(f"\n[dim]The loop took {time.monotonic() - started:.0f} s.[/]")

    def _play(self, show: Show, base: str, url: str, folder: Path) -> None:
        with show.step("Base model"):
            world = make_world(show, base, folder)
        with show.step("Import the messages; the bare base model goes live as the baseline"):
            make_project(world)
            reviewing.import_messages(world)
            reviewing.serve_baseline(world)
        with show.step("The live model proposes, the expert confirms or corrects"):
            reviewing.review(world)
        with show.step("Retrain by trigger; benchmark, gate and promotion of version 1"):
            training.train_first_version(world)
            training.show_baselines(world)
        with show.step("The same texts, answered before and after"):
            training.show_changes(world)
        with show.step("A head on a sentence encoder, from the same labels, meets the gate"):
            heads.train_head(world)
        with show.step("A version spoiled on purpose meets the gate"):
            training.train_spoiled_version(world)
        with show.step("One rollback and forward again, under load"):
            swap.swap(world, url)
        figures = report.collect(world)
        path = report.write(folder, figures)
        report.show(world, figures, url)
        show.say(f"[dim]Every figure: {path}[/]")
