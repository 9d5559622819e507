"""What can go wrong between us and a server, and the one retry that all drivers share."""

from tenacity import retry, retry_if_exception, stop_after_attempt, wait_fixed

from common.text import storable


class DriverError(Exception):
    """The server could not do it; the message says what it answered, as it can be kept, and what to do."""

    def __init__(self, *said: object) -> None:
        super().__init__(*(storable(each) if isinstance(each, str) else each for each in said))


class TransportError(DriverError):
    """No answer, an unreadable one, or a 5xx: another try may succeed."""


class SlowError(TransportError):
    """No answer in time. Asking at once again would only add to the load."""


class CrowdedError(DriverError):
    """Nobody was asked: as many requests as may wait for model servers are waiting. No server is at fault."""


class ModelBrokenError(DriverError):
    """The server has the tag, and cannot load the model behind it: its file is gone or damaged. No text is at fault."""


class UnreadableError(TransportError, ModelBrokenError):
    """The server has a manifest of this name that it cannot read: just being written, or left so by a kill."""


class RefusedError(DriverError):
    """The server understood and refused (a 4xx): another try will not help."""


class AddressRefusedError(RefusedError):
    """The server's address leads where nothing is called, or elsewhere: whoever keeps its row has to mend that."""


class NotThereError(RefusedError):
    """The server has no model of this tag."""


class PromptTooLongError(RefusedError):
    """The prompt has more tokens than the context holds; the counts are the server's own, None where it says none."""

    def __init__(self, tokens: int | None = None, context: int | None = None) -> None:
        counts = "more tokens than the model's context holds"
        if tokens is not None and context is not None:
            counts = f"{tokens} tokens, and the model's context holds {context}"
        super().__init__(f"The prompt has {counts}. Shorten the text, or serve a version with a larger num_ctx.")
        self.tokens, self.context = tokens, context


def worth_another_try(error: BaseException) -> bool:
    """Whether the same call may succeed in a moment."""
    return isinstance(error, TransportError) and not isinstance(error, SlowError)


# A tag's manifest is written in two steps (a reader in between gets a 500 or half a file), and a runner may just have
# been started again: one more try, 50 ms later, suffices for both.
once_more = retry(
    retry=retry_if_exception(worth_another_try), stop=stop_after_attempt(2), wait=wait_fixed(0.05), reraise=True
)
