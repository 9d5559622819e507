"""From the trained network to the files that are served: 32 bits proven against torch, 8 bits where they do as well."""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from common.encoder import Encoder, EncoderRecord, open_encoder
from common.encoder.record import FULL, SMALL, TOKENIZER, write_record
from common.files import sha256_of
from training.engine.encoders.exporting import export, load, quantize
from training.engine.encoders.looking import look
from training.engine.encoders.proving import WORSE, vectors_differ
from training.engine.encoders.refilling import refill
from training.engine.encoders.source import source_of
from training.engine.finetuning.network import Network

if TYPE_CHECKING:
    from training.heads.linear import Array

logger = logging.getLogger(__name__)

# Texts of the proof against torch, beside the odd ones.
_TRIED = 40


@dataclass(frozen=True)
class Exported:
    """`record` of the folder; `vectors` of all questions as they come out of what is served; how well both forms do.

    `worth`: the figure of the rows left out, by file; empty where there are too few.
    """

    record: EncoderRecord
    vectors: "Array"
    worth: dict[str, float]


def export_encoder(
    network: Network,
    base: Path,
    record: EncoderRecord,
    out: Path,
    texts: Sequence[str],
    worth: "Callable[[Array], float] | None",
    tick: Callable[[], object],
) -> Exported:
    """Write the encoder's folder. `texts`: the questions; `worth`: the figure of their vectors' rows left out.

    Raises `EngineError` where the export is not the network.
    """
    out.mkdir()
    shutil.copyfile(base / TOKENIZER, out / TOKENIZER)
    _write(network, base, record, out / FULL)
    tick()
    full = _record_of(record, out, FULL)
    opened = open_encoder(out)
    differ = vectors_differ(network.encoder, opened, texts[:_TRIED])
    exact = _by_torch(network, opened, texts, tick)
    if worth is None:
        return Exported(_proven(full, out, {"vectors_differ": differ}), exact, {})
    quantize(out / FULL, out / SMALL)
    tick()
    small = _record_of(record, out, SMALL, revision=full.revision)
    coarse = _by_file(open_encoder(out), texts, tick)
    found = {FULL: worth(exact), SMALL: worth(coarse)}
    logger.info("figure of the rows left out: %.3f, in 8 bits %.3f", found[FULL], found[SMALL])
    is_small = found[SMALL] >= found[FULL] - WORSE
    (out / (FULL if is_small else SMALL)).unlink()
    kept, vectors = (small, coarse) if is_small else (full, exact)
    return Exported(_proven(kept, out, {"vectors_differ": differ, "figure": found}), vectors, found)


def _write(network: Network, base: Path, record: EncoderRecord, path: Path) -> None:
    """The base's own graph with the weights that were learnt, or a new export."""
    source = source_of(base, record)
    if not refill(base / FULL, load(source, look(source, record.prefix)), network.encoder, path):
        export(network.encoder, path, record.limit)


def _record_of(base: EncoderRecord, out: Path, runs: str, *, revision: str = "") -> EncoderRecord:
    """The record of one of the two files, written. Whatever becomes of it, the revision is that of the 32 bits."""
    files = {name: sha256_of(out / name) for name in (runs, TOKENIZER)}
    source = f"fine-tuned from {base.name} ({base.revision})"
    record = base.model_copy(
        update={"revision": revision or files[runs], "source": source, "runs": runs, "proof": {}, "files": files}
    )
    write_record(out, record)
    return record


def _proven(record: EncoderRecord, out: Path, proof: dict[str, object]) -> EncoderRecord:
    found = record.model_copy(update={"proof": proof})
    write_record(out, found)
    return found


def _by_torch(network: Network, reader: Encoder, texts: Sequence[str], tick: Callable[[], object]) -> "Array":
    """Each text by itself, as it is served."""
    rows = []
    with torch.no_grad():
        for text in texts:
            ids = torch.tensor([list(reader.ids(text))])
            rows.append(network.encoder(ids, torch.ones_like(ids)).numpy())
            tick()
    return np.concatenate(rows)


def _by_file(encoder: Encoder, texts: Sequence[str], tick: Callable[[], object]) -> "Array":
    rows = []
    for text in texts:
        rows.append(encoder.encode([text]).vectors)
        tick()
    return np.concatenate(rows)
