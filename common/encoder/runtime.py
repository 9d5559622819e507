"""An encoder at work: texts to rows of unit length, in batches of texts of like length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.encoder.record import TOKENIZER, EncoderError, EncoderRecord, check_files, read_record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

BATCH = 32
# No vocabulary has longer words on the average; what lies beyond is cut unread, however long a text is.
CHARACTERS_A_TOKEN = 64


@dataclass(frozen=True)
class Encoded:
    """`vectors`, shape (texts, dimension), float32, each of length one.

    `cuts`: of each text, whether it was longer than the limit and read as far as that. `unknowns`: whether its greater
    part is in characters that the encoder's vocabulary does not have, so that its vector says little.
    """

    vectors: "Vectors"
    cuts: tuple[bool, ...]
    unknowns: tuple[bool, ...]

    @property
    def cut(self) -> int:
        """How many texts were cut."""
        return sum(self.cuts)

    @property
    def unknown(self) -> int:
        """How many texts are mostly in unknown characters."""
        return sum(self.unknowns)


@dataclass(frozen=True)
class Tokens:
    """A text as the weights get it; `is_cut` and `is_unknown` as `Encoded` counts them."""

    ids: Sequence[int]
    is_cut: bool
    is_unknown: bool


class TextReader:
    """Texts to tokens, as an encoder's record says."""

    def __init__(self, record: EncoderRecord, tokenizer: Any) -> None:
        # What the file says of both was for its maker's batches.
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length=record.limit)
        self._record, self._tokenizer = record, tokenizer

    def tokens(self, text: str) -> Tokens:
        """The tokens of one text, however long it is."""
        most = self._record.limit * CHARACTERS_A_TOKEN
        # Half a surrogate pair is no text to the tokenizer.
        clean = text[:most].encode("utf-8", "replace").decode("utf-8")
        found = self._tokenizer.encode(f"{self._record.prefix}{clean}")
        words = len(found.ids) - sum(found.special_tokens_mask)
        lost = found.ids.count(self._record.unknown)
        return Tokens(found.ids, len(text) > most or bool(found.overflowing), 2 * lost > words)


class Encoder:
    """An opened encoder. One thread asks it at a time or several do: it keeps nothing between calls."""

    def __init__(self, record: EncoderRecord, reader: TextReader, session: Any) -> None:
        self.record, self._reader, self._session = record, reader, session

    def encode(self, texts: Sequence[str]) -> Encoded:
        """The vectors of the texts, in their order."""
        import numpy as np

        tokens = [self._reader.tokens(text) for text in texts]
        vectors = np.zeros((len(texts), self.record.dimension), dtype=np.float32)
        for rows in _alike([len(each.ids) for each in tokens]):
            vectors[rows] = self._run([tokens[row].ids for row in rows])
        if not np.isfinite(vectors).all():
            raise EncoderError(
                f"{self.record.short} answers with what is no number. Make it again with `make encoder`."
            )
        return Encoded(vectors, tuple(each.is_cut for each in tokens), tuple(each.is_unknown for each in tokens))

    def ids(self, text: str) -> Sequence[int]:
        """The tokens of a text as the weights get them."""
        return self._reader.tokens(text).ids

    def _run(self, rows: list[Sequence[int]]) -> "Vectors":
        import numpy as np

        width = max(map(len, rows))
        ids = np.full((len(rows), width), self.record.pad, dtype=np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
            mask[place, : len(row)] = 1
        [found] = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(length, 1e-12), dtype=np.float32)


def open_encoder(folder: Path, *, threads: int = 1, revision: str | None = None, file: str | None = None) -> Encoder:
    """The encoder in `folder`, run by so many threads. `file`: one of its two ONNX files in place of the proven one.

    Raises `EncoderError` where it is missing, damaged, or of another revision than the one that is asked for.
    """
    record = read_record(folder)
    if revision is not None and record.revision != revision:
        raise EncoderError(
            f"The sentence encoder in {folder} is {record.name} of revision {record.revision[:12]}, "
            f"not {revision[:12]}, whose vectors are others. Put that one there."
        )
    check_files(folder, record)
    try:
        return Encoder(record, _reader(folder, record), open_session(folder / (file or record.runs), threads))
    except ImportError as error:
        raise EncoderError("onnxruntime and tokenizers are not installed; `make venv` brings them.") from error
    except EncoderError:
        raise
    except Exception as error:  # both libraries raise classes of their own, down to bare Exception
        raise EncoderError(f"The sentence encoder in {folder} cannot be loaded: {error}") from error


def _reader(folder: Path, record: EncoderRecord) -> TextReader:
    from tokenizers import Tokenizer

    return TextReader(record, Tokenizer.from_file(str(folder / TOKENIZER)))


def open_session(path: Path, threads: int, *, keeps_memory: bool = True) -> Any:
    """onnxruntime over one file, by so many threads; raises whatever class of error it has.

    `keeps_memory`: what the longest text took stays taken for the next ones, which saves some time.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = keeps_memory
    # Waiting threads that spin take the core that a model server needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _alike(lengths: list[int]) -> Iterator[list[int]]:
    """The rows in batches, short texts with short ones."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]
