"""An installation of Touchstone, as its client sees it."""

from collections.abc import Iterator
from types import TracebackType
from typing import cast

from touchstone_client import shapes
from touchstone_client.project import Project
from touchstone_client.transport import Transport


class Touchstone:
    """Where to ask, and with which token. `api` is for every operation that has no method here."""

    def __init__(self, url: str, token: str, *, timeout: float = 60.0, tries: int = 4) -> None:
        """`url`: of the installation, such as `http://127.0.0.1:8000`. `timeout`: seconds of one try."""
        self.api = Transport(url, token, timeout=timeout, tries=tries)

    def project(self, key: str) -> Project:
        """A project by its key. Nothing is asked yet."""
        return Project(self.api, key)

    def projects(self) -> Iterator[shapes.Project]:
        """The projects that the token may read."""
        return self.api.pages("projects")

    def health(self) -> shapes.HealthResponse:
        """What is live in each project of the token, and where it can be asked just now."""
        return cast(shapes.HealthResponse, self.api.get("health"))

    def close(self) -> None:
        """End the connections."""
        self.api.close()

    def __enter__(self) -> "Touchstone":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
