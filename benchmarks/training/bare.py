"""A plain TRL script, as one would write it without this project, of which it imports nothing.

    python bare.py BASE ROWS BATCH STEPS [--way best [--recompute]] [--cuda]

Writes what its steps cost, after the first, as one JSON object on the last line.
"""

import argparse
import json
import resource
import tempfile
import time
from typing import Any

import torch
from datasets import load_dataset
from peft import LoraConfig
from transformers import AutoTokenizer, BitsAndBytesConfig, TrainerCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

# Beside the defaults: no activation is made again, rows of like length share a batch, weights in 16 bits, and on a CPU
# the attention whose backward pass is not slow.
BEST: dict[str, Any] = {"train_sampling_strategy": "group_by_length"}


class Meter(TrainerCallback):
    """Seconds and tokens of each step: of this process's CPU, or of the clock where a GPU works."""

    def __init__(self, cuda: bool) -> None:
        self.cuda, self.mark, self.seen = cuda, 0.0, 0
        self.started = 0.0
        self.steps: list[tuple[float, int]] = []

    def now(self) -> float:
        """The time, when all that was ordered is done."""
        if not self.cuda:
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Everything is loaded."""
        self.started = time.process_time()
        self.mark = self.now()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """From the end of one step to that of the next, so that what lies between is counted, too."""
        now = self.now()
        self.steps.append((now - self.mark, state.num_input_tokens_seen - self.seen))
        self.mark, self.seen = now, state.num_input_tokens_seen

    def found(self) -> dict[str, float]:
        """Sums over all steps but the first, and what the whole process took."""
        counted = self.steps[1:]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {
            "seconds": sum(seconds for seconds, _ in counted),
            "tokens": sum(tokens for _, tokens in counted),
            "steps": len(counted),
            "start": self.started,
            "peak": torch.cuda.max_memory_allocated() if self.cuda else memory,
        }


def model_options(cuda: bool, best: bool) -> dict[str, Any]:
    """How the base is loaded. On a GPU by the recipe of QLoRA, whatever else is chosen."""
    if cuda:
        four_bit = BitsAndBytesConfig(  # type: ignore[no-untyped-call]  # as in transformers
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
        return {"dtype": "bfloat16", "quantization_config": four_bit}
    return {"dtype": "bfloat16", "attn_implementation": "eager"} if best else {}


def main() -> None:
    """Train, and say what it cost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("rows")
    parser.add_argument("batch", type=int)
    parser.add_argument("steps", type=int)
    parser.add_argument("--way", choices=["defaults", "best"], default="defaults")
    parser.add_argument("--recompute", action="store_true", help="at its best, too: the prompts are long")
    parser.add_argument("--cuda", action="store_true")
    options = parser.parse_args()
    if not options.cuda:
        torch.set_num_threads(1)
    best, meter = options.way == "best", Meter(options.cuda)
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=options.base,
            args=SFTConfig(
                output_dir=folder,
                use_cpu=not options.cuda,
                per_device_train_batch_size=options.batch,
                max_steps=options.steps,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                include_num_input_tokens_seen="non_padding",
                model_init_kwargs=model_options(options.cuda, best),
                **(BEST | {"gradient_checkpointing": options.recompute} if best else {}),
            ),
            processing_class=AutoTokenizer.from_pretrained(options.base),
            train_dataset=load_dataset("json", data_files=options.rows, split="train", cache_dir=folder),
            peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
            callbacks=[meter],
        )
        trainer.train()
    print(json.dumps(meter.found()), flush=True)


if __name__ == "__main__":
    main()
