"""Texts to vectors by the site's sentence encoder: the vectors that samples have, the rest computed once.

What was cut is counted. A text is found where it is asked as it came in: one inside a prompt template is another text.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from django.conf import settings

from common.encoder import Encoder, EncoderError, EncoderRecord, open_encoder, read_record
from common.encoder.record import check_files
from labeling.services.vectors.store import stored


class TextVectors:
    """Texts to vectors. `told` says by which encoder, and what it could not read; `computed` how many were not kept."""

    def __init__(self, record: EncoderRecord, opened: Callable[[], Encoder]) -> None:
        """`opened` is called for texts that have no vector yet."""
        self.record, self._opened, self._known = record, opened, dict[str, Any]()
        self._cut = self._unknown = 0
        self.computed = 0

    def __call__(self, texts: Sequence[str]) -> Any:
        """Rows of length one, shape (texts, dimension)."""
        import numpy as np

        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        kept = stored(new, self.record.key)
        missing = [text for text in new if text not in kept]
        self._known |= {text: each.row for text, each in kept.items()}
        self._cut += sum(each.is_cut for each in kept.values())
        self._unknown += sum(each.is_unknown for each in kept.values())
        if missing:
            self._compute(missing)
        rows = [self._known[text] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.record.dimension), dtype=np.float32)

    def _compute(self, texts: list[str]) -> None:
        found = self._opened().encode(texts)
        self._known |= dict(zip(texts, found.vectors, strict=True))
        self._cut += found.cut
        self._unknown += found.unknown
        self.computed += len(texts)

    @property
    def told(self) -> dict[str, Any]:
        """For the figures that hang on it, as JSON."""
        said = self.record.model_dump(mode="json", include={"name", "revision", "languages", "limit", "runs"})
        return {**said, "texts": len(self._known), "cut": self._cut, "unknown": self._unknown}


def open_vectors() -> TextVectors:
    """By the encoder that `SENTENCE_ENCODER` names. Raises `EncoderError`; for workers, not for the web process."""
    encoder = _open()
    return TextVectors(encoder.record, lambda: encoder)


def kept_vectors() -> TextVectors:
    """The same where most texts have vectors: the encoder is opened once it is needed, and may be refused then."""
    return TextVectors(read_record(settings.ENCODER_DIR), lru_cache(maxsize=1)(_open))


def _open() -> Encoder:
    return open_encoder(settings.ENCODER_DIR, threads=settings.ENCODER_THREADS)


def encoder_problem() -> str:
    """Why there is no encoder to be used, as a sentence; empty where there is one. Loads nothing."""
    try:
        check_files(settings.ENCODER_DIR, read_record(settings.ENCODER_DIR))
    except EncoderError as error:
        return str(error)
    return ""
