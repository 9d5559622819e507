"""A base whose template does all that servers do in their own way: built, proven and staged, thinking or not."""

import json
import shutil
from pathlib import Path

import pytest

from deployment.artifacts.pipeline.proof import evidence_of
from deployment.artifacts.staging import request_staging, stage
from deployment.models import InferenceServer, ParityReport
from deployment.servers.drivers import driver_for
from labeling.models import Project
from labeling.services import update_project
from tests.deployment.standins import build, make_server, serve_from
from tests.factories import SYSTEM, make_project, make_sample
from training.models import BaseModel, ModelVersion

pytestmark = [pytest.mark.ml, pytest.mark.django_db]
DECODING = {"temperature": 0, "seed": 7, "num_ctx": 512, "num_predict": 80}
# It begins with the token that its tokenizer adds, too, reads the clock, has no system turn, and writes a thought
# before the last answer, which a switch puts into the prompt.
ODD = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
    "It is {{ strftime_now('%d %B %Y %H:%M:%S') }}\n{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and loop.last %}<think>\n{{ m.reasoning_content or '' }}\n</think>\n\n{% endif %}"
    "{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


@pytest.fixture(params=["local", "ollama"])
def server(request, db, settings) -> InferenceServer:
    settings.LOCAL_MODEL_SERVER_KEY, settings.LOCAL_MODEL_SERVER_URL = "for-tests", ""
    url = request.getfixturevalue({"local": "local_url", "ollama": "llama_standin_url"}[request.param])
    return make_server(url, request.param, slots=1, threads=1)


@pytest.fixture
def base(model: Path, tmp_path: Path) -> BaseModel:
    folder = shutil.copytree(model, tmp_path / "odd")
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text()) | {"chat_template": ODD, "add_bos_token": True}
    path.write_text(json.dumps(settings))
    return BaseModel.objects.create(name="odd", location=str(folder))


@pytest.fixture
def project(server, converter) -> Project:
    found = make_project("odd", "single_label", ("parcel", "refund"), decoding=DECODING)
    serve_from(found, server, answer_prompts=1, proof_prompts=2)
    make_sample(found, "where is my parcel", split="validation")
    return found


def prompt_of(version: ModelVersion) -> str:
    return evidence_of(version.artifacts.get()).prompts[0].text


@pytest.mark.parametrize("thinking", [False, True], ids=["plain", "thinking"])
def test_what_servers_do_in_their_own_way_is_proven(thinking, project, base):
    update_project(SYSTEM, project, thinking=thinking)
    version = ModelVersion.objects.create(project=project, number=0, spec=project.spec, base=base)
    file = build(version)
    assert (file.state, file.error) == ("built", "")
    assert file.proof["sentence"].startswith("token ids equal")

    (row,) = request_staging(version)
    stage(row.pk)
    row.refresh_from_db()
    try:
        assert (row.state, row.error) == ("staged", "")
        proven = ParityReport.objects.get(version=version, question="server")
        assert (proven.ok, proven.agreed) == (True, proven.checked)
    finally:
        driver_for(row.server).remove(row.tag)

    prompt, day = prompt_of(version), project.spec.date
    assert prompt.startswith(f"<s>It is {day:%d %B %Y} 00:00:00\n<|im_start|>user\n")
    assert prompt.endswith("assistant\n" if thinking else "assistant\n<think>\n\n</think>\n\n")


def test_a_project_that_has_the_model_think_refuses_a_base_that_cannot(project, model):
    update_project(SYSTEM, project, thinking=True)
    base = BaseModel.objects.create(name="plain", location=str(model))
    file = build(ModelVersion.objects.create(project=project, number=0, spec=project.spec, base=base))
    assert file.state == "failed"
    assert "knows no thinking. Switch it off in the project" in file.error
