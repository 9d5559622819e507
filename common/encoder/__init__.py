"""Texts as vectors by a sentence encoder: ONNX weights and a tokenizer in a folder, run without torch.

`make encoder` makes the folder (`training.engine.encoders`). What runs it is imported when an encoder is opened.
"""

from common.encoder.record import EncoderError, EncoderRecord, read_record
from common.encoder.runtime import Encoded, Encoder, TextReader, Tokens, open_encoder, open_session

__all__ = [
    "Encoded",
    "Encoder",
    "EncoderError",
    "EncoderRecord",
    "TextReader",
    "Tokens",
    "open_encoder",
    "open_session",
    "read_record",
]
