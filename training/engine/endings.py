"""What a failure is: one that may pass by itself, one that needs a person, or one that comes again. No torch here."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from training.engine.errors import EngineError, Exit
from training.engine.events import EventLog

# Disks that are full or away for a while.
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ETIMEDOUT}
# By the names of their classes, so that nothing heavy is loaded to ask.
_HUB_AWAY = {
    *("ConnectionError", "ConnectTimeout", "ConnectError", "ReadTimeout", "ReadError", "Timeout", "TimeoutException"),
    *("ProxyError", "ChunkedEncodingError", "RemoteProtocolError", "LocalEntryNotFoundError", "FileMetadataError"),
}
_HUB_REFUSES = {"GatedRepoError", "RepositoryNotFoundError", "RevisionNotFoundError", "DisabledRepoError"}
_PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}
_DRIVER = (
    "CUDA error",
    "CUDA driver",
    "cuda runtime error",
    "CUBLAS_STATUS",
    "CUDNN_STATUS",
    "NCCL error",
    "HIP error",
)
_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "not enough memory",
    "Failed to allocate memory",
)


def code_of(error: BaseException) -> Exit:
    """The exit code of a failure; the first of its causes that is known decides."""
    for each in _causes(error):
        if isinstance(each, EngineError) and each.code is not Exit.FAILED:
            return each.code
        known = _known(each)
        if known is not None:
            return known
    return Exit.FAILED


@contextmanager
def told(events: EventLog) -> Iterator[None]:
    """Any failure at all belongs into the run's story before it ends the process; it is raised as an `EngineError`."""
    try:
        yield
    except Exception as error:  # whatever it is: a run never ends without a word
        code, said = code_of(error), sentence_of(error)
        events.emit("failed", error=said, error_type=type(error).__name__, ending=code.name.lower())
        if isinstance(error, EngineError) and error.code is code:
            raise
        raise EngineError(said, code) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device, or the host, had no memory left for what was asked."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    # onnxruntime's errors are no RuntimeErrors.
    may = isinstance(error, RuntimeError) or type(error).__module__.startswith("onnxruntime")
    return may and any(words in str(error) for words in _MEMORY)


def has_lacked_memory(error: BaseException) -> bool:
    """Whether it, or a cause of it, is that no memory was left: libraries wrap such errors in their own."""
    return any(is_out_of_memory(each) for each in _causes(error))


def may_lie_in_files(error: BaseException) -> bool:
    """Whether damaged files may be the reason: neither memory nor driver, nor what was refused on purpose."""
    return not isinstance(error, EngineError) and code_of(error) is Exit.FAILED


def sentence_of(error: BaseException) -> str:
    """What to tell people: the text of the error, or its name where it has none."""
    return str(error).strip() or type(error).__name__


def _known(error: BaseException) -> Exit | None:
    if is_out_of_memory(error):
        return Exit.PERSON
    names = {each.__name__ for each in type(error).__mro__}
    if names & _HUB_REFUSES:
        return Exit.PERSON
    if names & _HUB_AWAY:
        return Exit.TRANSIENT
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return Exit.TRANSIENT if status in _PASSING_STATUS else Exit.PERSON
    if isinstance(error, OSError) and error.errno in _DISK:
        return Exit.TRANSIENT
    if isinstance(error, RuntimeError) and any(words in str(error) for words in _DRIVER):
        # An assertion of a kernel is about the data: it comes again.
        return None if "device-side assert" in str(error) else Exit.TRANSIENT
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
