"""A head's ONNX file at work: messages in, an answer and each label's probability out. Without torch.

The file has everything in it: encoder, or language model, and head in one graph, and in its metadata the tokenizer, how
questions are written and how probabilities become an answer. So one digest says all that an answer follows from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from common import jsonbounds
from common.encoder import EncoderRecord, TextReader, Tokens, open_session
from common.encoder.language import LanguageReader, LanguageRecord
from common.options import Options
from training.heads.answering import Answering
from training.heads.rows import words_of

# Keys of the file's metadata, and the graph's output.
TOLD, TOKENIZER, PROBABILITIES = "touchstone.head", "touchstone.tokenizer", "probabilities"


class HeadFileError(Exception):
    """The file is no head that can be run; the message says why."""


class HeadTold(Options):
    """What a head's file says of itself. `encoder`: the record of the encoder, or language model, in it."""

    format: int = 1
    answering: Answering
    encoder: LanguageRecord | EncoderRecord


@dataclass(frozen=True)
class HeadAnswer:
    """One answer: its text, the probability of each label, how sure it is as a whole, and how the text was read."""

    text: str
    probabilities: dict[str, float]
    confidence: float
    tokens: int
    is_cut: bool
    is_unknown: bool


class Reader(Protocol):
    """How questions become tokens."""

    def written(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The text that is read of a question."""

    def read(self, messages: Sequence[Mapping[str, str]]) -> Tokens:
        """Its tokens."""

    def ids(self, text: str) -> Sequence[int]:
        """The tokens of a text that `written` wrote."""


class WordsReader:
    """What a sentence encoder reads: the words that are asked about, without the instruction."""

    def __init__(self, record: EncoderRecord, tokenizer: Any) -> None:
        self._reader = TextReader(record, tokenizer)

    def written(self, messages: Sequence[Mapping[str, str]]) -> str:
        return words_of(messages)

    def read(self, messages: Sequence[Mapping[str, str]]) -> Tokens:
        return self._reader.tokens(words_of(messages))

    def ids(self, text: str) -> Sequence[int]:
        return self._reader.tokens(text).ids


def _reader_of(record: EncoderRecord, tokenizer: Any) -> Reader:
    if isinstance(record, LanguageRecord):
        return LanguageReader(record, tokenizer)
    return WordsReader(record, tokenizer)


class HeadModel:
    """An opened file. Several threads may ask it at once: it keeps nothing between calls."""

    def __init__(self, told: HeadTold, reader: Reader, session: Any) -> None:
        self.told, self.reader, self._session = told, reader, session

    @property
    def is_language_model(self) -> bool:
        """One text is long work for all threads, and takes memory by the square of its length."""
        return isinstance(self.told.encoder, LanguageRecord)

    def answer(self, messages: Sequence[Mapping[str, str]]) -> HeadAnswer:
        """Answer one question.

        Raises `HeadFileError` where what comes out is no number, `ValueError` for turns that cannot be asked.
        """
        import numpy as np

        tokens, answering = self.reader.read(messages), self.told.answering
        ids = np.array([tokens.ids], dtype=np.int64)
        [rows] = self._session.run([PROBABILITIES], {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        if not np.isfinite(rows).all():
            raise HeadFileError("The head answers with what is no number; build the version again.")
        chances = [float(each) for each in rows[0]]
        given = answering.given(chances)
        return HeadAnswer(
            text=answering.text(given),
            probabilities=dict(zip(answering.labels, chances, strict=True)),
            confidence=answering.confidence(chances, given),
            tokens=len(tokens.ids),
            is_cut=tokens.is_cut,
            is_unknown=tokens.is_unknown,
        )


def open_head(path: Path, threads: int = 1) -> HeadModel:
    """The head in a file; a language model is run by so many threads, an encoder by one. Raises `HeadFileError`."""
    from tokenizers import Tokenizer

    try:
        session = open_session(path, 1)
        kept: dict[str, str] = session.get_modelmeta().custom_metadata_map
        told = HeadTold.model_validate(jsonbounds.loads(kept[TOLD]))
        if isinstance(told.encoder, LanguageRecord):
            # Only the opened file says what it is; two of them are never in memory at once.
            del session
            session = open_session(path, threads, keeps_memory=False)
        return HeadModel(told, _reader_of(told.encoder, Tokenizer.from_str(kept[TOKENIZER])), session)
    except KeyError as error:
        raise HeadFileError(f"{path.name} is an ONNX file, but no head: it lacks {error}.") from error
    except (ValueError, ValidationError) as error:
        raise HeadFileError(f"What {path.name} says of itself cannot be read: {error}") from error
    except Exception as error:  # both libraries raise classes of their own, down to bare Exception
        raise HeadFileError(f"{path.name} cannot be loaded: {error}") from error
