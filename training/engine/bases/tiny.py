"""A tiny Llama, trained from scratch in about half a minute: a base model for tests and for the hurried."""

import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.files import built_folder, sha256_of
from training.engine.bases.record import read_record, write_record
from training.engine.bases.tiny_tokenizer import write_tokenizer
from training.engine.errors import EngineError
from training.engine.files import read_jsonl

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

CONTEXT = 2048
BATCH = 32
LEARNING_RATE = 3e-3
WARMUP = 10
Report = Callable[[dict[str, Any]], None]


def make_tiny(
    data: Path,
    out: Path,
    *,
    seed: int,
    steps: int = 220,
    vocabulary: int = 2048,
    threads: int | None = None,
    report: Report = lambda event: None,
) -> dict[str, Any]:
    """Train a tiny base model on prompt/completion rows into the folder `out`; its record.

    The same rows, seed, steps and threads give the same weights, and nothing is done where `out` holds them already.
    `report` is given a dictionary per step: step, total_steps, loss.
    """
    recipe = {"data": sha256_of(data), "seed": seed, "steps": steps, "vocabulary": vocabulary}
    record = read_record(out)
    if record is not None and record.get("recipe") == recipe:
        return record
    rows = read_jsonl(data)
    if not rows:
        raise EngineError(f"{data} holds no rows.")
    with built_folder(out) as folder:
        pieces = write_tokenizer(_texts(rows), folder, vocabulary=vocabulary)
        model = _train(rows, folder, pieces, seed=seed, steps=steps, threads=threads, report=report)
        model.save_pretrained(str(folder))
        return write_record(
            folder,
            name=f"touchstone/tiny-llama-{seed}",
            source="trained from scratch on generated texts",
            licence="Apache-2.0",
            recipe=recipe,
            parameters=model.num_parameters(),
        )


def _texts(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Roles and lines, each by itself: no piece may reach across a line break, where prompt and answer meet."""
    for row in rows:
        for message in (*row["prompt"], *row["completion"]):
            yield message["role"]
            yield from message["content"].splitlines()


def _train(
    rows: list[dict[str, Any]],
    folder: Path,
    pieces: int,
    *,
    seed: int,
    steps: int,
    threads: int | None,
    report: Report,
) -> "LlamaForCausalLM":
    import torch
    from transformers import AutoTokenizer

    if threads is not None:
        torch.set_num_threads(threads)
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    examples = _examples(tokenizer, rows)
    model = _fresh_model(tokenizer, pieces)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    order = torch.Generator().manual_seed(seed)
    model.train()
    for step in range(1, steps + 1):
        chosen = torch.randint(len(examples), (BATCH,), generator=order).tolist()
        loss = _loss(model, [examples[index] for index in chosen])
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped  # untyped in torch
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        report({"kind": "step", "step": step, "total_steps": steps, "loss": round(loss.item(), 4)})
    # 16-bit weights, like any base model: adapters are trained on what they will be merged into.
    model.half()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return model


def _examples(tokenizer: "PreTrainedTokenizerBase", rows: list[dict[str, Any]]) -> list[tuple[list[int], list[int]]]:
    from training.engine.data import encode

    encoded = [encode(tokenizer, row["prompt"], row["completion"]) for row in rows]
    fitting = [(row["input_ids"], row["labels"]) for row in encoded if len(row["input_ids"]) <= CONTEXT]
    if not fitting:
        raise EngineError(f"Every row is longer than {CONTEXT} tokens.")
    return fitting


def _fresh_model(tokenizer: "PreTrainedTokenizerBase", pieces: int) -> "LlamaForCausalLM":
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=pieces,
            hidden_size=128,
            intermediate_size=384,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _loss(model: "LlamaForCausalLM", batch: list[tuple[list[int], list[int]]]) -> "torch.Tensor":
    """Mean negative log-likelihood of the answers' tokens; only their logits are computed."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    from training.engine.data import IGNORED

    ids = pad_sequence([torch.tensor(row) for row, _ in batch], batch_first=True)
    labels = pad_sequence([torch.tensor(row) for _, row in batch], batch_first=True, padding_value=IGNORED)
    positions = (labels[:, 1:] != IGNORED).any(dim=0).nonzero().flatten()
    # No attention mask: what stands left of the padding never sees it, and attention is faster without one.
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=positions).logits
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), labels[:, positions + 1].flatten(), ignore_index=IGNORED
    )


def _rate(step: int, steps: int) -> float:
    """Share of the full learning rate: a short warm-up, then a cosine down to zero."""
    if step < WARMUP:
        return (step + 1) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / max(1, steps - WARMUP)))
