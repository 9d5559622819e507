"""A BERT of 30,000 weights in the folder of sentence-transformers, as a hub would give it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
MEAN = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}


def write_bert(folder: Path, texts: Iterable[str], *, seed: int = 1, layers: int = 2) -> Path:
    """Weights, tokenizer and the files that say how vectors are made; the folder."""
    import torch
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True)
    words = _write_tokenizer(folder, texts)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=words,
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    model = BertModel(config)
    with torch.no_grad():  # as if it had been trained: a new one's norms and biases are all the same
        for weight in model.parameters():
            if weight.ndim == 1:
                weight += 0.001 * torch.randn_like(weight)
    model.save_pretrained(folder)
    write_files(folder, {"modules.json": MODULES, "sentence_bert_config.json": {"max_seq_length": 48}})
    write_files(folder, {"1_Pooling/config.json": MEAN})
    return folder


def write_files(folder: Path, files: dict[str, Any]) -> None:
    """JSON files by name."""
    for name, value in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(value))


def _write_tokenizer(folder: Path, texts: Iterable[str]) -> int:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=400, special_tokens=marks))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), marks, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return int(tokenizer.get_vocab_size())
