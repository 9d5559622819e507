"""Creating and changing projects; specs are frozen when what is asked changes."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.models import Project, TaskSpec
from labeling.services.prices import label_list_price
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_manager, make_project, make_sample, make_user

pytestmark = pytest.mark.django_db


def create(user=None, **fields):
    given = {"key": "shop", "name": "Shop", "kind": "multi_label", "instruction": "Tag it.", "labels": ["late"]}
    return services.create_project(SYSTEM if user is None else acting(user), **(given | fields))


def test_a_project_starts_with_its_first_spec():
    project = create(labels=["late", ("lost", "never came")])
    spec = project.spec.to_spec()
    assert spec.label_names == ("late", "lost")
    lost = {"id": str(project.labels.get(name="lost").uid), "description": "never came", "merged": []}
    assert project.spec.labels[1] == {"name": "lost"} | lost


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"labels": []}, "needs labels"),
        ({"labels": ["late", "late"]}, "twice"),
        ({"kind": "text"}, "has no labels"),
        ({"prompt_template": "nothing"}, "has no {text}"),
        ({"train_share": 50}, "must add up to 100"),
    ],
)
def test_a_project_that_contradicts_itself_is_refused_whole(fields, error):
    with pytest.raises(ProblemError, match=error):
        create(**fields)
    assert not Project.objects.exists()


def test_a_key_is_taken_once():
    create()
    with pytest.raises(ConflictError):
        create()


def test_only_administrators_create_projects():
    with pytest.raises(PermissionDenied):
        create(make_user())
    assert create(make_admin()).pk


def test_a_change_of_what_is_asked_freezes_a_new_spec():
    project = create()
    services.update_project(SYSTEM, project, name="Another name")
    services.update_project(SYSTEM, project, labels=["late", "lost"])
    assert [spec.number for spec in TaskSpec.objects.order_by("number")] == [1, 2]
    assert TaskSpec.objects.get(number=1).to_spec().label_names == ("late",)


def test_the_order_of_the_labels_is_kept_and_counts():
    project = create(labels=["a", "b"])
    services.update_project(SYSTEM, project, labels=["b", "a"])
    assert [project.spec.number, *project.spec.to_spec().label_names] == [2, "b", "a"]


@pytest.mark.parametrize("field", ["key", "kind"])
def test_key_and_kind_never_change(field):
    with pytest.raises(ProblemError):
        services.update_project(SYSTEM, create(), **{field: "text"})


def test_expert_cannot_change_the_task_but_a_manager_can():
    project = make_project()
    with pytest.raises(PermissionDenied):
        services.update_project(acting(make_expert(project)), project, instruction="Do less.")
    services.update_project(acting(make_manager(project)), project, instruction="Do more.")
    assert project.spec.instruction == "Do more."


def test_thinking_is_part_of_the_task_and_off_at_first():
    project = create()
    assert not project.spec.to_spec().thinking
    services.update_project(SYSTEM, project, thinking=True)
    assert (project.spec.number, project.spec.to_spec().thinking) == (2, True)


def test_whether_the_prompt_lists_the_labels_is_part_of_the_task_and_told_with_its_price():
    project = create(labels=["late", ("lost", "never came")], instruction="Tag the message.")
    make_sample(project, "x" * 40)
    make_sample(project, "y" * 60)
    # "Tag the message." and the form of the answer, each a line, and 50 characters of text.
    frame = len('Tag the message.\nAnswer in JSON: {"labels": ["..."]}\n') + 50
    listed = len("Labels:\nlate\nlost: never came")
    times = f"{(listed + frame) / frame:.1f} times as long"
    assert label_list_price(project) == (
        f"The list is {listed} of the {listed + frame} characters of an average prompt, which is {times} with it."
    )
    services.update_project(SYSTEM, project, lists_labels=False)
    assert (project.spec.number, project.spec.to_spec().lists_labels) == (2, False)
    assert label_list_price(project).startswith(f"The list would add {listed} characters to the ")
    assert label_list_price(project).endswith(times + ".")
    assert label_list_price(create(key="talk", kind="text", labels=[])) == ""


def test_the_day_of_the_first_task_stays():
    project = create()
    TaskSpec.objects.filter(project=project).update(date=date(2025, 3, 9))
    services.update_project(SYSTEM, project, labels=["late", "lost"])
    assert (project.spec.number, project.spec.date) == (2, date(2025, 3, 9))


def test_what_is_frozen_is_what_is_kept_however_old_the_project_is_that_a_caller_holds():
    project = make_project("shop")
    old, label = Project.objects.get(), project.labels.select_related("project").first()
    services.update_project(SYSTEM, project, instruction="Newer.")
    services.update_project(SYSTEM, old, name="Letters")
    services.change_label(SYSTEM, label, description="Money.")
    assert (Project.objects.get().instruction, project.spec.instruction) == ("Newer.", "Newer.")
