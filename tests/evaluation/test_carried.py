"""A suite that grew costs what is new: what the same staged version answered before is taken, and scored anew."""

import pytest

from deployment.servers.drivers import PromptTooLongError
from evaluation.models import CaseResult
from evaluation.services import freeze_suite, run_benchmark, start_benchmark
from labeling.models import GoldenSample
from tests.evaluation.worlds import Models, make_golden, make_standing, make_world, right, text_of, truth_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world(cases=8)


def judged(staged):
    return run_benchmark(start_benchmark(staged, freeze_suite(staged.version.project)).pk)


def test_only_the_new_cases_of_a_grown_suite_are_asked(world, models):
    staged = make_standing(world, 1)
    judged(staged)
    for number in (8, 9, 10):
        make_golden(world, text_of(number))
    again = judged(staged)
    assert (again.done, again.metrics["asked"], again.metrics["exact"]) == (11, 3, 1.0)
    assert sorted(models.texts_of(1)) == sorted(map(text_of, range(11)))


def test_another_version_is_asked_all_of_them(world, models):
    judged(make_standing(world, 1))
    assert judged(make_standing(world, 2)).metrics["asked"] == 8


def test_an_answer_that_is_taken_is_scored_by_what_is_right_today(world, models):
    staged = make_standing(world, 1)
    assert judged(staged).metrics["exact"] == 1.0
    GoldenSample.objects.filter(sample__text=text_of(3)).update(answer=truth_of(text_of(4)))
    again = judged(staged)
    assert (again.metrics["asked"], again.metrics["exact"]) == (0, 7 / 8)
    assert not CaseResult.objects.get(benchmark=again, case__text=text_of(3)).exact


def test_a_text_that_was_refused_is_put_to_the_server_again(world, models: Models):
    def refuses(text: str) -> str:
        if text == text_of(5):
            raise PromptTooLongError("too long")
        return right(text)

    staged = make_standing(world, 1)
    models.answer(1, refuses)
    assert judged(staged).metrics["psr"] == 7 / 8
    make_golden(world, text_of(8))
    models.answer(1, right)
    again = judged(staged)
    assert (again.metrics["asked"], again.metrics["psr"]) == (2, 1.0)
