"""What the demo prints: numbered steps with their seconds, bars while something runs, tables at the end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

POLL_SECONDS = 0.4


class DemoError(Exception):
    """A step did not reach its end; the message says what was waited for."""


class Show:
    """The demo's terminal, and its stopwatch: `steps` holds name and seconds of each finished step."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.steps: list[dict[str, Any]] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A numbered step; its time is kept when it ends."""
        started = time.monotonic()
        self.console.print(f"\n[bold cyan]{len(self.steps) + 1}.[/] [bold]{title}[/]")
        yield
        seconds = time.monotonic() - started
        self.steps.append({"name": title, "seconds": round(seconds, 1)})
        self.console.print(f"   [green]done[/] [dim]in {seconds:.1f} s[/]")

    def say(self, text: str) -> None:
        """A line of the present step."""
        self.console.print(f"   {text}")

    @contextmanager
    def bar(self, title: str, total: float | None = None) -> Iterator[Callable[..., None]]:
        """A progress bar; the block gets `update(done, note="", total=None)`."""
        columns = (
            TextColumn("  "),
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.completed:.0f}/{task.total:.0f}" if total else ""),
            TextColumn("[dim]{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=not self.console.is_terminal) as progress:
            task = progress.add_task(title, total=total, note="")

            def update(done: float, note: str = "", total: float | None = None) -> None:
                changes: dict[str, Any] = {"completed": done, "note": note}
                if total:
                    changes["total"] = total
                progress.update(task, **changes)

            yield update

    def wait(
        self, what: str, ready: Callable[[], Any], *, timeout: float, tick: Callable[[], None] | None = None
    ) -> Any:
        """Poll until `ready()` is true and return it. Raises `DemoError` after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not (found := ready()):
            if time.monotonic() > deadline:
                raise DemoError(f"Waited {timeout:.0f} s in vain for {what}. See var/log for what the workers said.")
            if tick:
                tick()
            time.sleep(POLL_SECONDS)
        return found

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """A table of text cells."""
        table = Table(title=title, title_justify="left", show_lines=False)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)
