"""The vectors that a draft takes: those that samples have, and those that this process made lately for other texts.

A text behind a prompt template is none of a sample's, so nothing is kept of it in the database: it would outlive the
sample. It is read again and again, though, as each fit learns from all golden samples.
"""

from collections import OrderedDict
from threading import Lock
from typing import Any

from django.conf import settings

from common.encoder import open_encoder, read_record
from labeling.services.vectors.store import digest_of
from labeling.services.vectors.texts import TextVectors

# Of 384 numbers of 16 bits each: 40 MB.
MOST = 50_000


class Lately:
    """Vectors by encoder and text, as many as `most`; the oldest go first."""

    def __init__(self, most: int) -> None:
        self._most, self._lock, self._rows = most, Lock(), OrderedDict[tuple[str, bytes], Any]()

    def of(self, texts: list[str], key: str) -> dict[str, Any]:
        """Those that are there."""
        with self._lock:
            found = {text: self._rows.get((key, digest_of(text))) for text in texts}
        return {text: row.astype("float32") for text, row in found.items() if row is not None}

    def keep(self, rows: dict[str, Any], key: str) -> None:
        """As exact as samples have theirs."""
        with self._lock:
            for text, row in rows.items():
                self._rows[key, digest_of(text)] = row.astype("float16")
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)


_LATELY = Lately(MOST)


class DraftVectors(TextVectors):
    """What must be computed is computed once in a process."""

    def _compute(self, texts: list[str]) -> None:
        known = _LATELY.of(texts, self.record.key)
        self._known |= known
        if missing := [text for text in texts if text not in known]:
            super()._compute(missing)
            _LATELY.keep({text: self._known[text] for text in missing}, self.record.key)


def draft_vectors() -> DraftVectors:
    """By the encoder that `SENTENCE_ENCODER` names, opened once it is needed. Raises `EncoderError`."""
    where = settings.ENCODER_DIR
    return DraftVectors(read_record(where), lambda: open_encoder(where, threads=settings.ENCODER_THREADS))
