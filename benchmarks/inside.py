"""The measuring process of a session, started by `sessions`: `python -m benchmarks.inside NAME FOLDER OPTIONS`."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

import django

from benchmarks import report


def main() -> int:
    name, folder, *arguments = sys.argv[1:]
    django.setup()
    parser = argparse.ArgumentParser()
    import_module(f"benchmarks.{name}.entry").add_options(parser)
    options, measure = parser.parse_args(arguments), import_module(f"benchmarks.{name}.measure").measure
    try:
        return report.keep(name, arguments, Path(folder), lambda: measure(options))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
