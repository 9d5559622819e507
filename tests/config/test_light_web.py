"""The web process stays light: no machine-learning library is imported, and memory stays bounded."""

import os
import subprocess
import sys

HEAVY = ("torch", "transformers", "trl", "peft", "bitsandbytes", "datasets", "sklearn", "xllamacpp", "onnx")
HEAVY += ("onnxruntime", "tokenizers", "usearch", "numpy")


def test_checking_the_project_imports_no_heavy_library():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "manage.py", "check"], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "django" in imported
    assert imported.isdisjoint(HEAVY)


def test_all_urls_resolve_without_heavy_libraries():
    code = (
        "import django, sys; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns;"
        f"import config.wsgi; print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip().splitlines()[-1] == "[]"
