"""Where a base model lies: a folder of this host, or the hub. Only its small files are read, and headers."""

import os
import struct
from pathlib import Path
from typing import Any

from common import jsonbounds
from training.engine.bases.record import read_record
from training.engine.config import BaseModelConfig
from training.engine.errors import EngineError
from training.engine.looks.words import sentence
from training.engine.models import hub_token

# By tensor: its dtype, shape and data_offsets.
Header = dict[str, dict[str, Any]]
SMALL = ("*.json", "*.model", "*.txt", "*.jinja", "*.tiktoken")
_LONGEST_HEADER = 100_000_000
_COUNT = struct.Struct("<Q")


class ProblemError(Exception):
    """The base is not as it must be; the sentence says what, and what to do."""


def place_of(base: BaseModelConfig) -> "Place":
    """Raises `ProblemError` where nothing is there, `EngineError` where nobody could look."""
    folder = Path(base.name).expanduser()
    if os.path.isdir(folder):  # also of a name that no folder can have
        return FolderPlace(folder, base.revision)
    if folder.is_absolute() or base.name.startswith((".", "~")):
        raise ProblemError(f"There is no folder {base.name} on the worker's host.")
    return HubPlace(base)


class Files:
    """What both places have: `folder` with the small files, and of all files the `names`.

    `revision` is what the place itself says; empty where it says nothing.
    """

    folder: Path
    names: frozenset[str]
    revision: str

    def json(self, name: str) -> dict[str, Any] | None:
        """A file of JSON; None where there is none, or it is none."""
        path = self.folder / name
        try:
            found = jsonbounds.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        except (ValueError, OSError):
            return None
        return found if isinstance(found, dict) else None


class FolderPlace(Files):
    """A folder of this host."""

    kind = "folder"

    def __init__(self, folder: Path, revision: str | None) -> None:
        self.folder = folder
        self.names = frozenset(path.name for path in folder.iterdir())
        record = read_record(folder)
        self.revision = str(record["revision"]) if record else ""
        if revision and self.revision and revision != self.revision:
            raise ProblemError(f"{folder} holds revision {self.revision}, but {revision} is asked for.")

    def header(self, name: str) -> Header:
        """The header of a safetensors file. Raises `ProblemError` where the file is not whole."""
        path = self.folder / name
        broken = ProblemError(f"{name} is not whole, or no safetensors file. Copy it again.")
        with path.open("rb") as file:
            start = file.read(_COUNT.size)
            if len(start) < _COUNT.size:
                raise broken
            (length,) = _COUNT.unpack(start)
            text = file.read(length) if length <= _LONGEST_HEADER else b""
        try:
            header: Header = jsonbounds.loads(text)
            header.pop("__metadata__", None)
            end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise broken from None
        if _COUNT.size + length + end != path.stat().st_size:
            raise broken
        return header


class HubPlace(Files):
    """A name of the hub: the small files are fetched, of the weights only the headers."""

    kind = "hub"

    def __init__(self, base: BaseModelConfig) -> None:
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import (
            GatedRepoError,
            HFValidationError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        self._base, token = base, hub_token(base)
        try:
            found = HfApi(token=token).model_info(base.name, revision=base.revision)
            self.names = frozenset(file.rfilename for file in found.siblings or [])
            self.revision = found.sha or ""
            self.folder = Path(
                snapshot_download(base.name, revision=base.revision, token=token, allow_patterns=list(SMALL))
            )
        except GatedRepoError:
            raise ProblemError(
                f"The hub gives {base.name} only to those who accepted its licence. Accept it there, and name the "
                "variable with that account's token."
            ) from None
        except RevisionNotFoundError:
            raise ProblemError(f"{base.name} has no revision {base.revision} on the hub.") from None
        except (RepositoryNotFoundError, HFValidationError):
            raise ProblemError(
                f"There is no folder {base.name} on the worker's host, and no model of that name on the hub that its "
                "token may see."
            ) from None
        except Exception as error:
            raise EngineError(f"The hub could not be asked for {base.name}: {sentence(error)}") from error

    def header(self, name: str) -> Header:
        """The same, asked for by range. Raises `EngineError`, too, where the hub cannot be asked."""
        from huggingface_hub import HfApi
        from huggingface_hub.errors import SafetensorsParsingError

        try:
            found = HfApi(token=hub_token(self._base)).parse_safetensors_file_metadata(
                self._base.name, name, revision=self._base.revision
            )
        except SafetensorsParsingError:
            raise ProblemError(f"{name} on the hub is no safetensors file.") from None
        except Exception as error:
            raise EngineError(f"The hub could not be asked for {name}: {sentence(error)}") from error
        return {
            key: {"dtype": entry.dtype, "shape": list(entry.shape), "data_offsets": list(entry.data_offsets)}
            for key, entry in found.tensors.items()
        }


Place = FolderPlace | HubPlace
