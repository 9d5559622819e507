"""The link that makes the first administrator, printed where the database has no users."""

import subprocess
import sys

from config.launcher import environment
from config.launcher.session import LauncherError, Session


def print_link(session: Session) -> None:
    """Print a new link on the terminal, or nothing where there are users. No file of ours holds the token."""
    words = ["first_administrator", "--if-empty", "--url", session.url]
    log = session.folder / "log" / f"{words[0]}.log"
    with log.open("ab") as file:
        asked = subprocess.Popen(
            [sys.executable, "manage.py", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
            env=environment.of_processes(session.settings),
            cwd=environment.ROOT,
            start_new_session=True,
        )
        code = session.wait_for(asked)
    session.check_stop()
    if code:
        raise LauncherError(f"The link for the first administrator was not made. Look into {log}.")
    link = asked.communicate()[0].decode().strip()
    if link:
        session.console.say("  Nobody can log in yet. This link makes the first administrator, once, within an hour:")
        session.console.show(f"  {link}")
