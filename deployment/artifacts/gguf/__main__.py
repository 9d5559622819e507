"""`python -m deployment.artifacts.gguf`: fetch-converter, convert, adapter, inspect, tokenize; each prints JSON."""

import argparse
import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from common.files import sha256_of
from deployment.artifacts.gguf.converter import (
    Converted,
    ConverterError,
    convert,
    convert_adapter,
    default_folder,
    fetch_converter,
)
from deployment.artifacts.gguf.quantizer import quantize
from deployment.quantization import CHOICES, QUANTIZED


def main() -> int:
    """Run one command; 0, or 1 with the reason on standard error."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        found = options.command(options)
    except (ConverterError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(found, default=str) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deployment.artifacts.gguf", description=__doc__)
    commands = parser.add_subparsers(required=True)
    fetch = commands.add_parser("fetch-converter", help="download and unpack llama.cpp's converter")
    fetch.add_argument("--out", type=Path, default=None)
    fetch.set_defaults(command=lambda options: {"folder": fetch_converter(options.out or default_folder())})
    conversion = commands.add_parser("convert", help="convert a Hugging Face folder")
    conversion.add_argument("--model", type=Path, required=True)
    conversion.add_argument("--out", type=Path, required=True)
    conversion.add_argument("--outtype", choices=CHOICES, default="q8_0")
    conversion.set_defaults(command=_convert)
    lora = commands.add_parser("adapter", help="convert a PEFT adapter")
    for name in ("adapter", "base", "out"):
        lora.add_argument(f"--{name}", type=Path, required=True)
    lora.set_defaults(command=lambda options: asdict(convert_adapter(options.adapter, options.base, options.out)))
    look = commands.add_parser("inspect", help="what a GGUF says of itself")
    look.add_argument("--gguf", type=Path, required=True)
    look.set_defaults(command=lambda options: _inspect(options.gguf))
    tokens = commands.add_parser("tokenize", help="token ids of prompts, by the GGUF's own template")
    tokens.add_argument("--gguf", type=Path, required=True)
    tokens.add_argument("--prompts", type=Path, required=True)
    tokens.add_argument("--out", type=Path, required=True)
    tokens.add_argument("--thinking", action="store_true", help="the model thinks aloud before it answers")
    tokens.set_defaults(command=_tokenize)
    return parser


def _convert(options: argparse.Namespace) -> dict[str, Any]:
    if options.outtype in QUANTIZED:
        return asdict(_convert_and_quantize(options.model, options.out, options.outtype))
    return asdict(convert(options.model, options.out, options.outtype))


def _convert_and_quantize(model: Path, out: Path, quantization: str) -> Converted:
    """By way of a 16-bit GGUF in the weights' own 16-bit form, which does not stay."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    bfloat = "bfloat16" in {config.get("dtype"), config.get("torch_dtype")}
    between = out.with_name(f".{out.stem}.16bit.gguf")
    try:
        convert(model, between, "bf16" if bfloat else "f16")
        quantize(between, out, quantization)
    finally:
        between.unlink(missing_ok=True)
    return Converted(out, out.stat().st_size, sha256_of(out))


def _inspect(path: Path) -> dict[str, Any]:
    from deployment.artifacts.gguf.inspection import inspect

    return asdict(inspect(path))


def _tokenize(options: argparse.Namespace) -> dict[str, Any]:
    from deployment.artifacts.gguf.vocabulary import tokenize_file

    return {"prompts": tokenize_file(options.gguf, options.prompts, options.out, thinking=options.thinking)}


if __name__ == "__main__":
    sys.exit(main())
