"""An answer other than 200."""

JSON = "application/json; charset=utf-8"
# `create` and `pull` are streams inside, and `/v1` is translated: both say it without the charset.
PLAIN = "application/json"


class HTTPError(Exception):
    """Status, Ollama's error text, and the content type that goes with it."""

    def __init__(self, status: int, error: str, content_type: str = JSON) -> None:
        super().__init__(error)
        self.status, self.content_type = status, content_type


class NotShownError(HTTPError):
    """A request of which no transcript says how the real one answers."""

    def __init__(self, what: str) -> None:
        super().__init__(501, f"The stand-in knows no such exchange: no transcript shows {what}. Record it first.")
