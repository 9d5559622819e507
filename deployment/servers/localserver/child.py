"""One model in llama.cpp, a process of its own: `python -m deployment.servers.localserver.child`.

The process ends when its parent does. It prints one JSON line with its address once the model is loaded; the key comes
from its environment, so that it shows in no process list.
"""

import argparse
import ctypes
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployment.servers.localserver.openmp import load_openmp

KEY_VARIABLE = "TOUCHSTONE_CHILD_KEY"
_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 1.0
_NO_LOG = -1


@contextmanager
def serve(gguf: Path, *, context: int, slots: int, threads: int, key: str = "") -> Iterator[tuple[str, str]]:
    """llama.cpp's server over one GGUF in this process: `(url, key)`. `context` is in tokens per request.

    Raises `RuntimeError` where the file cannot be loaded, `OSError` where the system lacks what llama.cpp needs.
    """
    load_openmp()
    import xllamacpp

    key = key or secrets.token_urlsafe(24)
    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.api_keys = [key]
    # llama.cpp divides its context by its slots.
    params.n_ctx, params.n_parallel = context * slots, slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    # Prompts of one project share their beginning; a slot may keep it. Nothing is kept across slots or on disk.
    params.cache_prompt, params.cache_ram_mib, params.kv_unified = True, 0, False
    params.fit_params = False
    params.n_threads_http = slots + 4
    params.verbosity = _NO_LOG
    params.ui = False
    # Training renders without it, and llama.cpp switches it on wherever a template knows it.
    params.default_template_kwargs = {"enable_thinking": "false"}
    server = xllamacpp.Server(params)
    try:
        yield server.listening_address, key
    finally:
        del server


def main() -> int:
    """Serve until the parent goes or SIGTERM comes, which needs no handler: there is nothing to save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gguf", type=Path, required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--parent", type=int, default=os.getppid(), help="process id of the front")
    options = parser.parse_args()
    die_with(options.parent)
    # Ctrl-C in a terminal reaches the whole group; the front decides, after the requests in flight.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with serve(
        options.gguf,
        context=options.context,
        slots=options.slots,
        threads=options.threads,
        key=os.environ[KEY_VARIABLE],
    ) as (url, _):
        sys.stdout.write(json.dumps({"url": url}) + "\n")
        sys.stdout.flush()
        while os.getppid() == options.parent:
            time.sleep(_WATCH_SECONDS)
        # llama.cpp's own threads may hold the interpreter back at exit.
        os._exit(0)


def die_with(parent: int) -> None:
    """On Linux the kernel ends this process with its parent, whatever kills it; at once if it is gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
