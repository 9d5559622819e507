"""Each way in each round: requests and tokens per second of both models together, the slower one's share, latency.

"To turns" is the speed relative to turns in the same round; every figure is the median over the rounds.
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

from benchmarks.report import Figure, Result
from deployment.servers.localserver.process import Runner, start_runner
from deployment.servers.localserver.registry import Entry
from deployment.servers.localserver.turns import Turns

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


async def ask_both(way: Way, ggufs: list[Path], cores: int, seconds: float) -> Tally:
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


def demo_models() -> list[Path]:
    """The two newest models of the demo that was played."""
    from django.conf import settings

    files = sorted(settings.ARTIFACTS_DIR.rglob("*.gguf"), key=lambda path: path.stat().st_mtime)
    return files[-2:]


def measure(options: argparse.Namespace) -> Result:
    """Every way in every round, in an order that alternates."""
    ggufs = options.gguf or demo_models()
    found: dict[Way, list[Tally]] = {way: [] for way in WAYS}
    for number in range(options.rounds):
        for way in WAYS if number % 2 == 0 else WAYS[::-1]:
            found[way].append(asyncio.run(ask_both(way, ggufs, options.cores, options.seconds)))
            print(f"round {number + 1}: {way.name}: {found[way][-1].requests:.2f} requests/s", file=sys.stderr)
    return Result({way.name: _medians(tallies, found[WAYS[0]]) for way, tallies in found.items()})


def _medians(tallies: list[Tally], turns: list[Tally]) -> dict[str, Figure]:
    every = {
        "requests/s": [each.requests for each in tallies],
        "tokens/s": [each.tokens / each.seconds for each in tallies],
        "slower model's share": [each.fairness for each in tallies],
        "p95 s": [each.p95 for each in tallies],
        "to turns": [each.requests / base.requests for each, base in zip(tallies, turns, strict=True) if base.requests],
    }
    return {name: round(statistics.median(values), 3) if values else None for name, values in every.items()}
