"""What a move of the live version costs the clients: promotions and rollbacks under a steady load.

    make demo BASE=tiny               # in one terminal, or with OLLAMA_HOST=...; leave it up
    TOUCHSTONE_VAR=var/demo .venv/bin/python -m config.launcher run -- .venv/bin/python benchmarks/swap/swap.py

Half of the figures are ratios measured in the same run: during the moves against before them. README.md has the rest.
"""

import argparse
import json
import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import django
import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from demo.load import Client, Load, Moved, alias_client, answer_of, api_client, during, first_new, percentile, stale  # noqa: E402
from demo.swapping import swap_back_and_forth  # noqa: E402
from deployment.services.live import live_servers  # noqa: E402
from labeling.models import Project, Sample, Scope, User  # noqa: E402
from labeling.tokens import create_token  # noqa: E402

PROMPT = "Where is my parcel?"


def main() -> int:
    options = _options()
    project = Project.objects.get(key=options.project)
    admin = User.objects.filter(is_superuser=True, is_active=True).earliest("pk")
    loads = {"Touchstone's predict API": Load(_api_clients(project, admin, options), options.rate)}
    outside = _alias_clients(project)
    if outside:
        loads["the alias, from outside"] = Load(outside, options.rate)
    with ExitStack() as stack:
        for load in loads.values():
            stack.enter_context(load)
        time.sleep(options.before)
        # The load goes on while nothing moves: what comes after a pause is measured against it.
        moves = swap_back_and_forth(project, admin, options.moves, lambda: time.sleep(options.pause))
    wrong = 0
    print(f"{options.moves} moves of {project.key}, {options.rate:.0f} requests/s asked for on each door")
    milliseconds = [(move.ended - move.began) * 1000 for move in moves]
    print(
        f"a move, asked for to proven: median {statistics.median(milliseconds):.0f} ms, at most {max(milliseconds):.0f}"
    )
    for name, load in loads.items():
        wrong += _show(name, load, moves)
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--project", default="support-tags")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--moves", type=int, default=40)
    parser.add_argument("--rate", type=float, default=50.0, help="Requests per second.")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=1.0, help="Seconds after each move.")
    parser.add_argument("--before", type=float, default=10.0, help="Seconds of load before the first move.")
    return parser.parse_args()


def _api_clients(project: Project, admin: User, options: argparse.Namespace) -> list[Client]:
    _, secret = create_token(admin, "swap benchmark", [project], [Scope.PREDICT])
    texts = list(Sample.objects.filter(project=project).values_list("text", flat=True)[:200])
    url = f"{options.url}/api/v1/projects/{project.key}/predict"
    return [api_client(url, secret, texts[number:] or texts) for number in range(options.clients)]


def _alias_clients(project: Project) -> list[Client]:
    """Outside clients, where the server has aliases and the two versions can be told apart by their answers."""
    staged = live_servers(project)[0]
    if staged.server.kind != "ollama":
        return []
    tags = [version.server_tag for version in project.versions.order_by("-number")[:2]]
    with httpx.Client(base_url=staged.server.url, timeout=60) as http:
        versions = {answer_of(http, tag, PROMPT): tag.rpartition("/")[2] for tag in tags}
    if len(versions) < len(tags):
        print("The two versions answer the prompt alike, so the alias is left out.")
        return []
    return [alias_client(staged.server.url, project.key, PROMPT, versions) for _ in range(4)]


def _show(name: str, load: Load, moves: list[Moved]) -> int:
    before = [each.seconds for each in load.sent if each.ended < moves[0].began]
    moving = during(load.sent, moves)
    old = stale(load.sent, moves)
    figures = {share: (percentile(before, share), percentile(moving, share)) for share in (0.5, 0.99)}
    firsts = [seconds * 1000 for move in moves if (seconds := first_new(load.sent, move)) is not None]
    print(f"\n{name}: {len(load.sent)} requests, {len(load.failures)} failed, {load.retries} retries")
    late = [percentile([each.late for each in load.sent], share) * 1000 for share in (0.5, 0.99)]
    print(f"  sent after they were due: p50 {late[0]:.0f} ms, p99 {late[1]:.0f} ms")
    print(f"  answers by the old version to requests after the move: {len(old)}")
    print(f"  first new answer: median {statistics.median(firsts):.0f} ms after the move was asked for")
    for share, (calm, busy) in figures.items():
        print(
            f"  p{share * 100:.0f}: {calm * 1000:.0f} ms before, {busy * 1000:.0f} ms during, {busy / calm:.2f} times"
        )
    for failure in load.failures[:3]:
        print(f"  failed: {failure}")
    print("  " + json.dumps(dict(load.answers)))
    return len(load.failures) + len(old)


if __name__ == "__main__":
    sys.exit(main())
