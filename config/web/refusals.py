"""What a client is told whose request is refused before Django sees it."""

import json

from waitress.utilities import Error


class TooLarge(Error):  # type: ignore[misc]  # waitress has no types
    """413 with the limit: a problem for programs, a sentence for people."""

    code = 413
    reason = "Content Too Large"

    def __init__(self, limit: int, path: str) -> None:
        super().__init__(f"At most {limit:,} bytes are taken here. Send less, or in several requests.")
        self._problem = "/api/" in path

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status line, headers and body."""
        body, kind = self.body, "text/plain; charset=utf-8"
        if self._problem:
            problem = {"type": "about:blank", "title": self.reason, "status": self.code, "detail": self.body}
            body, kind = json.dumps(problem), "application/problem+json"
        headers = [("Content-Type", kind), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
        return f"{self.code} {self.reason}", headers, body.encode()
