"""llama.cpp's `llama-quantize`, where an operator has installed it: smaller forms than the converter can write."""

import os
import shutil
import subprocess
from pathlib import Path

from common.environment import child_environment
from common.files import replaced, sha256_of
from deployment.artifacts.gguf.converter import ConverterError

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
    return sha256_of(program)


def quantize(source: Path, out: Path, quantization: str) -> None:
    """Write `out` from a 16-bit GGUF, under a temporary name first. Raises `ConverterError`."""
    program = require_quantizer(quantization)
    with replaced(out) as part:
        command = [str(program), str(source), str(part), quantization.upper()]
        done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
        if done.returncode or not part.is_file():
            raise ConverterError(
                f"{(done.stderr or done.stdout).strip()}\n{program.name} could not write {quantization}"
            )
