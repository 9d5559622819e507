"""Which run of a round is the candidate: the rule alone, on invented answers."""

import random

import pytest

from training.candidates import FEWEST, Contender, cheapest, choose, sentence

pytestmark = pytest.mark.pure
ROWS = 120


def run(key, right, *, cost=1.0, ms=None, rows=ROWS, seed=1, obstacle=""):
    """A run that answers a share of the rows rightly."""
    chance = random.Random(seed)
    answered = {row: (float(chance.random() < right), 1.0, 1.0) for row in range(1, rows + 1)}
    return Contender(key, f"Method {key}", (cost,), ms, answered, obstacle)


def test_the_better_one_is_chosen_however_dear():
    verdict = choose([run("dear", 0.9, cost=4, seed=2), run("cheap", 0.5)], margin=0.01)
    assert (verdict["candidate"], verdict["best"], verdict["rows"]) == ("dear", "dear", ROWS)
    value, low, high = verdict["runs"]["cheap"]["behind"]
    assert 0.01 < low < value < high
    assert verdict["runs"]["dear"]["behind"] is None
    assert value == pytest.approx(verdict["runs"]["dear"]["figure"] - verdict["runs"]["cheap"]["figure"])


def test_of_equals_the_cheapest_is_chosen_and_the_same_rows_give_the_same_verdict():
    contenders = [run("dear", 0.72, cost=4, seed=3), run("cheap", 0.7)]
    verdict = choose(contenders, margin=0.01)
    assert (verdict["best"], verdict["candidate"]) == ("dear", "cheap")
    assert choose(contenders, margin=0.01) == verdict


def test_the_margin_says_how_much_better_a_dearer_one_must_be():
    contenders = [run("dear", 0.9, cost=4, seed=2), run("cheap", 0.5)]
    assert choose(contenders, margin=0.5)["candidate"] == "cheap"


def test_what_was_measured_goes_before_what_methods_say():
    assert cheapest([run("a", 1, cost=1, ms=80.0), run("b", 1, cost=4, ms=12.0)]).key == "b"
    assert cheapest([run("a", 1, cost=1), run("b", 1, cost=4, ms=12.0)]).key == "a"
    assert cheapest([run("a", 1), run("b", 1)]).key == "a"
    assert cheapest([run("a", 1, cost=4, ms=10.0), run("b", 1, cost=1, ms=11.9)]).key == "b", "as fast as makes no odds"
    assert cheapest([run("a", 1, cost=4, ms=10.0), run("b", 1, cost=1, ms=12.1)]).key == "a"


def test_only_rows_that_all_have_answered_count():
    short = run("short", 1.0, rows=40, cost=4)
    verdict = choose([short, run("cheap", 0.0)], margin=0.01)
    assert (verdict["rows"], verdict["candidate"]) == (40, "short")


def test_a_run_without_answers_gives_way_to_one_that_has_some():
    verdict = choose([run("mute", 1.0, rows=0, cost=1), run("told", 0.4, cost=4)], margin=0.01)
    assert (verdict["candidate"], verdict["runs"]["mute"]["figure"]) == ("told", None)
    assert sentence(verdict, {}) == "The method told alone has answered validation rows: it is the candidate."
    both = choose([run("dear", 1.0, rows=0, cost=4), run("cheap", 0.4, rows=0)], margin=0.01)
    assert (both["candidate"], both["best"], both["rows"]) == ("cheap", None, 0)
    assert sentence(both, {}) == (
        "No validation row was answered by all of them, so nothing says which one is better; the method cheap is the "
        "cheapest."
    )


def test_few_shared_rows_show_nothing_and_the_cheapest_is_taken():
    few = [run("dear", 1.0, cost=4, rows=FEWEST - 1), run("cheap", 0.0, rows=FEWEST - 1)]
    verdict = choose(few, margin=0.01)
    assert (verdict["candidate"], verdict["best"], verdict["runs"]["cheap"]["behind"]) == ("cheap", "dear", None)
    assert sentence(verdict, {}) == (
        "19 validation rows cannot show which one is better (that takes 20); the method cheap is the cheapest."
    )
    enough = [run("dear", 1.0, cost=4, rows=FEWEST), run("cheap", 0.0, rows=FEWEST)]
    assert choose(enough, margin=0.01)["candidate"] == "dear"


def test_only_what_cannot_serve_was_measured():
    kept_out = run("measured", 0.9, obstacle="box (Ollama) cannot serve it.")
    verdict = choose([kept_out, run("mute", 1.0, rows=0), run("dumb", 1.0, rows=0, cost=4)], margin=0.01)
    assert (verdict["candidate"], verdict["best"], verdict["runs"]["measured"]["behind"]) == ("mute", None, None)
    assert sentence(verdict, {}) == (
        "None that can serve has answered validation rows, so nothing says which one is better; the method mute is the "
        "cheapest of those that can serve. The method measured is no candidate: box (Ollama) cannot serve it."
    )


def test_where_none_can_serve_the_candidate_is_not_said_to_be_none():
    kept_out = [run(key, 0.5, obstacle="box (Ollama) cannot serve it.") for key in ("a", "b")]
    assert "The method a cannot serve as things are: box" in sentence(choose(kept_out, margin=0.01), {})


def test_what_no_server_serves_is_shown_and_not_chosen():
    kept_out = run("best", 0.95, obstacle="box (Ollama) cannot serve it.", seed=2)
    verdict = choose([kept_out, run("other", 0.5, cost=4)], margin=0.01)
    assert verdict["candidate"] == "other"
    assert verdict["runs"]["best"]["behind"][0] < 0
    said = sentence(verdict, {})
    assert "The method other is" in said
    assert "points worse than the method best" in said
    assert said.endswith("The method best is no candidate: box (Ollama) cannot serve it.")
    assert choose([kept_out], margin=0.01)["candidate"] == "best"


def test_the_sentence_says_by_how_much_how_fast_and_which_is_the_cheapest():
    verdict = choose([run("head", 0.9, seed=2), run("model", 0.5, cost=4)], margin=0.01)
    value, low, high = (100 * each for each in verdict["runs"]["model"]["behind"])
    assert sentence(verdict, {"head": 12.3, "model": 800.0}) == (
        f"The method head is {value:.1f} points better than the method model (95 % interval {low:.1f} to {high:.1f}, "
        f"120 validation rows) and answers in 12 ms instead of 800; the cheapest version within the margin of 1 point "
        "is the method head."
    )
    assert "ms" not in sentence(verdict, {"head": 12.3})
    same = choose([run("a", 0.5), run("b", 0.5, cost=4)], margin=0.005)
    assert sentence(same, {}).startswith("The method a is as good as the method b (95 % interval 0.0 to 0.0")
    assert sentence(same, {}).endswith("within the margin of 0.5 points is the method a.")
    assert sentence({}, {}) == ""
    assert sentence(choose([run("a", 0.5)], 0.01), {}) == "The method a alone succeeded: it is the candidate."
