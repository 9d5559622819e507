"""Two models asked at the same time: turns, all threads at once, divided threads; asleep or spinning while they wait.

    python benchmarks/localserver/turns.py --gguf A.gguf --gguf B.gguf [--seconds 10] [--rounds 3]

Prints one line per way: requests and tokens per second of both models together, the share of the slower one, the
95th percentile of latency, and the speed relative to turns in the same round (median over the rounds).
"""

import argparse
import asyncio
import hashlib
import os
import statistics
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deployment.localserver.process import Runner, start_runner
from deployment.localserver.registry import Entry
from deployment.localserver.turns import Turns

SYSTEM = "Tag the customer's message with one or more of: billing, delivery, praise, defect, refund. Answer with JSON."
TEXTS = [
    "My parcel has not arrived and nobody picks up the phone.",
    "You charged me twice for the same tent, please pay one back.",
    "Lovely boots, they survived a week in the mud!",
    "The zip broke on the second day. I want my money back or a new one.",
]
CLIENTS, SLOTS, TOKENS = 4, 4, 24


@dataclass(frozen=True)
class Way:
    """How two models share the cores. `share`: each child's threads are the cores divided by this.

    `wait` is OpenMP's policy; an empty one means its own default, which spins.
    """

    name: str
    turns: bool
    share: int
    wait: str


WAYS = (
    Way("turns, all cores each, asleep", True, 1, "passive"),
    Way("no turns, all cores each, asleep", False, 1, "passive"),
    Way("no turns, cores divided, asleep", False, 2, "passive"),
    Way("turns, all cores each, spinning", True, 1, ""),
    Way("no turns, all cores each, spinning", False, 1, ""),
    Way("no turns, cores divided, spinning", False, 2, ""),
)


@dataclass
class Tally:
    """What came back in one round."""

    seconds: float = 0.0
    tokens: int = 0
    latencies: dict[str, list[float]] = field(default_factory=dict)

    @property
    def requests(self) -> float:
        return sum(map(len, self.latencies.values())) / self.seconds

    @property
    def fairness(self) -> float:
        counts = [len(each) for each in self.latencies.values()]
        return min(counts) / sum(counts) if sum(counts) else 0.0

    @property
    def p95(self) -> float:
        every = sorted(value for each in self.latencies.values() for value in each)
        return every[int(len(every) * 0.95)] if every else float("nan")


async def measure(way: Way, ggufs: list[Path], cores: int, seconds: float) -> Tally:
    """Ask both models for so many seconds, each with its own clients."""
    os.environ["OMP_WAIT_POLICY"] = way.wait
    threads = max(1, cores // way.share)
    runners = [await start_runner(entry_of(gguf, index), threads) for index, gguf in enumerate(ggufs)]
    tally, turns = Tally(latencies={runner.entry.tag: [] for runner in runners}), Turns() if way.turns else None
    tasks: list[asyncio.Task[None]] = []
    try:
        started = time.perf_counter()
        clients = [client(runner, turns, tally, number) for runner in runners for number in range(CLIENTS)]
        tasks = [asyncio.create_task(each) for each in clients]
        await asyncio.wait(tasks, timeout=seconds)
        tally.seconds = time.perf_counter() - started
    finally:
        for task in tasks:
            task.cancel()
        for runner in runners:
            runner.process.kill()
            await runner.end()
    return tally


async def client(runner: Runner, turns: Turns | None, tally: Tally, number: int) -> None:
    """One client, one request after the other, until it is cancelled."""
    tag = runner.entry.tag
    while True:
        number += 1
        asked = {"role": "user", "content": f"{TEXTS[number % len(TEXTS)]} ({number})"}
        body = {"messages": [{"role": "system", "content": SYSTEM}, asked], "temperature": 0, "max_tokens": TOKENS}
        began = time.perf_counter()
        async with turns.turn(tag, SLOTS) if turns else nullcontext():
            answer = (await runner.http.post("/v1/chat/completions", json=body)).raise_for_status().json()
        tally.latencies[tag].append(time.perf_counter() - began)
        tally.tokens += answer["usage"]["completion_tokens"]


def entry_of(gguf: Path, index: int) -> Entry:
    digest = hashlib.sha256(gguf.read_bytes()).hexdigest()
    return Entry(f"model-{index}", str(gguf), digest, gguf.stat().st_size, 512, SLOTS, "")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gguf", type=Path, action="append", required=True, help="give it twice")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    found: dict[Way, list[Tally]] = {way: [] for way in WAYS}
    for number in range(options.rounds):
        for way in WAYS if number % 2 == 0 else WAYS[::-1]:
            found[way].append(await measure(way, options.gguf, options.cores, options.seconds))
            print(f"round {number + 1}: {way.name}: {found[way][-1].requests:.2f} requests/s", file=sys.stderr)
    print("| way | requests/s | tokens/s | slower model's share | p95 s | to turns |\n|---|---|---|---|---|---|")
    for way, tallies in found.items():
        ratios = [each.requests / base.requests for each, base in zip(tallies, found[WAYS[0]], strict=True)]
        figures = [
            f"{statistics.median(each.requests for each in tallies):.2f}",
            f"{statistics.median(each.tokens / each.seconds for each in tallies):.0f}",
            f"{statistics.median(each.fairness for each in tallies):.0%}",
            f"{statistics.median(each.p95 for each in tallies):.2f}",
            f"{statistics.median(ratios):.2f}",
        ]
        print("| " + " | ".join([way.name, *figures]) + " |")


if __name__ == "__main__":
    asyncio.run(main())
