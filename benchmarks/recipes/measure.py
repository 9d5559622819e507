"""Cell by cell, what is cheap first; what is there already, of the same recipe and code, is not measured again."""

import argparse
import dataclasses
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.recipes import cells, table
from benchmarks.recipes.cells import Cell, Record
from benchmarks.recipes.entry import DRAWS, TEST, chosen_methods, chosen_sets
from benchmarks.recipes.methods import METHODS
from benchmarks.recipes.sets import SETS, Sized
from benchmarks.report import Result, commit
from config.launcher.environment import var_dir
from evaluation.paired import interval
from evaluation.scorers import scorer_of
from labeling.answers import Status


def measure(options: argparse.Namespace) -> Result:
    """Measure the cells that are asked for; figures of these and, by default, of all others that are kept."""
    folder = var_dir() / "bench" / "recipes"
    for cell in wanted(options):
        kept = None if options.again else cells.read(folder, cell)
        if kept is None or not (options.keep_old or is_fresh(kept, cell, options.base)):
            record = measure_cell(cell, options)
            cells.keep(folder, cell, record)
            print(f"{cell.name}: {record['figure']:.3f} ({record['cpu_s']:.0f} s)", file=sys.stderr, flush=True)
    found = list(kept_records(folder, options))
    rows = table.rows_of(found, DRAWS)
    is_trial = options.hold_out != TEST
    return Result(
        table.shown(rows),
        0 if is_trial else table.wrong(rows),
        top={**table.top(rows), "old_cells": sum(record["old"] for record in found)},
        name=f"recipes-{options.hold_out}" if is_trial else "",
    )


def wanted(options: argparse.Namespace) -> Iterator[Cell]:
    """What is answered once and the simple methods of all sets, then draw by draw what is trained."""
    sets, methods = chosen_sets(options), chosen_methods(options)
    trained = [name for name in methods if METHODS[name].is_trained]
    cheap = [name for name in methods if name not in trained]
    for names in (cheap, trained):
        for draw in range(1, options.draws + 1):
            for each in sets:
                yield from (cell for name in names if (cell := cell_of(each, name, draw, options)).draw or draw == 1)


def cell_of(each: Sized, method: str, draw: int, options: argparse.Namespace) -> Cell:
    """The cell that holds this figure. Held-out validation messages are others in each draw, test cases are not."""
    said = tuple(options.options)
    if METHODS[method].once and options.hold_out == TEST:
        return Cell(each.name, 0, method, 0, options.hold_out, said)
    return Cell(each.name, each.rows, method, draw, options.hold_out, said)


def kept_records(folder: Path, options: argparse.Namespace) -> Iterator[Record]:
    """All that is kept for the table, asked for now or before, each with whether it is `old`.

    Old ones are left out unless they are to be taken.
    """
    for name, data in SETS.items():
        for rows in data.sizes:
            for method in METHODS:
                seen = {cell_of(Sized(name, rows), method, draw, options) for draw in range(1, DRAWS + 1)}
                for cell in sorted(seen, key=lambda cell: cell.draw):
                    record = cells.read(folder, cell)
                    if record is None:
                        continue
                    old = not is_fresh(record, cell, options.base)
                    if not old or options.keep_old:
                        yield {**record, "rows": rows, "old": old}


def is_fresh(record: Record, cell: Cell, base: Path) -> bool:
    """Whether the same recipe and code would measure it today."""
    return record.get("made_of") == made_of(cell, base)


def made_of(cell: Cell, base: Path) -> dict[str, str]:
    """Digests of recipe and code. Where the base lies does not count."""
    method = METHODS[cell.method]
    recipe = method.recipe(base, cell.options, cell.draw)
    recipe = {**recipe, "base_model": {**recipe.get("base_model", {}), "location": None}}
    if "config" in recipe:
        recipe["config"] = {**recipe["config"], "base_model": None}
    return {"recipe": cells.digest_of(recipe), "code": cells.code_digest(method.code)}


def measure_cell(cell: Cell, options: argparse.Namespace) -> Record:
    """Draw, learn, answer, count."""
    began, method = time.time(), METHODS[cell.method]
    recipe, said = method.recipe(options.base, cell.options, cell.draw), made_of(cell, options.base)
    rows = cell.rows or min(SETS[cell.set].sizes)
    drawn = SETS[cell.set].draw(options.folder or Path(), rows, cell.draw, hold_out=cell.hold_out)
    drawn = dataclasses.replace(drawn, spec=dataclasses.replace(drawn.spec, **recipe.get("task", {})))
    outcome = method.run(drawn, recipe)
    scorer = scorer_of(drawn.spec)
    return {
        "figure": scorer.main_value(outcome.answers),
        "figure_is": scorer.main,
        "interval": interval(scorer, outcome.answers),
        "cpu_s": round(outcome.cpu_s, 2),
        "answering_s": round(outcome.answering_s, 2),
        "train_rows": len(drawn.train),
        "validation_rows": len(drawn.validation),
        "cases": len(drawn.cases),
        "failed": sum(case.status == Status.FAILED for case in outcome.answers),
        "run": outcome.more,
        "made_of": said,
        "recipe": recipe,
        "commit": commit(),
        "command": shlex.join(["make", "bench", "NAME=recipes", f"ARGS={shlex.join(sys.argv[2:])}"]),
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "seconds": round(time.time() - began, 1),
        "answers": [{"expected": case.expected, "got": case.read} for case in outcome.answers],
    }
