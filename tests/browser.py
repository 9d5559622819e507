"""A real Chromium for browser tests, from wherever this machine has one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium(playwright: Any) -> str | None:
    """`CHROMIUM`, else a Chromium of the system, else Playwright's own; None where there is none."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, _NAMES), playwright.chromium.executable_path]
    return next((path for path in candidates if path and Path(path).exists()), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A running Chromium. Skips where none is found, except where `TOUCHSTONE_CI` says that there must be one.

    It ends with its file: its event loop stays in this thread, where `asyncio.run` of another file's test would fail.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            reason = "No Chromium found: set CHROMIUM, install chromium, or run `playwright install chromium`."
            if os.environ.get("TOUCHSTONE_CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        # Playwright runs an event loop in this thread, which Django takes for an asynchronous caller.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def log_in(page: Any, base_url: str, name: str, password: str = "pass-word-1") -> None:
    """Log in through the page, as a person does."""
    page.goto(f"{base_url}/login/")
    fill_log_in(page, name, password)
    page.wait_for_url(f"{base_url}/")


def fill_log_in(page: Any, name: str, password: str = "pass-word-1") -> None:
    """Log in on the log-in page that is open."""
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.click("text=Log in >> nth=-1")


def unfold(page: Any) -> None:
    """Open the navigation of a project where it is folded, as on a phone."""
    fold = page.locator(".projectnav summary")
    if fold.is_visible():
        fold.click()
