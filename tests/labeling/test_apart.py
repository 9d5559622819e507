"""Reasoning, fences and end marks: what is taken off, what is kept, and what is part of the answer."""

import pytest

from labeling.apart import Apart, take_apart, take_apart_text, unfenced

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("raw", "answer", "reasoning"),
    [
        ("<think>a</think>b", "b", "a"),
        ("  <THINK>a</THINK> b", " b", "a"),
        ("a</think>b", "b", "a"),
        ("<think>a</think><think>c</think>b", "b", "ac"),
        ("<think>a<think>b</think>c", "c", "ab"),
        ("<seed:think>a</seed:think>b", "b", "a"),
        ("◁think▷a◁/think▷b", "b", "a"),
        ("<|START_THINKING|>a<|END_THINKING|>b", "b", "a"),
        ("b <think>a</think>", "b <think>a</think>", ""),
        ("b", "b", ""),
    ],
)
def test_reasoning_before_an_answer(raw: str, answer: str, reasoning: str) -> None:
    parts = take_apart(raw)
    assert (parts.answer, parts.reasoning, parts.is_thinking) == (answer, reasoning, False)
    assert parts.taken == (("reasoning taken off",) if "think" in raw.lower() and raw[0] != "b" else ())


@pytest.mark.parametrize("raw", ["<think>a", "<think>a</think><think>b", "[THINK]a"])
def test_reasoning_that_never_ends(raw: str) -> None:
    parts = take_apart(raw)
    assert (parts.answer, parts.is_thinking) == ("", True)
    assert parts.reasoning
    assert parts.taken == ("reasoning taken off",)


def test_a_thought_after_one_that_ended_and_an_answer_stays() -> None:
    assert take_apart("<think>a</think>b<think>c</think>") == Apart(
        "b<think>c</think>", "a", ("reasoning taken off",), False
    )


@pytest.mark.parametrize(
    "mark", ["<|im_end|>", "</s>", "<eos>", "<end_of_turn>", "[|endofturn|]", "<｜end▁of▁sentence｜>", "[e~["]
)
def test_end_marks_are_taken_off_a_few_at_most(mark: str) -> None:
    assert take_apart(f"a{mark}") == Apart("a", "", ("end mark taken off",))
    assert take_apart(f"a{mark} {mark}\n").answer == "a"
    assert take_apart(f"{mark}a") == Apart(f"{mark}a")
    assert take_apart("a" + mark * 8).answer == "a"
    assert take_apart("a" + mark * 9).answer == f"a{mark}"


@pytest.mark.parametrize(
    ("raw", "of_json", "of_text"),
    [
        ("```json\n{}\n```", "{}\n", None),
        ("```\nHi\n```", "Hi\n", "Hi\n"),
        ("\n``` Text \r\nHi\n``` ", "Hi\n", "Hi\n"),
        ("```markdown\nHi```", "Hi", "Hi"),
        ("```\nHi\n```\n```\nyou\n```", "Hi\n```\n```\nyou\n", None),
        ("```\n```", "", ""),
        ("```\n``", None, None),
        ("```Hi```", None, None),
        ("a ```\nHi\n```", None, None),
    ],
)
def test_a_fence_around_the_whole(raw: str, of_json: str | None, of_text: str | None) -> None:
    for take, inside in ((take_apart, of_json), (take_apart_text, of_text)):
        parts = take(raw)
        assert parts.answer == (raw if inside is None else inside)
        assert parts.taken == (() if inside is None else ("fence taken off",))
    assert unfenced(raw) == (raw if of_text is None else of_text)
