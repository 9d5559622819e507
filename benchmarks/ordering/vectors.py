"""The vectors of a set's texts: made once for an encoder, kept in a file, and given to each project's rows."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from django.db import transaction

from benchmarks.recipes.methods import ENCODER
from common.encoder import Encoded, open_encoder, read_record
from config.launcher.environment import var_dir
from labeling.models import Project, Sample
from labeling.services.vectors import store

_PART = 500


def kept_in() -> Path:
    """Where runs leave what the next ones take: beside the session's own folder, which is emptied at each start."""
    return var_dir().parent / "ordering"


class Vectors:
    """All vectors of a set, by text; `revision` is the encoder's key."""

    def __init__(self, texts: list[str], rows: Any, revision: str) -> None:
        self._rows, self.revision = dict(zip(texts, rows, strict=True)), revision

    def of(self, texts: list[str]) -> Any:
        """Shape (texts, dimension), float32."""
        return np.stack([self._rows[text] for text in texts]).astype(np.float32)

    def give(self, project: Project) -> None:
        """Keep those of a project's texts in the database, as the worker of vectors does."""
        batch = list(Sample.objects.filter(project=project).values_list("pk", "text", "text_digest"))
        for start in range(0, len(batch), store.CHUNK):
            some = batch[start : start + store.CHUNK]
            rows, nothing = self.of([text for _, text, _ in some]), (False,) * len(some)
            with transaction.atomic():
                keys = [(pk, bytes(digest)) for pk, _, digest in some]
                store.keep(keys, Encoded(rows, nothing, nothing), self.revision)


def vectors_of(name: str, texts: list[str]) -> Vectors:
    """Of these texts, from the file of an earlier run where it has the very same ones."""
    record = read_record(ENCODER)
    texts = list(dict.fromkeys(texts))
    digest = hashlib.sha256("\0".join([record.key, *texts]).encode()).hexdigest()[:16]
    path = kept_in() / f"{name}-{digest}.npy"
    if not path.is_file():
        encoder = open_encoder(ENCODER)
        parts = [encoder.encode(texts[start : start + _PART]).vectors for start in range(0, len(texts), _PART)]
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(f"{path}.part.npy")
        np.save(aside, np.concatenate(parts).astype(np.float16))
        aside.replace(path)
    return Vectors(texts, np.load(path), record.key)
