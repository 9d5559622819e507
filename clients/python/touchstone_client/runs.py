"""A training run, and the version that comes of it: waiting, reading the gate's verdict, promoting."""

import time
from collections.abc import Callable, Iterator
from typing import Any, cast

from touchstone_client import shapes
from touchstone_client.errors import NothingToServe, RunFailed, TimedOut
from touchstone_client.transport import Transport

HOUR = 3600.0
# As the API says them.
_ENDED = ("succeeded", "failed", "cancelled")
_PASSED = ("passed", "baseline")


class Version:
    """A version of a project. `read()` asks what is known of it now."""

    def __init__(self, api: Transport, project: str, number: int) -> None:
        self.api, self.project, self.number = api, project, number
        self._at = f"projects/{project}/versions/{number}"

    def __repr__(self) -> str:
        return f"<Version {self.project}:v{self.number}>"

    def read(self) -> shapes.VersionStateResponse:
        """Its file, where it stands, and what the gate says of it."""
        return cast(shapes.VersionStateResponse, self.api.get(self._at))

    @property
    def verdict(self) -> str:
        """The gate's verdict: `passed`, `refused`, `insufficient`, `baseline`; empty until it is judged."""
        return next((row["verdict"] for row in self.read()["staged"] if row["verdict"]), "")

    @property
    def sentence(self) -> str:
        """The verdict in a sentence."""
        return next((row["verdict_sentence"] for row in self.read()["staged"] if row["verdict_sentence"]), "")

    @property
    def passed(self) -> bool:
        """Whether it may go live without a reason."""
        return self.verdict in _PASSED

    def wait(self, timeout: float = HOUR, *, every: float = 2.0) -> "Version":
        """Until it is built, staged and judged, at most `timeout` seconds. Raises `NothingToServe`, `TimedOut`."""

        def judged() -> bool:
            now = self.read()
            if now["state"] == "failed":
                raise NothingToServe(f"{self!r} was not built: {now['error']}")
            lost = [row for row in now["staged"] if row["state"] == "failed"]
            if lost and len(lost) == len(now["staged"]):
                raise NothingToServe(f"{self!r} stands on no server: {lost[0]['error']}")
            return any(row["verdict"] for row in now["staged"])

        _until(judged, timeout, every, lambda: f"{self!r} is not judged yet. {self.read()['nowhere']}".strip())
        return self

    def plan(self) -> shapes.PlanResponse:
        """What a promotion would do, and what stands in its way."""
        return cast(shapes.PlanResponse, self.api.get(f"{self._at}/plan"))

    def promote(self, *, reason: str = "", may_evict: bool = False) -> shapes.Deployment:
        """Make it live. A version that did not pass the gate needs a reason, which stays with it."""
        body = {"version": self.number, "reason": reason, "may_evict": may_evict}
        return cast(shapes.Deployment, self.api.post(f"projects/{self.project}/promote", body))


class Run:
    """A training run. `read()` asks how far it is."""

    def __init__(self, api: Transport, project: str, uid: str) -> None:
        self.api, self.project, self.uid = api, project, uid
        self._at = f"projects/{project}/runs/{uid}"

    def __repr__(self) -> str:
        return f"<Run {self.uid} of {self.project}>"

    def read(self) -> shapes.RunDetail:
        """The run as it is now."""
        return cast(shapes.RunDetail, self.api.get(self._at))

    def events(self) -> Iterator[shapes.Event]:
        """What the engine reported, oldest first: steps with their loss, evaluations, warnings."""
        return self.api.pages(f"{self._at}/events")

    def cancel(self) -> shapes.RunDetail:
        """Stop it: at once where it waits, else at its next step."""
        return cast(shapes.RunDetail, self.api.post(f"{self._at}/cancel"))

    def trained(self, timeout: float = HOUR, *, every: float = 2.0) -> Version:
        """Wait until it has ended, and give its version. Raises `RunFailed`, `TimedOut`."""
        ended: dict[str, Any] = {}

        def over() -> bool:
            ended.update(self.read())
            return ended["state"] in _ENDED

        _until(over, timeout, every, lambda: f"{self!r} is {ended.get('state')} at step {ended.get('step')}.")
        if ended["state"] != "succeeded" or ended["version"] is None:
            raise RunFailed(f"{self!r} {ended['state']} without a version. {ended['error']}".strip())
        return Version(self.api, self.project, ended["version"])

    def wait(self, timeout: float = HOUR, *, every: float = 2.0) -> Version:
        """Wait until its version is trained, built, staged and judged. Raises also `NothingToServe`."""
        began = time.monotonic()
        version = self.trained(timeout, every=every)
        return version.wait(timeout - (time.monotonic() - began), every=every)


def _until(done: Callable[[], bool], timeout: float, every: float, told: Callable[[], str]) -> None:
    end = time.monotonic() + timeout
    while not done():
        if time.monotonic() > end:
            raise TimedOut(told())
        time.sleep(every)  # the API tells no end by itself: it is asked again
