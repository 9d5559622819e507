"""Requests to the API and to every page, found from the lists that lead there; the web's memory around them."""

import argparse
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import httpx
import psutil

from benchmarks.report import Result

LISTS = (
    "",
    "review/",
    "samples/",
    "imports/",
    "analyze/",
    "runs/",
    "snapshots/",
    "benchmarks/",
    "deployments/",
    "members/",
)
API = ("", "samples", "feedback", "versions", "runs", "snapshots", "benchmarks", "gate-reports", "deployments")
POSTS = {
    "predict": {"text": "Where is my parcel?"},
    "batch_predict": {"texts": ["Where is my parcel?", "I was charged twice."]},
}
DETAILS = 2


def measure(options: argparse.Namespace) -> Result:
    """So many rounds over everything; each answer that is no 200 is told and wrong."""
    url = options.url or os.environ["TOUCHSTONE_URL"]
    client = httpx.Client(base_url=url, timeout=60, follow_redirects=True)
    log_in(client, *((options.user, options.password) if options.url else make_admin()))
    pages = list(dict.fromkeys(find_pages(client, options.project)))
    before, answers = web_processes(client.base_url.port), Counter[tuple[str, int]]()
    for _ in range(options.rounds):
        for page in pages:
            answers[page, client.get(page).status_code] += 1
        for name, body in POSTS.items():
            token = {"X-CSRFToken": client.cookies["csrftoken"], "Referer": str(client.base_url)}
            answer = client.post(f"/api/v1/projects/{options.project}/{name}", json=body, headers=token)
            answers[name, answer.status_code] += 1
    bad = {asked: count for asked, count in answers.items() if asked[1] != httpx.codes.OK}
    for (page, status), count in sorted(bad.items()):
        print(f"{status} x {count}: {page}")
    wrong = sum(bad.values())
    asked = {
        "rounds": options.rounds,
        "pages and endpoints": len(pages) + len(POSTS),
        "answers but 200": wrong,
    }
    after = web_processes(client.base_url.port)
    processes = {
        f"web process {number}": {"MB before": before.get(pid, 0.0), "MB after": megabytes}
        for number, (pid, megabytes) in enumerate(sorted(after.items()), 1)
    }
    return Result({"requests": asked, **processes}, wrong)


def make_admin() -> tuple[str, str]:
    """Somebody who may see everything, in the project that the benchmark has started."""
    from labeling.models import User

    password = secrets.token_hex(8)
    User.objects.create_superuser("benchmark", password=password)
    return "benchmark", password


def log_in(client: httpx.Client, user: str, password: str) -> None:
    """Log in through the page. `SystemExit` where that is refused."""
    form = {"login": user, "password": password, "next": "/"}
    form["csrfmiddlewaretoken"] = re.findall(r'csrfmiddlewaretoken" value="([^"]+)', client.get("/login/").text)[0]
    answer = client.post("/login/", data=form, headers={"Referer": str(client.base_url)})
    if "Log out" not in answer.text:
        raise SystemExit(f"{user} could not log in.")


def find_pages(client: httpx.Client, project: str) -> Iterator[str]:
    """Every list, the first rows behind each list, the admin's lists with their first rows, the API."""
    home = f"/projects/{project}/"
    yield from ("/", "/livez", "/readyz", "/api/v1/docs", "/api/v1/schema", "/admin/")
    for name in LISTS:
        yield home + name
        yield from details(client, home + name, home)
    yield "/api/v1/projects"
    yield from (f"/api/v1/projects/{project}/{name}".rstrip("/") for name in API)
    for page in dict.fromkeys(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', client.get("/admin/").text)):
        yield page
        yield from details(client, page, page)


def details(client: httpx.Client, page: str, under: str) -> Iterator[str]:
    """The first few pages with an id that `page` links to."""
    links = re.findall(rf'href="({under}[a-z0-9/-]*[0-9][a-z0-9-]*/(?:change/)?)"', client.get(page).text)
    yield from islice(dict.fromkeys(links), DETAILS)


def web_processes(port: int | None) -> dict[int, float]:
    """Resident memory in MB of the gunicorn processes on `port`, by process id."""
    found = {}
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        words = process.info["cmdline"] or ()
        if any("gunicorn" in word for word in words) and any(word.endswith(f":{port or 80}") for word in words):
            found[process.pid] = round(process.info["memory_info"].rss / 1e6, 1)
    return found
