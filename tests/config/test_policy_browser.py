"""A real browser finds nothing on our pages that the content policy forbids."""

from typing import Any

import pytest

from tests.browser import log_in
from tests.config.site import Site

pytestmark = pytest.mark.browser
PAGES = (
    *("/", "/projects/shop/", "/projects/shop/samples/", "/projects/shop/review/", "/projects/shop/analyze/"),
    *("/projects/shop/imports/", "/projects/shop/labels/", "/projects/shop/runs/", "/projects/shop/benchmarks/"),
    *("/projects/shop/deployments/", "/projects/shop/traffic/", "/projects/shop/activity/", "/servers/", "/nowhere/"),
    *("/admin/", "/admin/labeling/project/", "/admin/labeling/project/add/", "/admin/labeling/sample/"),
)


def test_no_page_is_hindered_by_the_policy(browser: Any, shared_site: Site) -> None:
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda said: refused.append(f"{page.url}: {said.text}") if "Content" in said.text else None)
    log_in(page, shared_site.url, "ada")
    for path in PAGES:
        page.goto(f"{shared_site.url}{path}")
        page.wait_for_load_state("networkidle")
    page.goto(f"{shared_site.url}/api/v1/docs")
    page.wait_for_selector("[data-search]")
    assert refused == []
    # htmx keeps pages that it leaves in the browser's storage, customers' texts with them, unless it is told not to.
    page.goto(f"{shared_site.url}/")
    assert page.evaluate("() => [htmx.config.historyCacheSize, htmx.config.allowEval]") == [0, False]
    page.close()
