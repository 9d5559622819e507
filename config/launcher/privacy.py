"""The runtime folder is for the account that runs everything: texts, models, logs and secrets lie there."""

import os
from pathlib import Path


def keep_private(folder: Path) -> None:
    """From here on what is made is private, in the child processes too; the folders that are there become so.

    As root, PostgreSQL runs as another account, which must be able to pass through `folder` to its own data.
    """
    os.umask(0o077)
    root = os.geteuid() == 0
    if folder.stat().st_uid == os.geteuid():
        _set(folder, 0o711 if root else 0o700)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.geteuid():
            _set(path, 0o700)


def _set(path: Path, mode: int) -> None:
    if path.stat().st_mode & 0o777 != mode:
        path.chmod(mode)
