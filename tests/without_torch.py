"""An environment in which the packages of hosts that train are not there, for processes that must do without them."""

import subprocess
import sys
from pathlib import Path

NAMES = ("torch", "transformers", "peft", "trl", "accelerate", "datasets", "bitsandbytes", "onnxscript")
_BLOCKER = f"""
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {NAMES!r} else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


def without_torch(folder: Path, env: dict[str, str]) -> dict[str, str]:
    """`env` for processes, and for all that they start, where none of these can be imported."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_BLOCKER, encoding="utf-8")
    kept = f"{folder}:{env['PYTHONPATH']}" if env.get("PYTHONPATH") else str(folder)
    blocked = {**env, "PYTHONPATH": kept}
    for name in NAMES[:2]:
        done = subprocess.run([sys.executable, "-c", f"import {name}"], env=blocked, capture_output=True, check=False)
        assert done.returncode, f"{name} can be imported"
    return blocked
