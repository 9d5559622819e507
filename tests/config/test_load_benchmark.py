"""The load of everything at once: what it counts, and what it stops."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import psutil
import pytest

from benchmarks.load.figures import Stop, five_hundreds, of_door, of_stop
from benchmarks.load.reviewers import Reviewer
from benchmarks.load.stops import stoppable, stopped
from demo.load import Client, Load, Sent
from tests.config.processes import eventually

pytestmark = pytest.mark.pure

REFUSED = "HTTPStatusError(\"Server error '503 Service Unavailable' for url 'http://x'\")"
FAMILY = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); " + (
    "print('up', flush=True); time.sleep(600)"
)
CARD = """<input type="hidden" name="csrfmiddlewaretoken" value="t"><input type="hidden" name="sample" value="one">
<div id="sample-text" tabindex="0"><p class="text">hi charged twice and parcel is late</p></div>"""


def test_a_door_has_its_errors_by_kind_and_the_wait_of_all_who_asked() -> None:
    sent = [Sent(0, 0.1, "v1"), Sent(1, 1.2, "v1", late=0.3), Sent(2, 5, "", failure=REFUSED)]
    found = of_door([*sent, Sent(3, 63, "", failure="ReadTimeout('timed out')")])
    assert (found["requests"], found["errors"], found["errors %"]) == (4, 2, 50.0)
    assert (found["p50 ms"], found["worst ms"]) == (500.0, 60000.0)
    assert found["which errors"] == "1 x 503, 1 x ReadTimeout"
    assert of_door([])["which errors"] == "none"


def test_a_stop_is_charged_with_what_was_due_in_it_and_until_it_is_over() -> None:
    stop = Stop("beat", began=10, ended=20, until=40)
    before, waited = Sent(9, 12, "v1"), Sent(19, 24, "v1", late=5)
    failed, after = Sent(25, 27, "", failure=REFUSED), Sent(45, 46, "v1", late=1)
    assert of_stop(stop, {"predict": [before, waited, failed, after], "save": []}, lost=0) == {
        "predict": "1 of 2, 10.0 s",
        "save": None,
        "over after, s": 7.0,
        "lost": 0,
    }


def test_a_500_is_a_fault_and_a_503_is_none() -> None:
    sent = [Sent(0, 1, "", failure=REFUSED), Sent(0, 1, "", failure=REFUSED.replace("503", "500"))]
    assert five_hundreds(sent) == 1


def test_with_one_try_each_failure_counts() -> None:
    def ask() -> str:
        raise ValueError("no")

    with Load([Client(httpx.Client(), ask)], rate=50.0, tries=1) as load:
        load.await_answers(3)
    assert load.retries == 0
    assert len(load.failures) == len(load.sent) >= 3


def test_what_is_stopped_stands_still_with_its_children_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHSTONE_VAR", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            (tmp_path / "valkey").mkdir()
            (tmp_path / "valkey" / "valkey.pid").write_text(f"{process.pid}\n")
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
            assert len(family) == 2
            assert stoppable() == ["Valkey"]
            with stopped("Valkey"):
                assert eventually(lambda: all(each.status() == psutil.STATUS_STOPPED for each in family))
            assert eventually(lambda: all(each.status() != psutil.STATUS_STOPPED for each in family))
        finally:
            for each in family:
                each.kill()


class _Page(BaseHTTPRequestHandler):
    """The review page: shows a card; refuses the first decision, takes the second."""

    said: list[str]

    def do_GET(self) -> None:
        self._answer(200, CARD)

    def do_POST(self) -> None:
        self.said.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._answer(503 if len(self.said) == 1 else 200, "")

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words: object) -> None:
        """Nothing on the terminal."""


def test_a_reviewer_sends_the_true_labels_again_until_they_are_taken() -> None:
    _Page.said = []
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as http:
            ada, stop = Reviewer("ada", http, "/review/", think=0.01, seed=1), threading.Event()
            working = threading.Thread(target=ada.work, args=(stop,))
            working.start()
            assert eventually(lambda: bool(ada.kept))
            stop.set()
            working.join()
        server.shutdown()
    assert [why for why in (each.failure for each in ada.saved) if why] == ["'503 "]
    assert _Page.said[0] == _Page.said[1]
    assert "labels=billing&labels=delivery" in _Page.said[0]
    assert {sample for _, sample in ada.kept} == {"one"}
