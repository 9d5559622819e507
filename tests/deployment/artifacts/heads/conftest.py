"""A project on the local server, an encoder, and a head fitted on it."""

import zlib

import pytest

from deployment.artifacts.staging import request_staging, stage
from deployment.models import StagedVersion
from tests.deployment.standins import make_server, serve_from
from tests.factories import make_project
from tests.heads import have_encoder, make_answers, make_head


@pytest.fixture
def encoder(settings, tmp_path):
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"
    return have_encoder(settings, tmp_path / "models")


@pytest.fixture
def project(encoder, local_url, request):
    key = request.node.name[:40].replace("_", "-").strip("-")
    project = make_project(key)
    serve_from(project, make_server(local_url, kind="local", name="local", slots=2), proof_prompts=20)
    # Other rows for each test: what was built of the same ones would be found again.
    make_answers(project, 40, seed=zlib.crc32(request.node.name.encode()))
    return project


@pytest.fixture
def version(project):
    return make_head(project)


def staged(version) -> StagedVersion:
    (row,) = request_staging(version)
    stage(row.pk)
    row.refresh_from_db()
    return row
