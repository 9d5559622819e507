"""`make mutants`: do the tests of pure code fail where the code is changed? `python .ci/mutants.py MODULE.py ...`

mutmut changes one thing at a time (an operator, a number, an argument, a condition) and runs the pure tests that come
by. String literals stay as they are: the wording of messages is free. What no test kills in time counts as survived.
Properties are tried with fewer examples than in `make test`, and what fails is not made small: that it fails is enough.
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
_EXAMPLES = 25
_PHASES = (hypothesis.Phase.explicit, hypothesis.Phase.generate)


def main(modules: list[str]) -> int:
    """Mutate, test, print a line for each module; 1 where one has less than 80 % of its mutants killed."""
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
    mutmut._run((), max_children=1)
    print(f"\n{'module':<40}{'mutants':>9}{'killed':>9}{'survived':>10}{'share':>8}")
    weak = [module for module in modules if tell(module) < ENOUGH]
    for module in weak:
        print(
            f"{module} has less than {ENOUGH:.0%}: `mutmut results` names what survived, `mutmut show NAME` shows it."
        )
    return 1 if weak else 0


def tell(module: str) -> float:
    """The module's line of the table; the share of its mutants that were killed."""
    data = SourceFileMutationData(path=Path(module))
    data.load()
    counts = Counter(status_by_exit_code[code] for code in data.exit_code_by_key.values())
    total, killed = counts.total(), counts["killed"]
    share = killed / total if total else 1.0
    print(f"{module:<40}{total:>9}{killed:>9}{total - killed:>10}{share:>8.0%}")
    return share


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
