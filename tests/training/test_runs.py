"""Starting, cancelling and repeating runs: who may, what is resolved, what is refused."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from common.problems import ConflictError, ProblemError
from labeling.models import TaskSpec
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_manager, make_operator, make_project
from tests.training.helpers import make_base, make_golden, make_policy, make_run
from training.models import BaseModel, TrainingProfile, TrainingRun, on_queue, validate_profile
from training.services import (
    cancel_run,
    chat_of,
    create_baseline,
    freeze_snapshot,
    keep_best,
    pause_run,
    register_base,
    repeat_run,
    resolve_location,
    resume_run,
    start_run,
)
from training.services.runs import resolve_config

pytestmark = pytest.mark.django_db
MANUAL = TrainingRun.Trigger.MANUAL


@pytest.mark.parametrize("make", [make_operator, make_manager])
def test_operators_and_managers_start_runs(shop, make):
    make_golden(shop, 2)
    make_policy(shop)
    user = make(shop)
    run = start_run(acting(user), shop, trigger=MANUAL)
    assert (run.requested_by, run.state, run.folder) == (user, "queued", f"shop/{run.uid}")


def test_an_expert_can_order_nothing(shop):
    run, ana = make_run(shop), make_expert(shop, "ana")
    for refused in (
        lambda: start_run(acting(ana), shop, trigger=MANUAL),
        lambda: cancel_run(acting(ana), run),
        lambda: repeat_run(acting(ana), run),
        lambda: pause_run(acting(ana), run),
        lambda: resume_run(acting(ana), run),
        lambda: keep_best(acting(ana), run),
    ):
        with pytest.raises(PermissionDenied, match="may not operate"):
            refused()
    assert TrainingRun.objects.count() == 1


def test_an_operator_of_another_project_cannot_either(shop):
    run, stranger = make_run(shop), make_operator(make_project("elsewhere"))
    with pytest.raises(PermissionDenied):
        start_run(acting(stranger), shop, trigger=MANUAL)
    with pytest.raises(PermissionDenied):
        cancel_run(acting(stranger), run)


def test_the_configuration_is_resolved_and_kept(shop):
    base = make_base()
    profile = TrainingProfile.objects.get(name="production")
    config = resolve_config(base, profile, {"epochs": 1}, shop.spec)
    assert config["base_model"] == {
        "name": "org/some-model", "revision": "r1", "token_env": None, "trust_remote_code": False,
    }  # fmt: skip
    assert (config["method"], config["max_length"], config["epochs"], config["seed"]) == ("qlora", 16384, 1.0, 42)
    with pytest.raises(ProblemError, match="max_stepz"):
        resolve_config(base, profile, {"max_stepz": 3}, shop.spec)


def test_both_shipped_profiles_are_there_and_can_be_used(shop):
    developer, production = TrainingProfile.objects.filter(name__in=["developer", "production"]).order_by("name")
    assert (developer.config["max_length"], developer.config["min_updates"]) == (2048, 120)
    assert (production.config["max_length"], production.config["min_updates"]) == (16384, 120)
    for profile in (developer, production):
        assert resolve_config(make_base(), profile, None, shop.spec)


def test_what_is_missing_is_said(shop):
    make_golden(shop, 1)
    with pytest.raises(ProblemError, match="No base model is chosen"):
        start_run(SYSTEM, shop, trigger=MANUAL)
    other = make_project("other")
    make_golden(other, 1)
    with pytest.raises(ProblemError, match="belongs to another project"):
        start_run(SYSTEM, shop, trigger=MANUAL, base=make_base(), snapshot=freeze_snapshot(SYSTEM, other))


def test_a_queued_run_is_cancelled_at_once_a_running_one_is_asked(shop):
    olga = make_operator(shop, "olga")
    queued, running, done = make_run(shop), make_run(shop, "running"), make_run(shop, "succeeded")
    assert cancel_run(acting(olga), queued).state == "cancelled"
    asked = cancel_run(acting(olga), running)
    assert (asked.state, asked.ordered) == ("running", "cancel")
    with pytest.raises(ConflictError, match="already succeeded"):
        cancel_run(acting(olga), done)


def test_a_repeated_run_has_the_same_snapshot_and_options(shop):
    run = make_run(shop, "failed")
    make_golden(shop, 3)
    again = repeat_run(acting(make_operator(shop)), run)
    assert (again.snapshot, again.base, again.config) == (run.snapshot, run.base, run.config)
    assert again.folder != run.folder
    with pytest.raises(ConflictError, match="has not ended yet"):
        repeat_run(SYSTEM, again)


def test_a_base_with_versions_keeps_its_revision(shop, settings, tmp_path):
    from training.services import create_baseline

    base = make_base()
    assert create_baseline(SYSTEM, shop, base) == create_baseline(SYSTEM, shop, base)
    with pytest.raises(ProblemError, match="under another name"):
        register_base(SYSTEM, base.name, base.location, "r2")
    moved = register_base(SYSTEM, base.name, "moved/here", "r1")
    assert resolve_location(moved) == "moved/here"
    settings.MODELS_DIR = tmp_path
    (tmp_path / "moved" / "here").mkdir(parents=True)
    assert resolve_location(moved) == str(tmp_path / "moved" / "here")


def test_administrators_may_everywhere(shop):
    assert cancel_run(acting(make_admin()), make_run(shop)).state == "cancelled"


def test_the_task_says_how_the_model_is_asked(shop):
    base = make_base()
    TaskSpec.objects.filter(project=shop).update(thinking=True, date=date(2025, 3, 9))
    assert resolve_config(base, None, None, shop.spec)["chat"] == {"thinking": True, "date": "2025-03-09"}
    # Of a template that was seen to write no date, all projects make the same file.
    BaseModel.objects.update(facts={"dated": False, "thinks": True})
    base.refresh_from_db()
    assert chat_of(shop.spec, base) == {"thinking": True}


def test_a_base_that_cannot_think_is_refused_where_the_task_wants_it(shop):
    base = make_base()
    TaskSpec.objects.filter(project=shop).update(thinking=True)
    BaseModel.objects.update(facts={"thinks": False})
    base.refresh_from_db()
    for refused in (
        lambda: start_run(SYSTEM, shop, trigger=MANUAL, base=base),
        lambda: create_baseline(SYSTEM, shop, base),
    ):
        with pytest.raises(ProblemError, match="knows no thinking"):
            refused()


def test_a_profile_does_not_say_how_the_model_is_asked():
    with pytest.raises(ValidationError, match="the project's task says"):
        validate_profile({"chat": {"thinking": True}})


def test_a_run_of_a_release_without_methods_is_on_the_queue_of_language_models(shop):
    old = make_run(shop)
    TrainingRun.objects.filter(pk=old.pk).update(config={"max_steps": 10})
    assert list(TrainingRun.objects.filter(on_queue("gpu"))) == [old]
    assert not TrainingRun.objects.filter(on_queue("heads")).exists()
