"""`python -m training.engine`: train, finetune, merge, tokenize, answer, classify, look, fetch-base, make-tiny, info.

Exit codes: 0 done, 1 failed, 2 bad configuration, 3 paused, 4 cancelled, 5 another process writes to the folder,
6 the supervisor is gone, 7 failed by what may pass by itself, 8 failed by what a person must mend first.
"""

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import jsonbounds, jsonl
from common.options import checked
from training.engine.errors import EngineError, Exit
from training.engine.events import finite
from training.engine.start import leave_out, leave_out_scipy, leave_out_unused, list_packages_once

if TYPE_CHECKING:
    from training.engine.config import ChatOptions


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the process's exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Progress bars of the libraries fill log files with carriage returns.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    try:
        return int(options.command(options))
    except EngineError as error:
        logging.getLogger("training.engine").error("%s", error)
        return int(error.code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.engine", description=__doc__)
    commands = parser.add_subparsers(required=True)

    train = commands.add_parser("train", help="train a run folder, or go on with it")
    train.add_argument("--run", type=Path, required=True)
    train.add_argument("--lease", help="token of the lease under which this process trains")
    train.add_argument("--supervisor-pid", type=int, help="end when this process is gone")
    train.add_argument(
        "--dry-run", action="store_true", help="tell what it would be, after a few updates; keep nothing"
    )
    train.set_defaults(command=_train)

    tune = commands.add_parser("finetune", help="train a sentence encoder with a head in a run folder, or go on")
    tune.add_argument("--run", type=Path, required=True)
    tune.add_argument("--lease", help="token of the lease under which this process trains")
    tune.add_argument("--supervisor-pid", type=int, help="end when this process is gone")
    tune.set_defaults(command=_finetune)

    merge = commands.add_parser("merge", help="merge a run's adapter, or take a bare base, into a 16-bit folder")
    source = merge.add_mutually_exclusive_group(required=True)
    source.add_argument("--run", type=Path)
    source.add_argument("--base", help="folder or Hugging Face name")
    merge.add_argument("--revision")
    merge.add_argument("--token-env")
    merge.add_argument("--chat", type=_chat, help="how a bare base is asked, as JSON; a run says so itself")
    merge.add_argument("--out", type=Path, required=True)
    merge.set_defaults(command=_merge)

    tokens = commands.add_parser("tokenize", help="rendered text and token ids of chat messages")
    tokens.add_argument("--model", required=True)
    tokens.add_argument("--revision")
    tokens.add_argument("--token-env")
    tokens.add_argument("--chat", type=_chat, help="how the model is asked, as JSON")
    tokens.add_argument("--prompts", type=Path, required=True)
    tokens.add_argument("--out", type=Path, required=True)
    tokens.add_argument("--marks", type=Path, required=True, help="where the tokenizer's own marks are written")
    tokens.set_defaults(command=_tokenize)

    answer = commands.add_parser("answer", help="greedy answers of a model, held to a JSON schema")
    asked = answer.add_mutually_exclusive_group(required=True)
    asked.add_argument("--model", help="a merged model, asked one prompt after the other, as proofs want it")
    asked.add_argument("--run", type=Path, help="a finished run: base and adapter, asked many at once")
    asked.add_argument("--base", help="folder or Hugging Face name, asked many at once")
    answer.add_argument("--batch", type=int, default=32, help="prompts at once")
    answer.add_argument("--prompts", type=Path, required=True)
    answer.add_argument("--schema", type=Path, required=True, help="a file with a JSON schema, or with null")
    answer.add_argument("--limit", type=int, required=True, help="tokens of an answer, at most")
    answer.add_argument("--out", type=Path, required=True)
    answer.set_defaults(command=_answer)

    classify = commands.add_parser("classify", help="label probabilities of texts by a run with a classification head")
    classify.add_argument("--run", type=Path, required=True)
    classify.add_argument("--prompts", type=Path, required=True, help="lines with messages, or a text")
    classify.add_argument("--out", type=Path, required=True)
    classify.set_defaults(command=_classify)

    look = commands.add_parser("look", help="what a base model is, and what makes it unusable; loads no weights")
    look.add_argument("--base", required=True, help="folder or Hugging Face name")
    look.add_argument("--revision")
    look.add_argument("--token-env")
    look.set_defaults(command=_look)

    fetch = commands.add_parser("fetch-base", help="make the SmolLM2-135M-Instruct folder")
    fetch.add_argument("--out", type=Path, required=True)
    fetch.set_defaults(command=_fetch_base)

    tiny = commands.add_parser("make-tiny", help="train a tiny base model from scratch")
    tiny.add_argument("--data", type=Path, required=True)
    tiny.add_argument("--out", type=Path, required=True)
    tiny.add_argument("--seed", type=int, required=True)
    tiny.add_argument("--steps", type=int, default=220)
    tiny.add_argument("--vocabulary", type=int, default=2048)
    tiny.add_argument("--threads", type=int)
    tiny.set_defaults(command=_make_tiny)

    commands.add_parser("info", help="library versions and device").set_defaults(command=_info)
    return parser


def _chat(text: str) -> "ChatOptions":
    from training.engine.config import ChatOptions

    try:
        return checked(ChatOptions, jsonbounds.loads(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _chat_or_usual(options: argparse.Namespace) -> "ChatOptions":
    from training.engine.config import ChatOptions

    return options.chat or ChatOptions()


def _train(options: argparse.Namespace) -> Exit:
    leave_out_unused(options.run)
    list_packages_once()
    from training.engine.dryrun import dry_run
    from training.engine.train import train

    if options.dry_run:
        report = dry_run(options.run)
        _say(report)
        return Exit.BAD_CONFIG if report["refused"] else Exit.OK
    return train(options.run, lease=options.lease, supervisor_pid=options.supervisor_pid)


def _finetune(options: argparse.Namespace) -> Exit:
    from training.engine.finetuning.run import finetune_run

    return finetune_run(options.run, lease=options.lease, supervisor_pid=options.supervisor_pid)


def _merge(options: argparse.Namespace) -> Exit:
    from training.engine.config import BaseModelConfig
    from training.engine.merge import merge_run, save_base

    if options.run is not None:
        leave_out_unused(options.run)
        merge_run(options.run, options.out)
    else:
        base = BaseModelConfig(name=options.base, revision=options.revision, token_env=options.token_env)
        save_base(base, _chat_or_usual(options), options.out)
    return Exit.OK


def _tokenize(options: argparse.Namespace) -> Exit:
    from training.engine.config import BaseModelConfig
    from training.engine.tokens import tokenize_file

    leave_out("torch")  # tokenizers and templates need none, and it is four fifths of the start
    base = BaseModelConfig(name=options.model, revision=options.revision, token_env=options.token_env)
    tokenize_file(base, _chat_or_usual(options), options.prompts, options.out, options.marks)
    return Exit.OK


def _answer(options: argparse.Namespace) -> Exit:
    from training.engine.answers import answer_batches, answer_file
    from training.engine.config import BaseModelConfig

    files = options.prompts, options.schema, options.limit, options.out
    if options.model is not None:
        answer_file(BaseModelConfig(name=options.model), *files)
    else:
        if options.run is not None:
            leave_out_unused(options.run)
        answer_batches(options.run or BaseModelConfig(name=options.base), *files, options.batch)
    return Exit.OK


def _classify(options: argparse.Namespace) -> Exit:
    from training.engine.heads.classify import classify_file

    leave_out_unused(options.run)
    classify_file(options.run, options.prompts, options.out)
    return Exit.OK


def _look(options: argparse.Namespace) -> Exit:
    leave_out_scipy()
    from training.engine.config import BaseModelConfig
    from training.engine.looks.base import look

    base = BaseModelConfig(name=options.base, revision=options.revision, token_env=options.token_env)
    _say(look(base).as_json())
    return Exit.OK


def _fetch_base(options: argparse.Namespace) -> Exit:
    from training.engine.bases.smollm2 import fetch_smollm2

    _say(fetch_smollm2(options.out))
    return Exit.OK


def _make_tiny(options: argparse.Namespace) -> Exit:
    from training.engine.bases.tiny import make_tiny

    record = make_tiny(
        options.data,
        options.out,
        seed=options.seed,
        steps=options.steps,
        vocabulary=options.vocabulary,
        threads=options.threads,
        report=_say,
    )
    _say({"kind": "finished", **record})
    return Exit.OK


def _info(options: argparse.Namespace) -> Exit:
    from training.engine.info import environment

    _say(environment())
    return Exit.OK


def _say(value: dict[str, Any]) -> None:
    """One JSON line on standard output: the answer of a command, or its progress."""
    sys.stdout.write(f"{jsonl.dumps(finite(value))}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
