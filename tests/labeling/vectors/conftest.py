"""A project, an encoder that knows the words of its texts, and indexes in a folder of the test's own."""

from pathlib import Path

import pytest

from labeling.models import Project
from tests.encoders import make_encoder
from tests.factories import make_project

WORDS = (
    "where is my parcel it never came please refund the invoice twice charged card wrong size tent broken pole thanks "
    "great support loved quick answer cancel subscription account password reset"
)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.VECTORS_DIR = tmp_path / "vectors"
    return tmp_path / "vectors"


@pytest.fixture
def encoder(settings, tmp_path: Path) -> Path:
    settings.ENCODER_DIR = make_encoder(tmp_path / "encoder", WORDS, limit=12)
    return tmp_path / "encoder"


@pytest.fixture
def no_encoder(settings, tmp_path: Path) -> None:
    settings.ENCODER_DIR = tmp_path / "nowhere"


@pytest.fixture
def shop() -> Project:
    return make_project("shop")
