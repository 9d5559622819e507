"""What the report says of the methods that learnt from the same labels."""

import pytest

from demo.report import methods
from tests.factories import make_project
from tests.training.helpers import make_policy, make_run
from tests.training.test_rounds import end
from training.models import TrainingRun

pytestmark = pytest.mark.django_db


def test_methods_on_one_snapshot_are_held_against_each_other():
    shop = make_project()
    policy = make_policy(shop)
    policy.margin = 0.02
    policy.save()
    assert methods(shop) == {}
    first = end(make_run(shop), right=20)
    assert methods(shop) == {}, "one alone has nothing to stand against"
    second = make_run(shop)
    TrainingRun.objects.filter(pk=second.pk).update(config={**second.config, "objective": "head"})
    end(second, right=50)
    told = methods(shop)
    assert (told["rows"], told["best"]) == (60, str(second.uid))
    assert told["sentence"].startswith(
        "The head on a sentence encoder is 50 points better than the language model (95 % interval"
    )
    assert told["sentence"].endswith("within the margin of 2 points is the head on a sentence encoder.")
    assert str(first.uid) in told["runs"]
