"""`python -m deployment.servers.localserver`: the local model server. Its key comes from LOCAL_MODEL_SERVER_KEY."""

import argparse
import fcntl
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.alive import show_life

# The requests in flight get so long to finish after SIGTERM; whoever sends it should wait longer.
_GRACE_SECONDS = 7


def main() -> int:
    """Serve until a signal comes; children end with it."""
    parser = argparse.ArgumentParser(prog="python -m deployment.servers.localserver", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8011)
    parser.add_argument("--state-dir", type=Path, default=Path("var/localserver"))
    parser.add_argument("--artifacts", type=Path, default=Path("var/artifacts"), help="where the models' files lie")
    parser.add_argument("--cores", type=int, default=0, help="cores that models may use; 0: all of this machine")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    key = os.environ.get("LOCAL_MODEL_SERVER_KEY", "")
    if not key:
        sys.stderr.write("LOCAL_MODEL_SERVER_KEY is not set: the model server does not run without a key.\n")
        return 2

    import uvicorn

    from deployment.servers.localserver.app import Front

    with _only_one(options.state_dir) as free:
        if not free:
            sys.stderr.write(f"Another model server runs on {options.state_dir}.\n")
            return 3
        front = Front(options.state_dir, options.artifacts, key, options.cores or _cores())
        show_life()
        uvicorn.run(
            front.app(),
            host=options.host,
            port=options.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    return 0


@contextmanager
def _only_one(folder: Path) -> Iterator[bool]:
    """Hold the folder's lock; False where another process holds it. Two would overwrite each other's registry."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
