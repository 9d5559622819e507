"""A copied or restored `var/` serves: files are reached by names relative to where they lie."""

import json
import shutil

import pytest

from deployment.models import InferenceServer
from deployment.serving.predict import predict
from tests.deployment.moves import promote
from tests.deployment.standins import local_server, make_server, make_staged, serve_from
from tests.factories import SYSTEM, make_operator, make_project

pytestmark = pytest.mark.django_db


def test_a_live_version_answers_from_a_folder_that_was_moved(tmp_path, settings, tiny_ggufs):
    settings.LOCAL_MODEL_SERVER_KEY, settings.LOCAL_MODEL_SERVER_URL = "for-tests", ""
    old, new = tmp_path / "old", tmp_path / "elsewhere" / "new"
    settings.ARTIFACTS_DIR = old / "artifacts"
    project = make_project("shop", decoding={"temperature": 0, "num_predict": 32, "num_ctx": 512})
    with local_server(old / "localserver") as url:
        serve_from(project, make_server(url, kind="local", name="box", slots=1))
        promote(make_operator(project), make_staged(project, 1, content=tiny_ggufs[0].read_bytes()))
        assert predict(SYSTEM, project, "Hello").model_tag == "shop:v1"
    (row,) = json.loads((old / "localserver" / "models.json").read_text())
    assert row["path"] == "shop/v1.gguf"

    new.parent.mkdir()
    shutil.copytree(old, new)
    shutil.rmtree(old)
    settings.ARTIFACTS_DIR = new / "artifacts"
    with local_server(new / "localserver") as url:
        InferenceServer.objects.update(url=url)
        assert predict(SYSTEM, project, "Hello").model_tag == "shop:v1"
        # Staging it once more finds the same file there.
        make_staged(project, 2, content=tiny_ggufs[1].read_bytes())
