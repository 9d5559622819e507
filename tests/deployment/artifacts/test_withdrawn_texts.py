"""A withdrawn text stops no build and no move: neither proof nor canary sees it."""

import json

import pytest

from deployment.artifacts.pipeline.prompts import proof_prompts
from deployment.models import Deployment
from deployment.promotion.on_server import CANARY, _canaries
from labeling.services import restore_sample, withdraw_sample
from tests.deployment.standins import make_version
from tests.factories import SYSTEM, make_sample

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_version_is_not_proven_on_a_withdrawn_text(shop, split):
    version, sample = make_version(shop, 1), make_sample(shop, "The text that ends the loop", split=split)

    def proven() -> bool:
        return sample.text in json.dumps(proof_prompts(version, 10))

    assert proven()
    withdraw_sample(SYSTEM, sample, "it ends every build")
    assert not proven()
    restore_sample(SYSTEM, sample)
    assert proven()


def test_a_withdrawn_text_is_no_canary(shop):
    attempt = Deployment(project=shop, version=make_version(shop, 1), action=Deployment.Action.PROMOTE)
    sample = make_sample(shop, "A valid text", split="validation")
    assert _canaries(attempt) == [CANARY, sample.text]
    withdraw_sample(SYSTEM, sample, "no")
    assert _canaries(attempt) == [CANARY]
