"""Labels are renamed, re-cased, reordered and merged, and no approved answer is lost on the way."""

import pytest

from common.problems import ProblemError
from labeling import services
from labeling.answers import parse
from labeling.services.fitting import answers_left_out, carried, label_usage, samples_left_out
from tests.factories import SYSTEM, acting, make_expert, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def paint():
    """Six approved answers in three colours."""
    project = make_project("paint", labels=("red", "green", "blue"))
    ana = make_expert(project, "ana")
    for labels in (["red"], ["green"], ["blue"], ["red", "green"], ["red", "blue"], ["red", "green", "blue"]):
        services.decide(acting(ana), make_sample(project), {"labels": labels})
    return project


def answers_of(project):
    asked = project.spec.to_spec()
    golden = project.golden_samples.current().order_by("id").select_related("spec")
    return [carried(row.spec, row.answer, asked) for row in golden]


def test_recased_renamed_and_reordered_labels_lose_nothing(paint):
    services.replace_labels(SYSTEM, paint, ["Red", "green", "blue"])
    services.change_label(SYSTEM, paint.labels.get(name="Red"), name="crimson")
    services.replace_labels(SYSTEM, paint, ["blue", "crimson", "green"])
    assert answers_left_out(paint) == {}
    assert answers_of(paint)[0] == {"labels": ["crimson"]}
    assert answers_of(paint)[5] == {"labels": ["blue", "crimson", "green"]}


def test_two_labels_can_change_names_at_once(paint):
    red, green = paint.labels.get(name="red"), paint.labels.get(name="green")
    swapped = [services.NewLabel("green", uid=red.uid), services.NewLabel("red", uid=green.uid), "blue"]
    services.replace_labels(SYSTEM, paint, swapped)
    assert answers_of(paint)[:2] == [{"labels": ["green"]}, {"labels": ["red"]}]


def test_merged_labels_become_one_in_every_answer(paint):
    services.merge_label(SYSTEM, paint.labels.get(name="red"), paint.labels.get(name="green"))
    services.merge_label(SYSTEM, paint.labels.get(name="green"), paint.labels.get(name="blue"))
    assert answers_of(paint) == [{"labels": ["blue"]}] * 6
    assert label_usage(paint) == {"blue": 6}


def test_a_name_of_a_merged_label_used_anew_is_another_label(paint):
    services.merge_label(SYSTEM, paint.labels.get(name="red"), paint.labels.get(name="green"))
    services.replace_labels(SYSTEM, paint, ["red", "green", "blue"])
    assert label_usage(paint) == {"green": 5, "blue": 3}


def test_a_label_in_use_goes_only_with_a_word_and_comes_back_with_its_answers(paint):
    with pytest.raises(services.AnswersLostError, match="4 approved answers would no longer count") as refused:
        services.replace_labels(SYSTEM, paint, ["green", "blue"])
    assert refused.value.lost == {"the label 'red' was removed": 4}
    assert paint.labels.count() == 3
    services.replace_labels(SYSTEM, paint, ["green", "blue"], leave_out=True)
    assert answers_left_out(paint) == {"the label 'red' was removed": 4}
    assert samples_left_out(paint).count() == 4
    services.replace_labels(SYSTEM, paint, ["green", "blue", "red"])
    assert answers_left_out(paint) == {}


def test_a_lower_limit_goes_only_with_a_word(paint):
    with pytest.raises(services.AnswersLostError, match=r"it has more than 2 labels \(1\)"):
        services.update_project(SYSTEM, paint, max_labels=2)
    services.update_project(SYSTEM, paint, max_labels=2, leave_out=True)
    assert answers_left_out(paint) == {"it has more than 2 labels": 1}
    # What is left out already does not stand in the way of the next change.
    services.change_label(SYSTEM, paint.labels.get(name="red"), name="crimson")


def test_one_label_projects_carry_their_answers_too():
    project = make_project(kind="single_label", labels=("late", "lost"))
    ana = make_expert(project, "ana")
    services.decide(acting(ana), make_sample(project), {"label": "late"})
    services.merge_label(SYSTEM, project.labels.get(name="late"), project.labels.get(name="lost"))
    assert answers_of(project) == [{"label": "lost"}]


def test_a_proposal_made_under_the_old_name_is_confirmed_under_the_new_one(paint):
    sample, raw = make_sample(paint), '{"labels": ["red"]}'
    spec = paint.spec
    prediction = services.record_prediction(
        SYSTEM,
        paint,
        spec=spec,
        model_tag="paint:v1",
        raw=raw,
        parsed=parse(raw, spec.to_spec(), None),
        source="queue",
        sample=sample,
    )
    services.change_label(SYSTEM, paint.labels.get(name="red"), name="crimson")
    review = services.confirm(acting(paint.memberships.get().user), sample, prediction=prediction)
    assert review.answer == {"labels": ["crimson"]}
    assert sample.golden_samples.get().spec == paint.spec


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["red", "red"], "twice"),
        (["x" * 101], "more than 100 characters"),
        ([f"label {number}" for number in range(5001)], "at most 5000"),
    ],
)
def test_a_list_that_cannot_be_is_refused_whole(paint, labels, said):
    with pytest.raises(ProblemError, match=said):
        services.replace_labels(SYSTEM, paint, labels, leave_out=True)
    assert paint.spec.number == 1


def test_a_label_is_not_renamed_to_one_that_is_there(paint):
    with pytest.raises(ProblemError, match="merge them"):
        services.change_label(SYSTEM, paint.labels.get(name="red"), name="green")


def test_a_label_of_another_project_is_no_target(paint):
    other = make_project().labels.first()
    with pytest.raises(ProblemError, match="same project"):
        services.merge_label(SYSTEM, paint.labels.first(), other)
