"""Requests that a live server still answers when a test ends: tables are emptied behind them."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, current_thread, get_ident, main_thread
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.test import TransactionTestCase

# A browser that is closed leaves requests half-way; they end by themselves.
PATIENCE = 10


@contextmanager
def ended_before_tables_are_emptied() -> Iterator[None]:
    """Emptying all tables beside a request is a deadlock, which PostgreSQL ends by failing one of both."""
    running: set[int] = set()
    change = Condition()
    empty_tables = TransactionTestCase._fixture_teardown

    def begun(**_: Any) -> None:
        if current_thread() is not main_thread():  # the test's own client asks in the main thread
            with change:
                running.add(get_ident())

    def ended(**_: Any) -> None:
        with change:
            running.discard(get_ident())
            change.notify_all()

    def teardown(case: TransactionTestCase) -> None:
        with change:
            assert change.wait_for(lambda: not running, timeout=PATIENCE), "a request outlives its test"
        empty_tables(case)

    request_started.connect(begun)
    request_finished.connect(ended)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield
    request_started.disconnect(begun)
    request_finished.disconnect(ended)
