"""What the launcher tells the person at the terminal; kept in `log/launcher.log` as well."""

import contextlib
import shutil
import sys
import time
from pathlib import Path

_COLORS = {"web": 36, "worker": 32, "beat": 35, "models": 33}


class Console:
    """Sentences of the launcher, and the processes' log lines behind a short coloured name."""

    def __init__(self, log_dir: Path, *, quiet: bool = False, lines: bool = True) -> None:
        """`quiet`: the terminal belongs to another program, sentences go to the log file alone.

        `lines` false: the processes' lines stay in their logs.
        """
        self.quiet = quiet
        self._lines = lines
        self._log = log_dir / "launcher.log"
        log_dir.mkdir(parents=True, exist_ok=True)

    def say(self, text: str = "") -> None:
        """One sentence or more of the launcher's own."""
        with contextlib.suppress(OSError), self._log.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
        if not self.quiet:
            _write(text + "\n")

    def show(self, text: str) -> None:
        """For the terminal alone, as it is a secret: no log keeps it."""
        if not self.quiet:
            _write(text + "\n")

    def line(self, name: str, text: str) -> None:
        """A log line of process `name`, cut to the terminal's width; the whole line is in the process's own log."""
        if self.quiet or not self._lines:
            return
        if not sys.stdout.isatty():
            _write(f"{name:<14} | {text}\n")
            return
        width = max(40, shutil.get_terminal_size().columns) - 17
        shown = text if len(text) <= width else text[: width - 1] + "…"
        color = _COLORS.get(name.split("-")[0], 37)
        _write(f"\x1b[{color}m{name:<14} |\x1b[0m {shown}\n")


def _write(text: str) -> None:
    # A closed terminal must not keep the launcher from ending its processes in order.
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text)
        sys.stdout.flush()


class LogTail:
    """New lines of a growing log file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def lines(self) -> list[str]:
        """The complete lines since the last call."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                new = file.read(256_000)
        except OSError:
            return []
        self._offset += len(new)
        *complete, self._rest = (self._rest + new).split(b"\n")
        return [line.decode(errors="replace").rstrip() for line in complete if line.strip()]
