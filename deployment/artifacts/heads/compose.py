"""Put the fitted head behind the encoder's vectors: one graph, and in its metadata all else that an answer needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.encoder import EncoderError, EncoderRecord, read_record
from common.encoder.language import LanguageRecord, either
from common.encoder.record import TOKENIZER as TOKENIZER_FILE
from common.encoder.record import check_files
from deployment.servers.localserver.head import PROBABILITIES, TOKENIZER, TOLD, HeadTold
from training.heads.folder import load

if TYPE_CHECKING:
    import onnx

    from training.heads.folder import Fitted


class ComposeError(Exception):
    """The file cannot be made; the message says why, and what to do."""


def compose(encoder: Path, head: Path, out: Path) -> dict[str, Any]:
    """Write the file; its size and shape. Raises `ComposeError` where the encoder is not the head's."""
    import onnx

    try:
        fitted = load(head)
    except (OSError, ValueError) as error:
        raise ComposeError(f"The fitted head in {head} cannot be read: {error}. Fit it again.") from error
    try:
        record = read_record(encoder, either)
        check_files(encoder, record)
    except EncoderError as error:
        raise ComposeError(str(error)) from error
    wanted = str(fitted.record.encoder["revision"])
    if record.revision != wanted:
        raise ComposeError(
            f"The model in {encoder} is {record.name} of revision {record.revision[:12]}, and the head was "
            f"fitted on {wanted[:12]}. Put that one there, or train again."
        )
    model = onnx.load(encoder / record.runs)
    put_head(model, fitted, at_length_one=not isinstance(record, LanguageRecord))
    tell(model, fitted, record, (encoder / TOKENIZER_FILE).read_text(encoding="utf-8"))
    out.write_bytes(model.SerializeToString(deterministic=True))
    labels = len(fitted.record.answering.labels)
    return {"labels": labels, "dimension": record.dimension, "encoder": record.name, "runs": record.runs}


def put_head(model: "onnx.ModelProto", fitted: "Fitted", *, at_length_one: bool = True) -> None:
    """The graph's one output, vectors, becomes probabilities: rows of length one, a product, sigmoid or softmax.

    A language model's vectors are taken as they are.
    """
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    graph, head = model.graph, fitted.head
    [vectors] = graph.output
    last = helper.make_node("Softmax" if head.exclusive else "Sigmoid", ["head.scores"], [PROBABILITIES])
    if head.exclusive:
        last.attribute.append(helper.make_attribute("axis", 1))
    unit = [helper.make_node("LpNormalization", [vectors.name], ["head.unit"], axis=1, p=2)] * at_length_one
    graph.node.extend(
        [
            *unit,
            helper.make_node("MatMul", ["head.unit" if unit else vectors.name, "head.weights"], ["head.product"]),
            helper.make_node("Add", ["head.product", "head.bias"], ["head.scores"]),
            last,
        ]
    )
    for name, value in (("head.weights", head.weights), ("head.bias", head.bias)):
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
    shape: list[str | int | None] = ["texts", len(head.bias)]
    graph.output.remove(vectors)
    graph.output.append(helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, shape))


def tell(model: "onnx.ModelProto", fitted: "Fitted", record: EncoderRecord, tokenizer: str) -> None:
    """Write into the file how texts become tokens, and probabilities answers."""
    from onnx import helper

    told = HeadTold(answering=fitted.record.answering, encoder=record)
    helper.set_model_props(model, {TOLD: told.model_dump_json(), TOKENIZER: tokenizer})
