"""A source distribution by its pinned hash: downloaded and unpacked, never built."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

from common.environment import child_environment

# Found before any scikit-build-core that may be installed.
_UNBUILT = Path(__file__).parent / "unbuilt"


class SourceError(Exception):
    """The source cannot be had, or is not what it should be; the message says why."""


def download(requirements: Path, folder: Path) -> Path:
    """The one source distribution that `requirements` pins by version and hash, in `folder`. Raises `SourceError`.

    pip does it, so that its configuration holds: index, proxy, certificates, credentials.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", ":all:", "--no-build-isolation", "--require-hashes", "-r", str(requirements)]
    paths = os.pathsep.join(filter(None, [str(_UNBUILT), os.environ.get("PYTHONPATH")]))
    environment = child_environment(network=True, PYTHONPATH=paths)
    done = subprocess.run([*command, "-d", str(folder)], capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SourceError(f"pip could not download the source: {done.stderr.strip()[-800:]}")
    return next(folder.glob("*.tar.gz"))


def unpack(archive: Path, out: Path, inside: str, wanted: tuple[str, ...]) -> None:
    """Write the plain files below the archive's folder `inside` whose path there starts with one of `wanted`.

    `out` must be new: with no link in it, a path without `..` cannot leave it. tarfile's own filter came with Python
    3.11.4. Raises `SourceError` for a path that would leave it.
    """
    out.mkdir()
    with tarfile.open(archive) as tar:
        for member in tar:
            _, found, name = member.name.partition(inside)
            content = tar.extractfile(member) if found and member.isfile() and name.startswith(wanted) else None
            if content is None:
                continue
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise SourceError(f"{archive.name} has a file that would leave its folder: {member.name}")
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
