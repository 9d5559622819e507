"""Writing one export: pages of texts into its file, fenced by the lease, and what a lost try left is gone on with."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from common import jsonl, leases
from labeling.formats import WRITERS, Item, LeftOut, Writer
from labeling.models import Export, Given, SampleState
from labeling.services import export_file
from labeling.services.export_file import PartFile
from labeling.services.export_filters import Filters
from labeling.services.export_rows import Reader

# Seconds between two notes of how far it is: what a lost worker has done since the last one is done again.
NOTED_EVERY = 1.0
_CERTIFIED = (
    "a certificate accepted its answer, which this format cannot say. Ask for the certified ones (given) to have them"
)
OnProgress = Callable[[Export], None]


class ExportJob:
    """One try at an export: what is asked for, resolved once."""

    def __init__(self, export: Export, token: uuid.UUID) -> None:
        self.export, self.token = export, token
        task = export.spec
        self.writer: Writer = WRITERS[export.format](task.to_spec())
        self.filters = Filters.of(export.filters)
        rows = self.filters.narrow(export.project.samples.all())
        self.reader = Reader(rows, task, export.as_of, self.writer.has_history, export.test_answers)
        self.left_out: Counter[str] = Counter()

    def write(self, on_progress: OnProgress | None = None) -> None:
        """Write the file to its end. Raises `LeaseLostError` where somebody else is at it, or it was cancelled."""
        with PartFile(self.export, self.token, self.writer.suffix) as file:
            try:
                if not file.is_kept:
                    self.export.bytes = self.export.position = self.export.done = self.export.rows = 0
                    self.export.left_out = {}
                    file.write(self.writer.begin)
                self.left_out.update(self.export.left_out)
                self.export.file.name = file.name
                self.export.total = self.reader.wanted.count()
                self._note(file)
                export_file.remove_others(self.export)
                self._pages(file, on_progress)
                file.write(self.writer.end)
                self._note(file)
            except BaseException:
                # Kept where the row names it: whoever goes on needs it.
                if not Export.objects.filter(pk=self.export.pk, file=file.name).exists():
                    export_file.remove(file.name)
                raise

    def _pages(self, file: PartFile, on_progress: OnProgress | None) -> None:
        noted = time.monotonic()
        while True:
            last, items = self.reader.page(self.export.position)
            if not items:
                return
            file.write(self._text(items))
            self.export.position, self.export.done = last, self.export.done + len(items)
            if time.monotonic() - noted >= NOTED_EVERY:
                self._note(file, attempts=0)
                noted = time.monotonic()
                if on_progress:
                    on_progress(self.export)

    def _text(self, items: list[Item]) -> str:
        parts = []
        for item in items:
            if not self.filters.wants(item):
                continue
            if item.is_withdrawn and self.filters.state != SampleState.WITHDRAWN:
                self.left_out["it was withdrawn since"] += 1
                continue
            if self._is_mistakable(item):
                self.left_out[_CERTIFIED] += 1
                continue
            try:
                row = self.writer.row(item)
            except LeftOut as error:
                self.left_out[str(error)] += 1
                continue
            parts.append(row)
        between = self.writer.between
        text = (between if between and self.export.rows and parts else "") + between.join(parts)
        self.export.rows += len(parts)
        return jsonl.escaped(text) if self.writer.is_json else text

    def _is_mistakable(self, item: Item) -> bool:
        """Whether it has a model's own answer, in a format that cannot say so, and was not asked for by that."""
        is_certified = item.golden is not None and item.golden.given == Given.CERTIFIED
        return is_certified and not self.writer.has_history and self.filters.given != Given.CERTIFIED

    def _note(self, file: PartFile, **moved: int) -> None:
        """Write down how far it is. What is written behind that, a later try cuts off."""
        self.export.bytes = file.settle()
        self.export.left_out = dict(self.left_out)
        noted = ("file", "bytes", "position", "done", "rows", "total", "left_out")
        values: dict[str, Any] = {name: getattr(self.export, name) for name in noted}
        leases.renew(Export, self.export.pk, self.token, **values, **moved)
