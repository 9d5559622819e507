"""llama.cpp's `llama-quantize`, where an operator has installed it: smaller forms than the converter can write."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from deployment.gguf.converter import ConverterError

VARIABLE = "LLAMA_QUANTIZE"
PROGRAM = "llama-quantize"


def find_quantizer() -> Path | None:
    """The program that `LLAMA_QUANTIZE` names, else the one on the PATH; None where there is none."""
    named = os.environ.get(VARIABLE) or shutil.which(PROGRAM)
    return Path(named) if named and Path(named).is_file() else None


def require_quantizer(quantization: str) -> Path:
    """The program. Raises `ConverterError`, which says what to do, where there is none."""
    program = find_quantizer()
    if program is None:
        raise ConverterError(
            f"{quantization} needs llama.cpp's {PROGRAM}, which is not on this build host. Install it on the PATH or "
            f"name it in {VARIABLE}, or choose q8_0, f16 or bf16 in the project's serving policy."
        )
    return program


def identity(program: Path) -> str:
    """SHA-256 of the program: another build of it may write other weights."""
    with program.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def quantize(source: Path, out: Path, quantization: str) -> None:
    """Write `out` from a 16-bit GGUF, under a temporary name first. Raises `ConverterError`."""
    program = require_quantizer(quantization)
    part = out.with_name(f".{out.stem}.{os.getpid()}.gguf")
    command = [str(program), str(source), str(part), quantization.upper()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not part.is_file():
        part.unlink(missing_ok=True)
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise ConverterError(f"{program.name} could not write {quantization}:\n{tail}")
    part.replace(out)
