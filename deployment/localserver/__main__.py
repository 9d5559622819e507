"""`python -m deployment.localserver`: the local model server. Its key comes from LOCAL_MODEL_SERVER_KEY."""

import argparse
import logging
import os
import sys
from pathlib import Path


def main() -> int:
    """Serve until a signal comes; children end with it."""
    parser = argparse.ArgumentParser(prog="python -m deployment.localserver", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8011)
    parser.add_argument("--state-dir", type=Path, default=Path("var/localserver"))
    parser.add_argument("--cores", type=int, default=0, help="cores that models may use; 0: all of this machine")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    key = os.environ.get("LOCAL_MODEL_SERVER_KEY", "")
    if not key:
        sys.stderr.write("LOCAL_MODEL_SERVER_KEY is not set: the model server does not run without a key.\n")
        return 2

    import uvicorn

    from deployment.localserver.app import Front

    front = Front(options.state_dir, key, options.cores or os.cpu_count() or 1)
    uvicorn.run(front.app(), host=options.host, port=options.port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
