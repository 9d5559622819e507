"""Answers that no model server gave: of a proxy in front of it, or of something else at its address.

Their pages of HTML reach nobody: a status says what to do in one sentence.
"""

from deployment.servers.drivers.errors import DriverError, RefusedError, SlowError, TransportError

_LONGEST = 200


def is_page(text: object) -> bool:
    """HTML, or XML: no model server answers so."""
    return isinstance(text, str) and text.lstrip("\ufeff \t\r\n").startswith("<")


def not_ours(what: str, title: str) -> str:
    """The sentence for an address at which something else answers; `title` is such as `an Ollama`."""
    return f"{what}: this address answers, but not as {title}. Check the address and the port in the server's row."


def stranger(what: str, status: int, text: object, title: str) -> DriverError | None:
    """The error that such an answer stands for; None where the model server itself may have given it."""
    page = is_page(text)
    said = "" if page or not isinstance(text, str) or not text.strip() else f" ({text.strip()[:_LONGEST]})"
    match status:
        case 413:
            return RefusedError(
                f"{what}: 413, the request is larger than the proxy in front of the server lets through{said}. Raise "
                "the proxy's limit of a body to the size of the model's file (nginx: client_max_body_size, 0 for none)."
            )
        case 401:
            return RefusedError(
                f"{what}: 401, it wants a key, or another one{said}. The server's row names the environment variable "
                "that holds it."
            )
        case 502:
            return TransportError(
                f"{what}: 502, the proxy in front of the server gets no answer from it{said}. Is the server running, "
                "and does the proxy know its port?"
            )
        case 504:
            return SlowError(
                f"{what}: 504, the proxy in front of the server waited too long for it{said}. Raise the proxy's limit "
                "(nginx: proxy_read_timeout), or see why the server is slow."
            )
    return _page(what, status, title) if page else None


def _page(what: str, status: int, title: str) -> DriverError:
    match status:
        case 403:
            return RefusedError(f"{what}: 403, a proxy in front of the server refuses us. Let it allow this host.")
        case 503:
            return TransportError(f"{what}: 503, the proxy in front of the server says that it is not ready.")
    if status >= 500:
        return TransportError(f"{what}: {status}, the proxy in front of the server failed. Its log says why.")
    return RefusedError(not_ours(f"{what}: {status}", title))
