"""Memory of the web process after many requests to every page and endpoint.

    .venv/bin/python benchmarks/web/memory.py http://127.0.0.1:8000 --user admin --password ... --project support-tags

Wants a running Touchstone on this machine (`make demo KEEP=1`, `make serve`). Pages are found from the lists that lead
to them. Prints each answer that was no 200, and the resident memory of each web process before and after.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import httpx
import psutil

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


def main() -> int:
    options = _options()
    client = httpx.Client(base_url=options.url, timeout=60, follow_redirects=True)
    log_in(client, options.user, options.password)
    pages = list(dict.fromkeys(find_pages(client, options.project)))
    before, answers = web_processes(), Counter[tuple[str, int]]()
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
    asked = len(pages) + len(POSTS)
    print(f"{options.rounds} rounds over {asked} pages and endpoints; {sum(bad.values())} answers were no 200")
    for process, megabytes in web_processes().items():
        print(f"web process {process}: {before.get(process, 0):.0f} MB before, {megabytes:.0f} MB after")
    return bool(bad)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("url")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password", required=True)
    parser.add_argument("--project", default="support-tags")
    parser.add_argument("--rounds", type=int, default=100)
    return parser.parse_args()


def log_in(client: httpx.Client, user: str, password: str) -> None:
    """Log in through the page. `SystemExit` where that is refused."""
    form = {"username": user, "password": password, "next": "/"}
    form["csrfmiddlewaretoken"] = re.findall(r'csrfmiddlewaretoken" value="([^"]+)', client.get("/login/").text)[0]
    answer = client.post("/login/", data=form, headers={"Referer": str(client.base_url)})
    if "Log out" not in answer.text:
        raise SystemExit(f"{user} could not log in.")


def find_pages(client: httpx.Client, project: str) -> Iterator[str]:
    """Every list, the first rows behind each list, the admin's lists with their first rows, the API."""
    home = f"/projects/{project}/"
    yield from ("/", "/livez", "/readyz", "/api/v1/docs/", "/api/v1/schema/", "/admin/")
    for name in LISTS:
        yield home + name
        yield from details(client, home + name, home)
    yield "/api/v1/projects/"
    yield from (f"/api/v1/projects/{project}/{name}".rstrip("/") + ("" if name else "/") for name in API)
    for page in dict.fromkeys(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', client.get("/admin/").text)):
        yield page
        yield from details(client, page, page)


def details(client: httpx.Client, page: str, under: str) -> Iterator[str]:
    """The first few pages with an id that `page` links to."""
    links = re.findall(rf'href="({under}[a-z0-9/-]*[0-9][a-z0-9-]*/(?:change/)?)"', client.get(page).text)
    yield from islice(dict.fromkeys(links), DETAILS)


def web_processes() -> dict[int, float]:
    """Resident memory in MB of gunicorn's processes, by process id."""
    found = {}
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        if any("gunicorn" in word for word in process.info["cmdline"] or ()):
            found[process.pid] = process.info["memory_info"].rss / 1e6
    return found


if __name__ == "__main__":
    sys.exit(main())
