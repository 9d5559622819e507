"""The rule of the watch: worse beyond chance and tolerance, like with like, and nothing else is a complaint."""

import pytest

from common.stratified import Seen
from deployment.monitoring.comparison import ERROR, SIGNALS, Judgment, Limits, Use, complaints, judge, levels, unjudged

pytestmark = pytest.mark.pure


def seen(bad: int, of: int, stratum: str = "api") -> list[Seen]:
    """So many, the bad ones spread evenly."""
    return [(stratum, float((place + 1) * bad // of > place * bad // of)) for place in range(of)]


def took(ms: float, of: int, stratum: str = "api") -> list[Seen]:
    """So many answers, the slowest a tenth slower than the quickest."""
    return [(stratum, ms * (1 + place * 37 % of / of / 10)) for place in range(of)]


def of(name: str, now: list[Seen], before: list[Seen], limits: Limits | None = None) -> Judgment:
    """The judgment of one signal that alone has anything."""
    judged = judge(Use(**{name: now}), Use(**{name: before}), limits or Limits())
    return next(each for each in judged if each.name == name)


@pytest.mark.parametrize(
    ("name", "now", "before", "says"),
    [
        ("errors", seen(24, 80), seen(2, 100), "24 of 80 requests got no answer (30%; before, of the like, 2%)"),
        ("unreadable", seen(20, 40), seen(0, 60), "20 of 40 answers could not be read (50%; before, of the like, 0%)"),
        ("disliked", seen(26, 40), seen(3, 60), "26 of 40 thumbs were down (65%; before, of the like, 5%)"),
        ("confirmed", seen(45, 60), seen(60, 200), "15 of 60 proposals were confirmed by experts (25%; before, of the"),
        ("slower", took(900, 40), took(300, 200), "the slowest tenth of 40 answers took 979 ms or more, 3.0 times"),
    ],
)
def test_what_is_worse_is_said(name: str, now: list[Seen], before: list[Seen], says: str) -> None:
    judged = of(name, now, before)
    assert judged.worse
    assert judged.verdict == "worse"
    assert says in judged.sentence


@pytest.mark.parametrize(
    ("name", "now", "before"),
    [
        ("errors", seen(19, 19), seen(0, 100)),
        ("errors", seen(8, 160), seen(2, 100)),
        ("errors", seen(30, 80), seen(28, 80)),
        ("disliked", seen(3, 3), seen(0, 100)),
        ("confirmed", seen(59, 59), seen(0, 200)),
        ("slower", took(590, 160), took(300, 200)),
        ("slower", took(900, 40), took(300, 3)),
        ("unreadable", seen(20, 20), []),
    ],
)
def test_chance_small_numbers_and_nothing_before_are_no_complaint(
    name: str, now: list[Seen], before: list[Seen]
) -> None:
    assert not of(name, now, before).worse


def test_less_than_the_tolerance_is_no_complaint_however_sure_it_is() -> None:
    now, before = seen(51, 1_280), seen(0, 1_280)
    assert not of("errors", now, before).worse
    assert of("errors", now, before, Limits(tolerance=0.03)).worse


def test_both_sides_have_their_noise() -> None:
    """7 of 20 is sure to be more than a known 5 %; of 20 before with one bad it is not."""
    assert not of("errors", seen(7, 20), seen(1, 20)).worse
    assert of("errors", seen(7, 20), seen(20, 400)).worse


def test_another_mix_is_no_complaint_and_what_has_no_like_is_counted_apart() -> None:
    before = seen(2, 100, "short") + seen(50, 100, "long")
    now = [each for pair in zip(seen(1, 80, "short")[:20], seen(40, 80, "long")[:20], strict=True) for each in pair]
    now += seen(30, 60, "long")
    assert not of("unreadable", now, before).worse
    judged = of("unreadable", now + seen(20, 20, "queue"), before)
    assert not judged.worse
    assert (judged.count, judged.apart) == (100, 20)
    slow = took(100, 30, "short") + took(900, 170, "long")
    assert not of("slower", slow, took(100, 170, "short") + took(900, 30, "long")).worse


def test_it_is_looked_at_when_twice_as_many_are_in_and_never_between() -> None:
    """39 all bad after 20 good ones wait for the look at 40; what is bad at a look stays so."""
    before, now = seen(0, 400), seen(0, 20) + seen(25, 25)
    assert not of("errors", now[:39], before).worse
    assert of("errors", now[:40], before).sentence.startswith("20 of 40 requests")
    assert of("errors", now, before).sentence.startswith("20 of 40 requests")
    assert of("errors", seen(20, 20) + seen(0, 20), before).sentence.startswith("20 of 40 requests")


def test_the_looks_have_levels_that_never_add_up_to_more_than_the_error() -> None:
    assert sum(each.part for each in SIGNALS) == pytest.approx(1.0)
    assert sum(sum(levels(each.part, 60)) for each in SIGNALS) == pytest.approx(ERROR)
    assert levels(0.5, 2) == pytest.approx([0.0075, 0.001875])


def test_what_cannot_be_judged_says_so_with_its_numbers() -> None:
    few = of("confirmed", seen(6, 12), seen(20, 200))
    assert (few.judged, few.verdict) == (False, "not judged: 12 of 60")
    assert (few.count, few.needed, few.looked) == (12, 60, 0)
    apart = of("errors", seen(1, 30, "new"), seen(1, 30))
    assert apart.verdict == "not judged: 0 of 20, 30 more have nothing alike before"
    blunt = of("errors", seen(5, 20), seen(0, 1))
    assert blunt.verdict == "not judged: 20 of 20, but the 1 from before cannot show it; next at 40"
    assert not blunt.judged
    fine = of("errors", seen(1, 45), seen(2, 100))
    assert (fine.judged, fine.verdict) == (True, "not shown to be worse at 40; the next look is at 80")
    assert of("slower", took(300, 20), took(300, 200)).judged
    assert not of("slower", took(300, 20), took(300, 2)).judged


def test_the_words_of_the_whole() -> None:
    now, before = Use(seen(3, 12), unreadable=seen(40, 40)), Use(seen(3, 99), unreadable=seen(0, 40))
    judged = judge(now, before, Limits())
    assert [each.name for each in judged] == ["confirmed", "errors", "unreadable", "disliked", "slower"]
    assert complaints(judged) == ["40 of 40 answers could not be read (100%; before, of the like, 0%)"]
    assert unjudged(judged) == (
        "Not judged: proposals confirmed 12 of 60; requests without an answer 0 of 20; thumbs down 0 of 20; "
        "slowest tenth of the answers 0 of 20."
    )
    assert unjudged([judged[2]]) == ""
    assert judge(Use(), Use(), Limits())[0].value is None


def test_figures_are_of_the_like() -> None:
    judged = of("confirmed", seen(20, 40, "a"), seen(1, 10, "a") + seen(90, 90, "b"))
    assert (judged.value, judged.before) == (0.5, 0.9)
    slower = of("slower", [("a", 7.0)] * 20, [("a", 5.0)] * 30 + [("b", 900.0)] * 30)
    assert (slower.value, slower.before) == (7.0, 5.0)
