"""`make mutants`: do the tests of pure code fail where the code is changed? `.ci/mutants.py [--fifth] MODULE.py ...`

mutmut changes one thing at a time (an operator, a number, an argument, a condition) and runs the pure tests that come
by. String literals stay as they are: the wording of messages is free. What no test kills in time counts as survived.
Properties are tried with fewer examples than in `make test`, and what fails is not made small: that it fails is enough.
All mutants take hours: `--fifth` tries those whose number ends in 3 or 8, and gives an interval.
"""

import shutil
import sys
from collections import Counter
from pathlib import Path

import hypothesis
import mutmut.__main__ as mutmut
from mutmut.configuration import config
from mutmut.mutation import mutators
from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import status_by_exit_code

ENOUGH = 0.8
FIFTH = ("*3", "*8")
_EXAMPLES = 25
_PHASES = (hypothesis.Phase.explicit, hypothesis.Phase.generate)


def main(words: list[str]) -> int:
    """Mutate, test, print a line for each module; 1 where one, or of a fifth the whole, has less than 80 % killed."""
    is_fifth, modules = "--fifth" in words, [word for word in words if word != "--fifth"]
    shutil.rmtree("mutants", ignore_errors=True)
    config().only_mutate = modules
    hypothesis.settings.register_profile(
        "mutants",
        max_examples=_EXAMPLES,
        phases=_PHASES,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),  # `make test` makes them
    )
    hypothesis.settings.load_profile("mutants")
    mutators.mutation_operators[:] = [
        each for each in mutators.mutation_operators if each[1] is not mutators.operator_string
    ]
    mutmut._run(FIFTH if is_fifth else (), max_children=1)
    print(f"\n{'module':<40}{'mutants':>9}{'killed':>9}{'survived':>10}{'share':>8}")
    counts = {module: tell(module) for module in modules}
    killed, total = (sum(numbers) for numbers in zip(*counts.values(), strict=True))
    from common.intervals import wilson  # only now: what tests import must be what was changed

    low, high = wilson(killed, total)
    print(f"{'in all':<40}{total:>9}{killed:>9}{total - killed:>10}{killed / total:>8.0%} ({low:.0%} to {high:.0%})")
    weak = [] if is_fifth else [name for name, (kills, of) in counts.items() if kills < ENOUGH * of]
    for module in weak:
        print(
            f"{module} has less than {ENOUGH:.0%}: `mutmut results` names what survived, `mutmut show NAME` shows it."
        )
    return 1 if weak or killed < ENOUGH * total else 0


def tell(module: str) -> tuple[int, int]:
    """The module's line of the table; how many of its mutants that were tried were killed, and how many those are."""
    data = SourceFileMutationData(path=Path(module))
    data.load()
    counts = Counter(status_by_exit_code[code] for code in data.exit_code_by_key.values() if code is not None)
    total, killed = counts.total(), counts["killed"]
    print(f"{module:<40}{total:>9}{killed:>9}{total - killed:>10}{killed / total if total else 1.0:>8.0%}")
    return killed, total


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
