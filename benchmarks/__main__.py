"""The one door: `make bench NAME=swap ARGS="--moves 10"`; without a name it lists what there is."""

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks import report, sessions
from benchmarks.sessions import MissingError
from config.embedded import AlreadyRunning, EmbeddedError
from config.launcher.environment import var_dir
from config.launcher.session import LauncherError
from config.launcher.stopping import Stopped


def names() -> list[str]:
    """Every benchmark: the folders that have an entry."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/entry.py"))


def main(arguments: list[str]) -> int:
    """Set up, measure, print the table, keep the figures; what cannot be done is said in one sentence."""
    if not arguments:
        for name in names():
            print(f"{name:<14} {import_module(f'benchmarks.{name}.entry').__doc__}")
        return 0
    name, *rest = arguments
    if name not in names():
        sys.stderr.write(f"There is no benchmark {name!r}; there are {', '.join(names())}.\n")
        return 2
    entry = import_module(f"benchmarks.{name}.entry")
    parser = argparse.ArgumentParser(prog=f"make bench NAME={name}", description=entry.__doc__)
    entry.add_options(parser)
    options, folder = parser.parse_args(rest), var_dir() / "bench"
    try:
        prepare = entry.prepare(options)
        if prepare is None:
            measure = import_module(f"benchmarks.{name}.measure").measure
            return report.keep(name, rest, folder, lambda: measure(options))
        return sessions.measure(name, rest, prepare, folder)
    except (KeyboardInterrupt, Stopped):
        return 130
    except MissingError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (AlreadyRunning, EmbeddedError, LauncherError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
