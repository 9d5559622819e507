"""The one place that reads and writes vectors of texts."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from common.encoder import Encoded
from labeling.models import Project, Sample, TextVector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Row = NDArray[np.float32]

_KEPT = "<f2"
# What one statement asks for.
CHUNK = 2_000


@dataclass(frozen=True)
class Stored:
    """A text's vector, shape (dimension,), float32, and what the encoder could not read of it."""

    row: "Row"
    is_cut: bool
    is_unknown: bool


def digest_of(text: str) -> bytes:
    """`Sample.text_digest` of a text that can be stored; half a surrogate pair has a digest that no sample has."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def row_of(kept: bytes | memoryview) -> "Row":
    """A vector as it is computed with."""
    import numpy as np

    return np.frombuffer(kept, dtype=_KEPT).astype(np.float32)


def stored(texts: Sequence[str], revision: str) -> dict[str, Stored]:
    """The vectors that are there of these texts, by text."""
    by_digest = {digest_of(text): text for text in texts}
    digests, found = list(by_digest), dict[str, Stored]()
    for start in range(0, len(digests), CHUNK):
        rows = TextVector.objects.filter(digest__in=digests[start : start + CHUNK], revision=revision)
        for each in rows.iterator():
            kept = Stored(row_of(each.vector), each.is_cut, each.is_unknown)
            found[by_digest[bytes(each.digest)]] = kept
    return found


def without_vector(samples: QuerySet[Sample], revision: str) -> QuerySet[Sample]:
    """Those of the samples whose text has no vector of this encoder yet."""
    return samples.filter(~Exists(_of(revision)))


def vectors_of(samples: QuerySet[Sample], revision: str) -> tuple[list[int], "NDArray[np.float32]"]:
    """Ids and vectors, shape (ids, dimension), of those of the samples that have one that tells something.

    Texts mostly in unknown characters all have the same.
    """
    import numpy as np

    rows = samples.annotate(kept=Subquery(_telling(revision).values("vector")[:1])).exclude(kept=None)
    pairs = list(rows.values_list("pk", "kept"))
    table = np.frombuffer(b"".join(bytes(kept) for _, kept in pairs), dtype=_KEPT).astype(np.float32)
    return [pk for pk, _ in pairs], table.reshape(len(pairs), -1) if pairs else np.zeros((0, 1), dtype=np.float32)


def count_unknown(samples: QuerySet[Sample], revision: str) -> int:
    """How many of the samples are mostly in characters that the encoder does not know."""
    return samples.filter(Exists(_of(revision).filter(is_unknown=True))).count()


def ids_with_vector(project: Project, revision: str) -> Iterator[int]:
    """The ids of all samples of a project that have one that tells something, in no order."""
    rows = Sample.objects.filter(Exists(_telling(revision)), project=project).order_by()
    return rows.values_list("pk", flat=True).iterator(chunk_size=50_000)


def keep(samples: Sequence[tuple[int, bytes]], encoded: Encoded, revision: str) -> None:
    """Keep the vectors of these samples (id, text digest), in one statement and once each; call it in a transaction.

    The samples are held from being deleted until its end: no vector outlives its text.
    """
    there = hold([pk for pk, _ in samples])
    rows = [
        TextVector(
            digest=bytes(digest),
            revision=revision,
            dimension=len(row),
            vector=row.astype(_KEPT).tobytes(),
            is_cut=is_cut,
            is_unknown=is_unknown,
        )
        for (pk, digest), row, is_cut, is_unknown in zip(
            samples, encoded.vectors, encoded.cuts, encoded.unknowns, strict=True
        )
        if pk in there
    ]
    TextVector.objects.bulk_create(rows, ignore_conflicts=True)


def hold(pks: list[int]) -> set[int]:
    """Those of the samples that are still there, and stay until the transaction ends.

    A deletion waits, as does whoever locks the row `FOR UPDATE`: services lock samples with `no_key`, which passes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM labeling_sample WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [pks])
        return {pk for (pk,) in cursor.fetchall()}


def _of(revision: str) -> QuerySet[TextVector]:
    return TextVector.objects.filter(digest=OuterRef("text_digest"), revision=revision)


def _telling(revision: str) -> QuerySet[TextVector]:
    return _of(revision).filter(is_unknown=False)
