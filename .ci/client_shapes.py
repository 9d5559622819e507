"""Write the types of the Python client: a TypedDict of each shape of the API, from its description.

    python .ci/client_shapes.py clients/python/touchstone_client/shapes.py

datamodel-code-generator writes them; tests/clients says whether the file that is checked in is what it would write.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HEADER = '"""The shapes of what the API takes and gives. Written by `make client`; never edited."""'


def description() -> dict[str, Any]:
    """The API's own description, in this process."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from drf_spectacular.generators import SchemaGenerator

    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def shapes_of(described: dict[str, Any]) -> dict[str, Any]:
    """Its shapes alone: what operations say of themselves changes no type."""
    return {name: described[name] for name in ("openapi", "info")} | {
        "paths": {},
        "components": {"schemas": described["components"]["schemas"]},
    }


def write(described: dict[str, Any], out: Path) -> None:
    """Raises `CalledProcessError` where the generator fails."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "openapi.json", Path(folder) / "shapes.py"
        source.write_text(json.dumps(shapes_of(described)), encoding="utf-8")
        options = {
            "--input": source,
            "--input-file-type": "openapi",
            "--output": made,
            "--output-model-type": "typing.TypedDict",
            "--target-python-version": "3.11",
            "--custom-file-header": HEADER,
            "--formatters": "builtin",
        }
        switches = ["--use-schema-description", "--disable-timestamp", "--no-use-closed-typed-dict"]
        generator = [sys.executable, "-m", "datamodel_code_generator", *switches]
        subprocess.run([*generator, *(str(part) for pair in options.items() for part in pair)], check=True)
        ruff = [sys.executable, "-m", "ruff"]
        subprocess.run([*ruff, "format", "--quiet", "--config", str(ROOT / "pyproject.toml"), str(made)], check=True)
        out.write_text(made.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    write(description(), Path(sys.argv[1]))
