"""What a failure is: it passes, it needs a person, or it comes again."""

import errno

import pytest

from training.engine.endings import code_of, has_lacked_memory, is_out_of_memory, sentence_of
from training.engine.errors import EngineError, Exit


def caused(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


class GatedRepoError(Exception):
    """As the hub's library names it."""


class HTTPStatusError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.response = type("Response", (), {"status_code": status})()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Exit.TRANSIENT),
        (OSError(errno.EIO, "Input/output error"), Exit.TRANSIENT),
        (ConnectionResetError("reset"), Exit.TRANSIENT),
        (HTTPStatusError(503), Exit.TRANSIENT),
        (HTTPStatusError(429), Exit.TRANSIENT),
        (RuntimeError("CUDA error: unknown error"), Exit.TRANSIENT),
        (caused(EngineError("The base cannot be loaded"), ConnectionError("no route")), Exit.TRANSIENT),
        (HTTPStatusError(401), Exit.PERSON),
        (GatedRepoError("ask for access"), Exit.PERSON),
        (EngineError("Free some memory.", Exit.PERSON), Exit.PERSON),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"), Exit.PERSON),
        (EngineError("max_length is 10", Exit.BAD_CONFIG), Exit.BAD_CONFIG),
        (RuntimeError("CUDA error: device-side assert triggered"), Exit.FAILED),
        (FileNotFoundError(errno.ENOENT, "No such file"), Exit.FAILED),
        (EngineError("The loss is no number any more"), Exit.FAILED),
        (KeyError("rotary_pct"), Exit.FAILED),
    ],
    ids=str,
)
def test_a_failure_is_known_by_its_kind(error: Exception, code: Exit) -> None:
    assert code_of(error) is code


def test_what_was_left_behind_on_purpose_decides_nothing() -> None:
    error = ValueError("the file is no model")
    error.__context__ = ConnectionError("no route")
    assert code_of(error) is Exit.TRANSIENT
    error.__suppress_context__ = True
    assert code_of(error) is Exit.FAILED


def test_memory_of_the_host_and_of_the_device() -> None:
    import torch

    for error in (
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory"),
    ):
        assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("shapes differ"))
    wrapped = ValueError("the exporter gave up")
    wrapped.__cause__ = MemoryError()
    assert has_lacked_memory(wrapped)
    assert not is_out_of_memory(wrapped)
    assert not has_lacked_memory(ValueError("shapes differ"))
    assert sentence_of(MemoryError()) == "MemoryError"
