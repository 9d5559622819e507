"""Serve the stand-in on loopback; the first line of its output is its URL."""

import argparse
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.ollama_standin.answers import Made, Mind
from tests.ollama_standin.api import Api
from tests.ollama_standin.http import handler_for
from tests.ollama_standin.runners import Runners
from tests.ollama_standin.store import TRUNCATED_SECONDS, Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--version", default="0.33.0-rc2", help="adapters and quantizing are refused from 0.34 on")
    parser.add_argument("--max-loaded", type=int, default=3, help="OLLAMA_MAX_LOADED_MODELS")
    parser.add_argument("--load-seconds", type=float, default=0.02, help="per megabyte of a model")
    parser.add_argument(
        "--truncated-seconds", type=float, default=TRUNCATED_SECONDS, help="how long a copy leaves its target empty"
    )
    parser.add_argument("--llama", action="store_true", help="a real llama.cpp answers; models must be real GGUFs")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    mind = _with_llama() if options.llama else Made()
    store = Store(options.folder, options.version, options.truncated_seconds)
    runners = Runners(store, mind, options.max_loaded, options.load_seconds)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), handler_for(Api(store, runners, mind)))
    server.daemon_threads = True
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        mind.close()


def _with_llama() -> Mind:
    """Hundreds of tests start a stand-in that needs no HTTP client."""
    from tests.ollama_standin.llama import Llama

    return Llama()


if __name__ == "__main__":
    main()
