"""The link for the first administrator, as the launcher prints it: new each time, in no log, and none with users."""

import subprocess
import sys
from pathlib import Path

from tests.config.processes import ROOT, clean_env

DRIVER = """
import sys
from pathlib import Path
from config.launcher.console import Console
from config.launcher.first import print_link
from config.launcher.session import Session
from config.launcher.stopping import StopRequest
folder = Path(sys.argv[1])
with Session(folder, port=1, stop=StopRequest().install(), console=Console(folder / "log")) as session:
    session.set_up()
    print_link(session)
    print_link(session)
    session.manage("shell", "-c", "from labeling.models import User; User.objects.create_user('ana')")
    print_link(session)
"""


def test_it_is_printed_anew_each_time_and_kept_nowhere_and_not_with_users(folder: Path) -> None:
    command = [sys.executable, "-c", DRIVER, str(folder / "var")]
    done = subprocess.run(command, cwd=ROOT, env=clean_env(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    links = [line.strip() for line in done.stdout.split("\n") if "/account/first/#" in line]
    assert len(set(links)) == len(links) == 2
    assert all(link.startswith("http://127.0.0.1:1/account/first/#") for link in links)
    logs = b"".join(path.read_bytes() for path in (folder / "var" / "log").iterdir())
    assert b"Nobody can log in yet" in logs
    assert not any(link.partition("#")[2].encode() in logs for link in links)
