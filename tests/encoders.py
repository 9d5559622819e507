"""A sentence encoder for tests, made in milliseconds: each word has a random vector, and a text is their mean."""

from pathlib import Path

import numpy as np

from common.encoder import EncoderRecord
from common.encoder.record import FULL, TOKENIZER, write_record
from common.files import sha256_of

MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def make_encoder(folder: Path, words: str, *, limit: int = 16, dimension: int = 64, name: str = "tests/tiny") -> Path:
    """Write an encoder that knows these words; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = [*MARKS, *sorted(set(words.lower().split()))]
    _write_tokenizer(folder / TOKENIZER, vocabulary)
    _write_weights(folder / FULL, len(vocabulary), dimension)
    files = {each: sha256_of(folder / each) for each in (FULL, TOKENIZER)}
    record = EncoderRecord(
        name=name, revision=files[FULL], source="made by a test", licence="", dimension=dimension, limit=limit,
        pad=0, unknown=1, files=files,
    )  # fmt: skip
    write_record(folder, record)
    return folder


def _write_tokenizer(path: Path, vocabulary: list[str]) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(path))


def _write_weights(path: Path, rows: int, dimension: int) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    table = np.random.default_rng(7).normal(size=(rows, dimension)).astype(np.float32)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["tokens"]),
        helper.make_node("Cast", ["attention_mask"], ["used"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["used", "last"], ["column"]),
        helper.make_node("Mul", ["tokens", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["sums"], keepdims=0),
        helper.make_node("LpNormalization", ["sums"], ["vectors"], axis=1, p=2),
    ]
    given = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    constants = [
        numpy_helper.from_array(value, name)
        for name, value in (("table", table), ("last", np.array([2])), ("middle", np.array([1])))
    ]
    wanted = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", dimension])]
    graph = helper.make_graph(nodes, "tiny", given, wanted, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), str(path))
