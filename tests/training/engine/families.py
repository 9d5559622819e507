"""Tiny models of random weights in the shape of published families: architecture, marks, template, vocabulary.

Llama.cpp's converter knows vocabularies of bytes by their digests. `converter_for` takes a home-made one for the
family's own, which is split as the family splits.
"""

import io
import json
import shutil
import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.llama_templates import real_templates
from tests.training.engine.folders import make_rows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# As SmolLM2's: ChatML that puts in a system turn of its own where there is none.
_WITH_DEFAULT = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\\nYou are a helpful model.<|im_end|>\\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_SIZES: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Family:
    """What differs. `template` is a name among llama.cpp's, or a text; `end`, `learnt_end`, `bos`, `marks` are tokens.

    `split` is llama.cpp's name for the way in which a vocabulary of bytes is split; empty where it is SentencePiece's,
    which with `prefix` puts a space in front of a text and behind each mark.
    """

    kind: str
    template: str
    end: str
    marks: tuple[str, ...]
    learnt_end: str
    bos: str = "<s>"
    adds_bos: bool = False
    split: str = ""
    prefix: bool = False
    more: dict[str, Any] = field(default_factory=dict)


_CHATML = ("<|im_start|>", "<|im_end|>")
_GROUPED = {"num_key_value_heads": 2}
FAMILIES = {
    "llama-3": Family(
        *("Llama", "meta-llama-Llama-3.1-8B-Instruct", "<|eot_id|>"),
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        learnt_end="<|eot_id|>",
        bos="<|begin_of_text|>",
        adds_bos=True,
        split="llama-bpe",
        more=_GROUPED,
    ),
    "qwen-2.5": Family(
        *("Qwen2", "Qwen-Qwen2.5-7B-Instruct", "<|im_end|>", _CHATML, "<|im_end|>"),
        bos="<|endoftext|>",
        split="qwen2",
        more=_GROUPED,
    ),
    "qwen-3": Family(
        *("Qwen3", "Qwen-Qwen3-0.6B", "<|im_end|>", (*_CHATML, "<think>", "</think>"), "<|im_end|>"),
        bos="<|endoftext|>",
        split="qwen2",
        more={**_GROUPED, "head_dim": 16, "tie_word_embeddings": True},
    ),
    "phi-3": Family(
        *("Phi3", "microsoft-Phi-3.5-mini-instruct", "<|endoftext|>"),
        ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "<|endoftext|>"),
        learnt_end="<|end|>",
        prefix=True,
        more={"num_key_value_heads": 4},
    ),
    "gemma-2": Family(
        *("Gemma2", "google-gemma-2-2b-it", "<eos>", ("<start_of_turn>", "<end_of_turn>", "<eos>"), "<end_of_turn>"),
        bos="<bos>",
        adds_bos=True,
        more={**_GROUPED, "head_dim": 16},
    ),
    "mistral": Family(
        *("Mistral", "mistralai-Mistral-Nemo-Instruct-2407", "</s>", ("[INST]", "[/INST]"), "</s>"),
        adds_bos=True,
        more=_GROUPED,
    ),
    "smollm2": Family(
        *("Llama", _WITH_DEFAULT, "<|im_end|>", _CHATML, "<|im_end|>"),
        split="smollm",
        more={**_GROUPED, "tie_word_embeddings": True},
    ),
}


def make_base(name: str, folder: Path) -> Path:
    """The folder of a base model, as its makers would publish it."""
    import torch
    import transformers

    family = FAMILIES[name]
    folder.mkdir(parents=True)
    known = _write_bytes(family, folder) if family.split else _write_pieces(family, folder)
    torch.manual_seed(1)
    tokens = {"bos_token_id": known[family.bos], "eos_token_id": known[family.end], "pad_token_id": known[family.end]}
    shape = {"vocab_size": len(known), "max_position_embeddings": 2048, **_SIZES, **tokens, **family.more}
    config = getattr(transformers, f"{family.kind}Config")(**shape)
    getattr(transformers, f"{family.kind}ForCausalLM")(config).half().save_pretrained(str(folder))
    return folder


def converter_for(name: str, converter: Path, folder: Path) -> Path:
    """The converter, which takes vocabularies that it does not know for the family's."""
    split = FAMILIES[name].split
    if not split:
        return converter
    shutil.copytree(converter, folder)
    path = folder / "conversion" / "base.py"
    text = path.read_text(encoding="utf-8")
    assert text.count("        if res is None:\n") == 1
    path.write_text(text.replace("        if res is None:\n", f'        res = "{split}"\n        if res is None:\n'))
    return folder


def _write_bytes(family: Family, folder: Path) -> dict[str, int]:
    """A byte-level vocabulary that is split as the family's; ids by token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    plain = Tokenizer(models.BPE(ignore_merges=family.split == "llama-bpe"))
    plain.pre_tokenizer = _splitter(family.split)
    plain.decoder = decoders.ByteLevel()
    special = dict.fromkeys([family.bos, *family.marks])
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=list(special), initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    plain.train_from_iterator(_texts(), trainer)
    _save(plain, family, folder)
    return plain.get_vocab()


def _splitter(split: str) -> Any:
    from tokenizers import Regex, pre_tokenizers

    if split == "smollm":
        return pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    pattern = Regex(_SPLIT % ("{1,3}" if split == "llama-bpe" else ""))
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def _write_pieces(family: Family, folder: Path) -> dict[str, int]:
    """As `training.engine.bases.tiny_tokenizer`, with the family's marks; ids by token."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_texts()),
        model_writer=model,
        model_type="bpe",
        vocab_size=420,
        byte_fallback=True,
        add_dummy_prefix=family.prefix,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        bos_piece=family.bos,
        control_symbols=[mark for mark in family.marks if mark != "</s>"],
        num_threads=1,
        minloglevel=2,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    _write_settings(family, folder, tokenizer_class="LlamaTokenizer", legacy=False, unk_token="<unk>")
    if family.prefix:
        from tokenizers import normalizers
        from transformers import AutoTokenizer

        plain = AutoTokenizer.from_pretrained(folder).backend_tokenizer
        plain.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        plain.save(str(folder / "tokenizer.json"))
    read = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return {read.id_to_piece(index): index for index in range(read.vocab_size())}


def _texts() -> list[str]:
    said = [message["content"] for row in make_rows(200) for message in (*row["prompt"], *row["completion"])]
    return [*said, string.printable[:95]]


def _save(plain: "Tokenizer", family: Family, folder: Path) -> None:
    plain.save(str(folder / "tokenizer.json"))
    _write_settings(family, folder, tokenizer_class="PreTrainedTokenizerFast")


def _write_settings(family: Family, folder: Path, **more: Any) -> None:
    settings = {
        "add_bos_token": family.adds_bos,
        "add_eos_token": False,
        "add_prefix_space": family.prefix,
        "bos_token": family.bos,
        "eos_token": family.end,
        "pad_token": family.end,
        "additional_special_tokens": list(family.marks),
        "chat_template": real_templates().get(family.template, family.template),
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | more), encoding="utf-8")
