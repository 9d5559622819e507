"""What a recipe makes of few golden samples: means over draws of rows and seeds, beside the simple methods."""

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks.recipes.methods import ENCODER, METHODS
from benchmarks.recipes.sets import SETS, Sized, sized
from benchmarks.sessions import MissingError
from benchmarks.training.entry import MODELS
from common.encoder import EncoderError, read_record
from common.options import OptionsError
from common.problems import ProblemError

DRAWS = 5
TEST, VALIDATION = "test", "validation"


def add_options(parser: ArgumentParser) -> None:
    """Which cells are measured, on which messages, and what of the recipe is another one."""
    parser.add_argument("folder", type=Path, nargs="?", help="holds the folders banking77 and goemotions")
    parser.add_argument("--sets", nargs="+", metavar="SET[:ROWS]", help="or SETS in the environment; all unless given")
    parser.add_argument("--methods", nargs="+", choices=METHODS)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument(
        "--hold-out",
        choices=[TEST, VALIDATION],
        default=TEST,
        help="validation: other draws, judged on messages that are no test cases; recipes are chosen on these",
    )
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        dest="options",
        help="another option of the recipe, such as lora.r=32, or of the task (lists_labels=false)",
    )
    parser.add_argument("--again", action="store_true", help="measure cells that are there, too")
    parser.add_argument("--keep-old", action="store_true", help="take cells of other code and recipes as they are")
    parser.add_argument("--base", type=Path, default=MODELS / "smollm2-135m-instruct")


def chosen_sets(options: Namespace) -> list[Sized]:
    """Sets with numbers of golden samples, in the order asked for. Raises `MissingError` on an unknown one."""
    words = options.sets or os.environ.get("SETS", "").replace(",", " ").split() or list(SETS)
    try:
        return list(dict.fromkeys(each for word in words for each in sized(word)))
    except ValueError as error:
        raise MissingError(str(error)) from error


def chosen_methods(options: Namespace) -> list[str]:
    """On the validation rows, where recipes are chosen, what is trained alone unless others are asked for."""
    if options.methods:
        return list(options.methods)
    return [name for name, method in METHODS.items() if options.hold_out == TEST or method.is_trained]


def prepare(options: Namespace) -> None:
    """No server takes part. Refuse where a data set, the base model or the encoder is not there."""
    for name in dict.fromkeys(each.name for each in chosen_sets(options)):
        for file in SETS[name].files:
            path = (options.folder or Path()) / file
            if not path.is_file():
                raise MissingError(
                    f"There is no {path}. Give the folder that holds {name}: make bench "
                    'NAME=recipes ARGS="FOLDER"; benchmarks/recipes/README.md says who publishes it.'
                )
    methods = [METHODS[name] for name in chosen_methods(options)]
    if options.options and options.hold_out == TEST:
        raise MissingError("Give --hold-out validation with --set: no recipe is chosen on the test cases.")
    try:
        for method in methods:
            method.recipe(options.base, options.options, 1)
    except (OptionsError, ProblemError, ValueError) as error:
        raise MissingError(f"--set cannot be used: {error}") from error
    if any(method.wants_base for method in methods) and not (options.base / "config.json").is_file():
        raise MissingError(f"There is no base model in {options.base}; make base-model fetches it.")
    if any(method.wants_encoder for method in methods):
        try:
            read_record(ENCODER)
        except EncoderError as error:
            raise MissingError(str(error)) from error
