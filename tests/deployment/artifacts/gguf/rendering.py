"""`python -m`: what llama.cpp makes of prompts by many chat templates. A process of its own, as torch has no room here.

Rows `{"template", "messages", "thinking"}` come in on the standard input, and the texts go out as JSON.
"""

import json
import sys
import tempfile
from pathlib import Path

from deployment.artifacts.gguf.vocabulary import tokenize
from tests.deployment.tiny_gguf import write_tiny_gguf


def main() -> None:
    texts = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.gguf"
        for line in sys.stdin:
            row = json.loads(line)
            write_tiny_gguf(path, 1, template=row["template"])
            texts += [text for text, _, _ in tokenize(path, [row["messages"]], thinking=row["thinking"])]
    sys.stdout.write(json.dumps(texts))


if __name__ == "__main__":
    main()
