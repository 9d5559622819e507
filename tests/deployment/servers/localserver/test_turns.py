"""Who computes when: one model at a time, its slots at once, and nobody waits for ever."""

import asyncio
import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployment.servers.localserver import turns as module
from deployment.servers.localserver.turns import BusyError, Turns


def play(requests, *, slots=2, quantum=8, seconds=60.0):
    """Run `(tag, start, length)` requests through turns; the tags at work at every start, in order."""
    log, at_work = [], Counter()

    async def one(turns, tag, start, length):
        await asyncio.sleep(start)
        async with turns.turn(tag, slots):
            at_work[tag] += 1
            log.append((tag, dict(at_work)))
            await asyncio.sleep(length)
            at_work[tag] -= 1

    async def all_of_them():
        turns = Turns(quantum, seconds)
        await asyncio.gather(*(one(turns, *request) for request in requests))
        assert turns.in_flight == 0

    asyncio.run(all_of_them())
    return log


def switches(log):
    return sum(before[0] != after[0] for before, after in itertools.pairwise(log))


def test_one_model_at_a_time_and_its_slots_at_most():
    log = play([(tag, 0, 0.001) for tag in "abc" for _ in range(20)])
    assert len(log) == 60
    for tag, at_work in log:
        assert {name for name, count in at_work.items() if count} == {tag}
        assert at_work[tag] <= 2


def test_turns_pass_after_the_quantum_so_nobody_starves():
    log = play([("a", 0, 0.001)] * 40 + [("b", 0.0005, 0.001)] * 4, quantum=8)
    first_b = [tag for tag, _ in log].index("b")
    assert first_b <= 8
    assert switches(log) == 2


def test_alone_a_model_keeps_the_turn():
    assert switches(play([("a", 0, 0.001)] * 40)) == 0


def test_slow_answers_pass_the_turn_by_time():
    log = play([("a", 0, 0.03)] * 12 + [("b", 0.001, 0.001)], slots=2, quantum=100, seconds=0.01)
    assert [tag for tag, _ in log].index("b") == 2


def test_three_models_go_round():
    log = play([(tag, 0, 0.001) for tag in "abc" for _ in range(6)], quantum=2)
    order = [tag for tag, _ in log][::2]
    assert order == ["a", "b", "c"] * 3


def test_a_request_that_was_given_up_holds_no_place():
    async def scene():
        turns = Turns()
        async with turns.turn("a", 1):
            waiting = [asyncio.create_task(_pass_through(turns, tag)) for tag in "ab"]
            await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert turns.in_flight == 0
        await asyncio.wait_for(_pass_through(turns, "b"), 1)

    asyncio.run(scene())


def test_given_up_at_the_moment_of_admission():
    async def scene():
        turns = Turns()
        async with turns.turn("a", 1):
            waiting = asyncio.create_task(_pass_through(turns, "a"))
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert turns.in_flight == 0
        await asyncio.wait_for(_pass_through(turns, "b"), 1)

    asyncio.run(scene())


def test_the_line_has_an_end(monkeypatch):
    monkeypatch.setattr(module, "MAX_WAITING", 2)

    async def scene():
        turns = Turns()
        async with turns.turn("a", 1):
            waiting = [asyncio.create_task(_pass_through(turns, "a")) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(BusyError, match="2 requests wait"):
                await _pass_through(turns, "a")
            await asyncio.wait_for(_pass_through_soon(turns, "b"), 1)
        await asyncio.gather(*waiting)

    asyncio.run(scene())


async def _pass_through(turns, tag):
    async with turns.turn(tag, 1):
        pass


async def _pass_through_soon(turns, tag):
    """Another model's line is its own; it only may not compute yet."""
    task = asyncio.create_task(_pass_through(turns, tag))
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_two_real_models_at_once_both_get_on(front, tiny_ggufs):
    tags = [front.create(gguf, slots=2) for gguf in tiny_ggufs]
    for tag in tags:
        front.post("/models/load", tag=tag)
    done = []

    def one(number):
        tag = tags[number % 2]
        front.ask(tag, f"Text {number}", max_tokens=60)
        done.append(tag)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(80)))
    half = Counter(done[:40])
    assert min(half[tag] for tag in tags) >= 8
