"""A real nginx on free ports, with the templates that `compose.yaml` mounts."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.config.processes import ROOT, eventually
from tests.processes import free_port

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
_MAIN = """
daemon off;
pid nginx.pid;
error_log stderr warn;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include conf.d/*.conf;
}
"""


@contextlib.contextmanager
def nginx(folder: Path, web: str, *, kind: str, prefix: str = "", **settings: str) -> Iterator[str]:
    """The URL of an nginx in front of `web`: `kind` is `http` or `https`."""
    plain, tls = free_port(), free_port()
    values = {
        "WEB": urlsplit(web).netloc,
        "PREFIX": prefix,
        "HTTP_LISTEN": f"127.0.0.1:{plain}",
        "HTTPS_LISTEN": f"127.0.0.1:{tls}",
        "TLS_FOLDER": str(folder),
        "FORWARDED_PROTO": "$scheme",
        "UPLOAD_MAX_BYTES": "1073741824",
        "API_MAX_BODY_BYTES": "16000000",
        **settings,
    }
    _write(folder, kind, values)
    _certificate(folder)
    assert PROGRAM
    command = [PROGRAM, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"https://127.0.0.1:{tls}" if kind == "https" else f"http://127.0.0.1:{plain}"
    try:
        assert eventually(lambda: _answers(f"{url}{prefix}/livez") or process.poll() is not None, 20)
        assert process.poll() is None, (folder / "nginx.log").read_text()
        yield f"{url}{prefix}"
    finally:
        process.terminate()
        process.wait(20)


def _write(folder: Path, kind: str, values: dict[str, str]) -> None:
    (folder / "conf.d").mkdir()
    (folder / "nginx.conf").write_text(("user nobody nogroup;" if os.geteuid() == 0 else "") + _MAIN)
    folder.chmod(0o755)
    for name in ("limits.conf", f"{kind}.conf", "doors.inc"):
        text = (ROOT / "nginx" / f"{name}.template").read_text()
        for variable, value in values.items():
            text = text.replace(f"${{{variable}}}", value)
        assert "${" not in text, text
        (folder / "conf.d" / name).write_text(text)


def _certificate(folder: Path) -> None:
    """Of our own, for 127.0.0.1."""
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *names], check=True, capture_output=True
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, verify=False).is_success
    except httpx.HTTPError:
        return False
