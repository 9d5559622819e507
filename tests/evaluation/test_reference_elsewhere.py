"""A server that cannot serve the live version: a candidate there is held against it where it stands."""

import pytest

from deployment.models import Artifact, InferenceServer, StagedVersion
from deployment.models.formats import ONNX
from evaluation.models import Benchmark
from evaluation.services import advance
from tests.deployment.standins import make_server, make_version, serve_from
from tests.evaluation.worlds import make_golden, make_live, right_every, text_of, wrong
from tests.factories import make_project
from training.models import BaseModel, ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    """A project on the local server and on Ollama."""
    project = make_project("shop")
    local = make_server("http://127.0.0.1:1", kind="local", name="local")
    serve_from(project, local, make_server("http://127.0.0.1:2", name="ollama-one"))
    for number in range(60):
        make_golden(project, text_of(number))
    return project


def standing(version, name, state="staged"):
    (server,) = version.project.serving_policy.servers.filter(name=name)
    return StagedVersion.objects.create(version=version, server=server, tag=version.server_tag, state=state)


def make_head(project, number):
    base = BaseModel.objects.create(name="words", location="words", role=BaseModel.Role.ENCODER)
    head = ModelVersion.objects.create(project=project, number=number, spec=project.spec, base=base, method="head")
    Artifact.objects.create(weights=head, format=ONNX, quantization="f32", state=Artifact.State.BUILT)
    return head


def test_on_both_servers_it_is_held_against_the_live_head(shop, models):
    models.answer(1, right_every(2))
    models.answer(2, lambda text: wrong(text))
    make_live(standing(make_head(shop, 1), "local"))
    candidate = make_version(shop, 2)
    reports = [advance(standing(candidate, name).pk) for name in ("local", "ollama-one")]
    assert [report.verdict for report in reports] == ["refused", "refused"]
    assert [report.held_against.number for report in reports] == [1, 1]
    assert len({report.reference_id for report in reports}) == 1, "the head is asked once, where it stands"
    assert Benchmark.objects.filter(version__number=2).values("staged__server").distinct().count() == 2


def test_it_waits_while_the_head_is_brought_to_where_it_can_stand(shop, models):
    head = standing(make_head(shop, 1), "local", state="waiting")
    make_live(head)
    row = standing(make_version(shop, 2), "ollama-one")
    assert advance(row.pk) is None
    StagedVersion.objects.filter(pk=head.pk).update(state="failed")
    report = advance(row.pk)
    assert "shop:v1, which it must beat, stands on no server that can serve it" in report.sentence


@pytest.mark.parametrize("why", ["switched off", "taken out"])
def test_it_waits_for_no_server_that_is_not_asked(shop, models, why):
    head = standing(make_head(shop, 1), "local", state="waiting")
    make_live(head)
    row = standing(make_version(shop, 2), "ollama-one")
    if why == "switched off":
        InferenceServer.objects.filter(name="local").update(is_active=False)
    else:
        shop.serving_policy.servers.remove(head.server)
    assert "on no server that can serve it" in advance(row.pk).sentence
