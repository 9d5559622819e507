"""Options over a profile's: merged level by level, and what would be without effect, or without end, is refused."""

import io

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from common.problems import ProblemError
from labeling.services import create_token
from tests.factories import SYSTEM, make_operator, make_project
from tests.training.helpers import make_base, make_golden, make_policy
from training.models import TrainingProfile, TrainingRun
from training.overrides import merged, nested
from training.services.runs import resolve_config


def test_what_is_not_overridden_stays_on_every_level():
    profile = {"lora": {"r": 8, "alpha": 64}, "seed": 1, "epochs": 2}
    assert merged(profile, {"lora": {"r": 32}, "seed": 2}) == {"lora": {"r": 32, "alpha": 64}, "seed": 2, "epochs": 2}
    assert merged(profile, {"lora": None})["lora"] is None
    assert profile["lora"] == {"r": 8, "alpha": 64}


def test_one_way_to_say_the_length_takes_back_the_other():
    by_epochs = {"epochs": 3, "min_updates": 120, "seed": 1}
    assert merged(by_epochs, {"max_steps": 5}) == {"max_steps": 5, "seed": 1}
    assert merged(by_epochs, {"epochs": 1}) == {"epochs": 1, "min_updates": 120, "seed": 1}
    assert merged({"max_steps": 60}, {"max_updates": 9}) == {"max_updates": 9}
    assert merged({"max_steps": 60}, {"max_steps": None, "seed": 3}) == {"max_steps": None, "seed": 3}


def test_names_with_dots_lead_down():
    assert nested({"lora.r": 8, "lora.alpha": 16, "seed": 1}) == {"lora": {"r": 8, "alpha": 16}, "seed": 1}
    for pairs in ({"lora": 1, "lora.r": 8}, {"seed": 1, "seed.x.y": 1}):
        with pytest.raises(ProblemError, match="both as one value and by its parts"):
            nested(pairs)


@pytest.mark.django_db
def test_the_resolved_options_keep_what_the_profile_says():
    profile = TrainingProfile.objects.create(name="mine", config={"lora": {"alpha": 64}, "epochs": 2})
    spec = make_project("shop").spec
    assert resolve_config(make_base(), profile, {"lora": {"r": 32}}, spec)["lora"] == {
        "r": 32, "alpha": 64, "dropout": 0.0, "target_modules": "all-linear",
    }  # fmt: skip
    with pytest.raises(ProblemError, match="chosen by its name"):
        resolve_config(make_base(), profile, {"base_model": {"name": "another"}}, spec)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"epochs": 1e300}, "epochs"),
        ({"learning_rate": 1e20, "max_steps": 3}, "learning_rate"),
        ({"max_steps": 1e40}, "max_steps"),
        ({"lora": {"alhpa": 3}}, "lora.alhpa: There is no such option. Did you mean alpha?"),
        ({"alpha": 3}, "alpha: There is no such option. Did you mean lora.alpha?"),
        ({"warmup_rate": 0.1}, "Did you mean warmup_ratio?"),
        ({"scheduler": "constant", "warmup_ratio": 0.2}, "no effect"),
        ({"max_steps": 4, "max_updates": 4}, "no effect"),
    ],
)
def test_the_door_of_programs_refuses_in_words(shop, overrides, said):
    """Numbers without end ended in a run that failed, or in weights that were none."""
    make_golden(shop, 2)
    make_policy(shop)
    _, secret = create_token(SYSTEM, make_operator(shop), "test", [shop], ["operate"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    answer = client.post("/api/v1/projects/shop/runs", {"overrides": overrides}, format="json")
    assert (answer.status_code, said in answer.json()["detail"]) == (400, True), answer.json()
    assert not TrainingRun.objects.exists()


@pytest.mark.django_db
def test_the_command_takes_names_with_dots(shop):
    make_golden(shop, 3)
    make_policy(shop, lora={"alpha": 64})
    call_command("start_run", "--project", "shop", "--set", "lora.r=8", stdout=io.StringIO(), stderr=io.StringIO())
    assert TrainingRun.objects.get().config["lora"]["r"] == 8
    assert TrainingRun.objects.get().config["lora"]["alpha"] == 64
