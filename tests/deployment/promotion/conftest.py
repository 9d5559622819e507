"""A project on the local server and on Ollama at once."""

import pytest

from tests.deployment.moves import promote
from tests.deployment.promotion.dual import Dual, make_dual
from tests.deployment.standins import build, stage_version
from tests.factories import acting, make_admin
from tests.heads import make_head
from training.models import ModelVersion


@pytest.fixture
def ada(db):
    return acting(make_admin("ada"))


@pytest.fixture
def dual(request, settings, tmp_path, local_url, standin, tiny_ggufs, ada) -> Dual:
    """Version 1, a language model, is live on both servers; version 2 is a head, version 3 another language model."""
    made = make_dual(request, settings, tmp_path, local_url, standin, tiny_ggufs)
    promote(ada, made.language)
    return made


@pytest.fixture
def beside(dual, ada) -> Dual:
    """The head is live."""
    promote(ada, dual.head)
    return dual


@pytest.fixture
def second(dual) -> ModelVersion:
    """Another head, version 4."""
    made = make_head(dual.project)
    build(made)
    stage_version(made)
    return made
