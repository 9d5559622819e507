"""Secrets of one `var/` folder: made once, kept in files that only their owner can read."""

import os
import secrets
from pathlib import Path

NAMES = ("secret_key", "database_password", "valkey_password", "model_server_key", "health_key")


def secret(var_dir: Path, name: str) -> str:
    """The secret `name` of this folder, from `var_dir/secrets/<name>.txt` (mode 0600); made at the first call."""
    if name not in NAMES:
        raise ValueError(f"no secret is named {name!r}")
    folder = var_dir / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.txt"
    kept = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if kept:
        path.chmod(0o600)
        return kept
    # Written aside and renamed: a crash half-way never leaves half a secret.
    made = secrets.token_urlsafe(48)
    write_private(path, made + "\n")
    return made


def write_private(path: Path, text: str) -> None:
    """Put `text` at `path` in one step, readable by its owner only."""
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
