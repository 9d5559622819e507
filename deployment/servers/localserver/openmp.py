"""llama.cpp's wheel wants the system's `libgomp.so.1`, which comes with compilers; torch's wheel brings one along."""

import ctypes
import sys
from importlib.util import find_spec
from pathlib import Path

NAME = "libgomp.so.1"
MISSING = f"llama.cpp needs {NAME}; neither this system nor this build of torch has it: sudo apt-get install libgomp1"


def load_openmp() -> None:
    """Load OpenMP, the system's or torch's, before `xllamacpp` is imported: by then its name is known to the loader.

    On Linux only; elsewhere the wheel has what it needs. Raises `OSError` with the remedy where there is none.
    """
    if sys.platform != "linux":
        return
    for candidate in (NAME, *_beside_torch()):
        try:
            ctypes.CDLL(candidate)
        except OSError:
            continue
        return
    raise OSError(MISSING)


def _beside_torch() -> list[str]:
    # Found, not imported: torch and llama.cpp do not share a process.
    spec = find_spec("torch")
    return [str(Path(folder) / "lib" / NAME) for folder in (spec and spec.submodule_search_locations) or ()]


def main() -> int:
    """0 where llama.cpp finds OpenMP, else 1 with the remedy on standard error."""
    try:
        load_openmp()
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
